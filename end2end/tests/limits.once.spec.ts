import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

/** Refuses the next call of one server function as the limiter does; later ones pass. */
async function refuseOnce(page: Page, name: string, seconds: number): Promise<void> {
  await page.route(
    `**/fn/contacts/${name}*`,
    (route) =>
      route.fulfill({
        status: 429,
        headers: { 'Retry-After': String(seconds) },
        json: { too_many_requests: { retry_after: seconds } },
      }),
    { times: 1 },
  );
}

test('a refused search counts down and comes by itself', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^429 POST \/fn\/contacts\/list/);
  await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await refuseOnce(page, 'list', 2);
  await contacts.search.fill(`${book.word} ada`);
  const alert = contacts.list.getByRole('alert');
  await expect(alert).toContainText('Too many requests at once. Trying again in');
  await expect(contacts.search).toHaveValue(`${book.word} ada`);
  await expect(contacts.rows).toHaveText([/Ada/]);
  await expect(alert).toHaveCount(0);
});

test('a refused contact comes when it may, however often the list is searched before', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^429 POST \/fn\/contacts\/get/);
  const ada = await book.add();
  await contacts.goto(book.list);
  await refuseOnce(page, 'get', 4);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText('One moment');
  await contacts.search.fill(`${book.word} ada`);
  await expect(page).toHaveURL(`/contacts/${ada.id}?q=${book.word}+ada`);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(contacts.title).toHaveText('One moment');
  await expect(contacts.title).toHaveText(ada.name);
});

test('a refused save keeps what was typed and is not repeated by itself', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^429 POST \/fn\/contacts\/save/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ ...book.draft(), notes: 'Long\ntext' });
  await refuseOnce(page, 'save', 1);
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toContainText('Nothing is lost; you can save in');
  await expect(contacts.problem).toContainText('0 s');
  await contacts.expectFields({ name: `Ada ${book.word}`, notes: 'Long\ntext' });
  expect(await book.names()).toEqual([]);
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
});
