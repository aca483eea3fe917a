import { expect, test } from '../fixtures/app.ts';

test('undo outlives a search, and “back” does not lead to what is gone', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await contacts.button('Delete').click();
  await expect(contacts.notice).toContainText(ada.name);
  await page.getByRole('searchbox').fill('grace');
  await expect(page).toHaveURL(/q=grace/);
  await expect(contacts.undo).toBeVisible();

  await page.goBack();
  await expect(page).toHaveURL(book.list);
  await expect(page).toHaveTitle('Contacts · Kith');
  await contacts.undo.click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.names()).toEqual([`Ada ${book.word}`, `Grace ${book.word}`]);
});

test('the browser asks before it throws away what was typed', async ({ contacts, page }) => {
  await contacts.goto('/contacts/new');
  await contacts.reload();
  await page.getByRole('textbox', { name: 'Name' }).pressSequentially('Half a na');
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue('Half a na');
  await page.getByRole('textbox', { name: 'Name' }).fill('');
  await contacts.reload();
});
