import { expect, test } from '../fixtures/app.ts';

test('a contact is printed as a card, without what is pressed', async ({ book, contacts, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000', notes: 'Met in Turin.' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await page.emulateMedia({ media: 'print' });
  await expect(contacts.title).toBeVisible();
  for (const text of [ada.email, '+44 20 7946 0000', 'Met in Turin.']) {
    await expect(contacts.pane.getByText(text)).toBeVisible();
  }
  await expect(page.getByRole('banner')).toHaveCount(0);
  await expect(contacts.list).toHaveCount(0);
  await expect(page.getByRole('button')).toHaveCount(0);
  for (const name of ['Edit', 'Mail', 'Call', 'Contacts']) {
    await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
  }
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height, 'one sheet').toBeLessThanOrEqual(800);
});

test('the list itself leads to the page that prints everybody', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByText('printed from a page of its own')).toBeVisible();
  await page.emulateMedia({ media: 'screen' });
  await contacts.list.getByRole('link', { name: 'Print the list' }).click();
  await expect(page).toHaveURL(`/contacts/print?q=${book.word}`);
  await expect(page.getByRole('rowheader')).toHaveCount(60);
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', '');
  });
  await page.getByRole('button', { name: 'Print' }).click();
  await expect(page.locator('body[data-printed]')).toBeAttached();
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('rowheader')).toHaveCount(60);
  await expect(page.getByRole('button')).toHaveCount(0);
  await expect(page.getByRole('banner')).toHaveCount(0);
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('link', { name: 'Back to the list' }).click();
  await expect(page).toHaveURL(book.list);
});
