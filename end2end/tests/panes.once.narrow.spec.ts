import { expect, test } from '../fixtures/app.ts';

test('list and contact take turns, and the list keeps its place', async ({
  book,
  contacts,
  page,
}) => {
  const added = await book.addMany(60);
  await contacts.goto(book.list);
  await expect(contacts.pane).toBeHidden();
  const row = contacts.row(`${book.word} 030`);
  await row.scrollIntoViewIfNeeded();
  const before = (await row.boundingBox())?.y ?? Number.NaN;
  await row.tap();
  await expect(contacts.title).toHaveText(`${book.word} 030`);
  await expect(contacts.title).toBeFocused();
  await expect(contacts.search).toBeHidden();
  await expect(row).toBeHidden();
  await expect(page).toHaveURL(book.beside(`/${added[29]!.id}`));

  await contacts.back.tap();
  await expect(page).toHaveURL(book.list);
  await expect(row).toBeFocused();
  expect((await row.boundingBox())?.y).toBeCloseTo(before, 0);
  await expect(contacts.search).toHaveValue(book.word);
  await expect(contacts.pane).toBeHidden();
});

test('the browser’s own back does the same', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  const row = contacts.row(`${book.word} 030`);
  await row.scrollIntoViewIfNeeded();
  const before = (await row.boundingBox())?.y ?? Number.NaN;
  await row.tap();
  await expect(contacts.title).toHaveText(`${book.word} 030`);
  await page.goBack();
  await expect(row).toBeVisible();
  expect((await row.boundingBox())?.y).toBeCloseTo(before, 0);
  await expect(row).toBeFocused();
  await page.goForward();
  await expect(contacts.title).toHaveText(`${book.word} 030`);
  await expect(contacts.title).toBeFocused();
});

test('a link to a contact shows the contact, with a way to the list', async ({
  book,
  contacts,
}) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.search).toBeHidden();
  await contacts.back.tap();
  await expect(contacts.row('Ada')).toBeFocused();
});

test('targets are large enough for a thumb', async ({ book, contacts }) => {
  const ada = await book.add();
  await contacts.goto(book.list);
  const list = [contacts.row('Ada'), contacts.new, contacts.search];
  for (const target of list) {
    expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  }
  await contacts.goto(book.beside(`/${ada.id}`));
  for (const target of [contacts.back, contacts.link('Edit'), contacts.button('Delete')]) {
    expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  }
});
