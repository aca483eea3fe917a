import { expect, test } from '../fixtures/app.ts';

test('a deleted contact can be brought back at once', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();

  await expect(contacts.notice).toHaveText(`${ada.name} is in the trash.Undo`);
  await expect(page).toHaveURL(`${book.list}&deleted=${ada.id}`);
  await expect(page).toHaveTitle('Contacts · Kith');
  await expect(contacts.row('Ada')).toHaveCount(0);
  await expect(contacts.row('Grace')).toBeVisible();
  await expect(contacts.count).toHaveText('1 contact found');
  expect(await book.names()).toEqual([`Grace ${book.word}`]);

  await contacts.undo.click();
  await expect(page).toHaveURL(book.beside(`/${ada.id}`));
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.notice).toHaveCount(0);
  expect(await book.names()).toEqual([`Ada ${book.word}`, `Grace ${book.word}`]);
  await contacts.showList();
  await expect(contacts.row('Ada')).toBeVisible();
  await expect(contacts.count).toHaveText('2 contacts found');
});

test('“Back” after an undo offers no undo again', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  await contacts.undo.click();
  await expect(contacts.title).toHaveText(ada.name);
  await page.goBack();
  await expect(page).toHaveURL(`${book.list}&deleted=${ada.id}`);
  await expect(contacts.notice).toHaveCount(0);
});

test('the notice outlives a reload, not the trash', async ({ book, contacts }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  await expect(contacts.undo).toBeVisible();
  await contacts.reload();
  await expect(contacts.notice).toContainText(ada.name);
  await expect(contacts.undo).toBeVisible();

  await book.restore(ada.id);
  await contacts.reload();
  await expect(contacts.row('Ada')).toBeVisible();
  await expect(contacts.notice).toHaveCount(0);
});

test('the trash lists what was deleted and gives it back', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.delete(ada.id);
  await page.goto('/trash');
  await expect(page).toHaveTitle('Trash · Kith');
  await expect(contacts.title).toHaveText('Trash');
  const item = contacts.pane.getByRole('listitem').filter({ hasText: ada.name });
  await expect(item).toContainText(ada.email);
  await item.getByRole('button', { name: `Restore ${ada.name}` }).click();

  await contacts.ready();
  await expect(page).toHaveURL(`/contacts/${ada.id}`);
  await expect(contacts.title).toHaveText(ada.name);
  await page.goto('/trash');
  await expect(contacts.title).toHaveText('Trash');
  await expect(contacts.pane.getByText(ada.name)).toHaveCount(0);
});
