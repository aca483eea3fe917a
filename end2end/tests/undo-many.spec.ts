import { expect, test } from '../fixtures/app.ts';
import { hold } from '../fixtures/routes.ts';
import type { ContactsPage } from '../pages/contacts.ts';

/** The notice about one contact. */
function about(contacts: ContactsPage, name: string) {
  return contacts.page.locator('form.notice').filter({ hasText: name });
}

async function remove(contacts: ContactsPage, name: string): Promise<void> {
  await contacts.row(name).click();
  await expect(contacts.title).toHaveText(new RegExp(name));
  await contacts.button('Delete').click();
  await expect(about(contacts, name)).toBeVisible();
}

test('each of two deletions can be undone', async ({ book, contacts }) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Bob ${book.word}` });
  await book.add({ name: `Eve ${book.word}` });
  await contacts.goto(book.list);
  await remove(contacts, 'Ada');
  await remove(contacts, 'Bob');
  await expect(contacts.undo).toHaveCount(2);
  expect(await book.names()).toEqual([`Eve ${book.word}`]);

  await about(contacts, 'Ada').getByRole('button', { name: 'Undo' }).click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.undo).toHaveCount(1);
  await about(contacts, 'Bob').getByRole('button', { name: 'Undo' }).click();
  await expect(contacts.title).toHaveText(`Bob ${book.word}`);
  await expect(contacts.undo).toHaveCount(0);
  expect(await book.names()).toEqual(['Ada', 'Bob', 'Eve'].map((name) => `${name} ${book.word}`));
});

test('a notice stays while one moves about, until it is closed', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Bob ${book.word}` });
  await book.add({ name: `Eve ${book.word}` });
  await contacts.goto(book.list);
  await remove(contacts, 'Ada');
  await contacts.row('Bob').click();
  await expect(contacts.title).toHaveText(`Bob ${book.word}`);
  await expect(contacts.undo).toBeVisible();
  await contacts.link('Edit').click();
  await expect(contacts.field('Name')).toBeFocused();
  await contacts.link('Cancel').click();
  await page.goBack();
  await contacts.new.click();
  await expect(contacts.title).toHaveText('New contact');
  await expect(contacts.undo).toBeVisible();
  await page.getByRole('link', { name: `Close: ${ada.name}` }).click();
  await expect(contacts.undo).toHaveCount(0);
  expect(await book.names()).toEqual(['Bob', 'Eve'].map((name) => `${name} ${book.word}`));
});

test('a notice that was closed does not come back with a reload', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Bob ${book.word}` });
  await contacts.goto(book.list);
  await remove(contacts, 'Ada');
  await expect(page).toHaveURL(/deleted=/);
  await page.getByRole('link', { name: `Close: ${ada.name}` }).press('Enter');
  await expect(page).toHaveURL(book.list);
  await expect(contacts.row('Bob')).toBeFocused();
  await contacts.reload();
  await expect(contacts.row('Bob')).toBeVisible();
  await expect(contacts.undo).toHaveCount(0);
});

test('the last three deletions can be undone', async ({ book, contacts }) => {
  await book.addMany(5);
  await contacts.goto(book.list);
  for (const number of ['001', '002', '003', '004']) {
    await remove(contacts, `${book.word} ${number}`);
  }
  await expect(contacts.undo).toHaveCount(3);
  for (const number of ['002', '003', '004']) {
    await expect(about(contacts, `${book.word} ${number}`)).toBeVisible();
  }
});

test('a deletion does not take the focus from who has gone on', async ({ book, contacts, page }) => {
  await book.add();
  await book.add({ name: `Bob ${book.word}` });
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  const { letGo } = await hold(page, '**/fn/contacts/delete*');
  await contacts.button('Delete').click();
  await contacts.search.focus();
  letGo();
  await expect(contacts.undo).toBeVisible();
  await expect(contacts.row('Ada')).toHaveCount(0);
  await expect(contacts.search).toBeFocused();
});
