import { expect, test } from '../fixtures/app.ts';

test.use({ live: false });

test('a search without a connection keeps the list, and comes by itself', async ({
  book,
  contacts,
  context,
  guard,
}) => {
  guard.expect(/^net::ERR_INTERNET_DISCONNECTED POST \/fn\/contacts\/list/);
  await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await context.setOffline(true);
  await contacts.search.fill(`${book.word} ada`);
  const alert = contacts.list.getByRole('alert');
  await expect(alert).toContainText('The server did not answer.');
  // What was found before is still there, but does not pass for an answer.
  await expect(contacts.rows).toHaveCount(2);
  await expect(contacts.list.locator('[data-stale]')).toBeVisible();
  await expect(contacts.count).toHaveText('');
  await expect(contacts.list).not.toContainText('No name or email');

  await context.setOffline(false);
  await expect(contacts.rows).toHaveText([/Ada/]);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(alert).toHaveCount(0);
  await expect(contacts.list.locator('[data-stale]')).toHaveCount(0);
});

test('a contact without a connection comes by itself', async ({ book, contacts, context, guard }) => {
  guard.expect(/^net::ERR_INTERNET_DISCONNECTED POST \/fn\/contacts\/get/);
  await book.add({ phone: '020 1111' });
  await contacts.goto(book.list);
  await context.setOffline(true);
  await contacts.row('Ada').click();
  await expect(contacts.problem).toContainText('The server did not answer.');
  await context.setOffline(false);
  await expect(contacts.pane).toContainText('020 1111');
});

test('“Try again” mends list and contact at once', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_FAILED POST \/fn\/contacts\/(list|get)/);
  await book.add({ phone: '020 1111' });
  await contacts.goto(book.list);
  await page.route('**/fn/**', (route) => route.abort('failed'));
  await contacts.row('Ada').click();
  await expect(contacts.problem).toBeVisible();
  await contacts.search.fill(`${book.word} ada`);
  await expect(contacts.list.getByRole('alert')).toBeVisible();
  await page.unroute('**/fn/**');
  await contacts.list.getByRole('link', { name: 'Try again' }).click();
  await expect(contacts.pane).toContainText('020 1111');
  await expect(contacts.list.getByRole('alert')).toHaveCount(0);
  await expect(contacts.count).toHaveText('1 contact found');
});

test('a refusal is told once, with a countdown, beside what was found before', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^429 POST \/fn\/contacts\/list/);
  await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await page.route(
    '**/fn/contacts/list*',
    (route) =>
      route.fulfill({
        status: 429,
        headers: { 'Retry-After': '3' },
        json: { too_many_requests: { retry_after: 3 } },
      }),
    { times: 1 },
  );
  await contacts.search.fill(`${book.word} ada`);
  await expect(page.getByText('Too many requests')).toHaveCount(1);
  const seconds = contacts.list.getByRole('alert').locator('.tabular-nums');
  await expect(seconds).toHaveText('2 s');
  await expect(seconds).toHaveText('1 s');
  await expect(contacts.rows).toHaveCount(2);
  await expect(contacts.rows).toHaveText([/Ada/]);
  await expect(page.getByText('Too many requests')).toHaveCount(0);
});
