import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

/** How far from the top of the window something stands. */
async function top(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.y ?? Number.NaN;
}

test('the list keeps its place, search and selection on every visit', async ({
  book,
  contacts,
  page,
}) => {
  const added = await book.addMany(80);
  await contacts.goto(book.list);
  const row = contacts.row(`${book.word} 040`);
  await row.scrollIntoViewIfNeeded();
  const before = await top(row);
  await row.click();
  await expect(contacts.title).toHaveText(`${book.word} 040`);
  await expect(page).toHaveURL(book.beside(`/${added[39]!.id}`));
  await expect(row).toHaveAttribute('aria-current', 'true');
  expect(await top(row)).toBeCloseTo(before, 0);

  await contacts.row(`${book.word} 041`).click();
  await expect(contacts.title).toHaveText(`${book.word} 041`);
  await expect(row).not.toHaveAttribute('aria-current');

  await page.goBack();
  await expect(contacts.title).toHaveText(`${book.word} 040`);
  await expect(page).toHaveTitle(`${book.word} 040 · Kith`);
  await expect(row).toHaveAttribute('aria-current', 'true');
  await page.goBack();
  await expect(page).toHaveURL(book.list);
  await expect(page).toHaveTitle('Contacts · Kith');
  await expect(contacts.pane).toContainText('Choose a contact');
  await expect(contacts.search).toHaveValue(book.word);
  await expect(contacts.list.locator('[aria-current]')).toHaveCount(0);
  expect(await top(row)).toBeCloseTo(before, 0);
  await page.goForward();
  await expect(contacts.title).toHaveText(`${book.word} 040`);
  expect(await top(row)).toBeCloseTo(before, 0);
});

test('a link to a contact beside a search shows both', async ({ book, contacts }) => {
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(`/contacts/${ada.id}?q=${book.word}+grace`);
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.search).toHaveValue(`${book.word} grace`);
  await expect(contacts.rows).toHaveText([/Grace/]);
});

test('a new tab is left to the browser', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.list);
  const opened = page.context().waitForEvent('page');
  await contacts.row('Ada').click({ modifiers: ['ControlOrMeta'] });
  const tab = await opened;
  await expect(tab).toHaveURL(book.beside(`/${ada.id}`));
  await expect(contacts.pane).toContainText('Choose a contact');
});

test('back across a search brings the list that stood there', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.search.fill(`${book.word} grace`);
  await expect(contacts.rows).toHaveText([/Grace/]);
  await page.goBack();
  await expect(page).toHaveURL(book.list);
  await expect(contacts.search).toHaveValue(book.word);
  await expect(contacts.rows).toHaveText([/Ada/, /Grace/]);
});
