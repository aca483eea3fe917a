import { expect, test } from '../fixtures/app.ts';

test('a reader chooses what a list shows', async ({ book, contacts, page }) => {
  const ada = await book.add({ name: `Ada ${book.word}`, company: `${book.word} Bolts` });
  await book.add({ name: `Bea ${book.word}` });
  await contacts.goto('/contacts');
  const open = page.getByRole('button', { name: 'View' });
  const show = page.getByRole('button', { name: 'Show' });
  await expect(show).toBeHidden();
  await open.click();
  await page.keyboard.press('Escape');
  await expect(show).toBeHidden();
  await open.click();
  await page.getByRole('radio', { name: 'Company' }).check();
  await page.getByRole('checkbox', { name: 'More rows on a screen' }).check();
  await show.click();
  await contacts.ready();

  // A search shows what it has found, so this list has none.
  const row = page.locator(`a.row[data-row="${ada.id}"]`);
  await contacts.goto(`/contacts/${ada.id}`);
  await expect(row).toContainText(`${book.word} Bolts`);
  expect((await row.boundingBox())?.height).toBeLessThan(46);
  // A phone shows the form beside the list alone.
  await contacts.goto('/contacts');
  await open.click();
  await expect(page.getByRole('radio', { name: 'Company' })).toBeChecked();
  await page.getByRole('radio', { name: 'Email, or what there is' }).check();
  await page.getByRole('checkbox', { name: 'More rows on a screen' }).uncheck();
  await show.click();
  await contacts.goto(`/contacts/${ada.id}`);
  await expect(row).toContainText(ada.email);
});
