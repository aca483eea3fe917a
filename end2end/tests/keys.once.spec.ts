import { expect, test } from '../fixtures/app.ts';

test('a search and a contact are reached by keys alone', async ({ book, contacts, page }) => {
  const ada = await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Bob ${book.word}` });
  await page.goto('/labels');
  await page.keyboard.press('/');
  await expect(page).toHaveURL('/contacts#search');
  await contacts.goto(book.list);
  await page.keyboard.press('Control+k');
  await expect(contacts.search).toBeFocused();
  // What is typed is text, not a key.
  await page.keyboard.type(`${book.word} ada`);
  // Fewer letters find her as well, and Enter opens what all of them have found.
  await expect(page).toHaveURL(`/contacts?q=${book.word}+ada`);
  await expect(contacts.count).toHaveText('1 contact found');
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.link('Edit').focus();
  await page.keyboard.press('Escape');
  await expect(contacts.row(ada.name)).toBeFocused();
  await page.keyboard.press('e');
  await expect(contacts.field('Name')).toHaveValue(ada.name);
});

test('arrows lead into the list where nothing has the focus', async ({ book, contacts, page }) => {
  const ada = await book.add({ name: `Ada ${book.word}` });
  const bob = await book.add({ name: `Bob ${book.word}` });
  for (const [key, first] of [['ArrowDown', ada], ['End', bob]] as const) {
    await contacts.goto(book.list);
    await expect(page.locator('body')).toBeFocused();
    await page.keyboard.press(key);
    await expect(contacts.row(first.name)).toBeFocused();
  }
});

test('keys add, delete and undo', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.row(ada.name).focus();
  await page.keyboard.press('Delete');
  await expect(contacts.notice).toContainText(`${ada.name} is in the trash.`);
  await page.keyboard.press('Control+z');
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.row(ada.name).focus();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/\/contacts\/new/);
});

test('a question mark lists the keys, where single ones are switched off', async ({
  book,
  contacts,
  page,
}) => {
  await book.add();
  await contacts.goto(book.list);
  await contacts.rows.first().focus();
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await expect(keys.getByRole('row')).toHaveCount(9);
  await keys.getByRole('checkbox', { name: 'Keys without Ctrl' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(keys).toHaveCount(0);
  await contacts.reload();
  await contacts.rows.first().focus();
  await page.keyboard.press('?');
  await page.keyboard.press('n');
  await expect(keys).toHaveCount(0);
  await expect(page).toHaveURL(book.list);
  await page.keyboard.press('Control+k');
  await expect(contacts.search).toBeFocused();
  await page.keyboard.press('Control+/');
  await expect(keys).toBeVisible();
});
