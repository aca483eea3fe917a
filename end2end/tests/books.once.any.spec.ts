import { expect } from '../fixtures/app.ts';
import { setUp, test } from '../fixtures/accounts.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';

test('a contact is added to the book that the page shows, and moves to another one', async ({
  javaScriptEnabled,
  kith,
  page,
}) => {
  await setUp(page, kith);
  await page.goto(`${kith.origin}/books`);
  await page.getByLabel('Name', { exact: true }).last().fill('Family');
  await page.getByRole('button', { name: 'Make it' }).click();
  await expect(page.getByRole('status')).toHaveText('The address book is made.');
  await audit(page, javaScriptEnabled);

  await page.locator('#books').getByRole('link', { name: 'Family' }).click();
  await expect(page).toHaveURL(/\/contacts\?book=[0-9a-f-]{36}$/);
  const switcher = page.getByRole('navigation', { name: 'Address books' });
  await expect(switcher.getByRole('link', { name: 'Family' })).toHaveAttribute('aria-current', 'true');
  await page.getByRole('link', { name: 'New contact' }).first().click();
  await expect(page.locator('#pane-title')).toHaveText('New contact');
  await page.getByRole('textbox', { name: 'Name' }).fill('Grace Hopper');
  await page.getByRole('textbox', { name: 'Email' }).fill('grace@example.com');
  await page.getByRole('button', { name: 'Add contact' }).click();
  await expect(page.locator('#pane-title')).toHaveText('Grace Hopper');
  await expect(page).toHaveURL(/book=/);
  await audit(page, javaScriptEnabled);
  const contact = page.url();

  // The other book has no contact of this name.
  await page.goto(`${kith.origin}/contacts?q=grace`);
  await expect(page.getByText('Nobody found')).toBeVisible();

  // The page of a contact leads to its book, whatever the address says.
  await page.goto(contact.replace(/\?.*/, ''));
  await expect(page).toHaveURL(/book=/);
  await page.getByRole('link', { name: 'Move' }).click();
  await expect(page.getByRole('heading', { name: 'Move Grace Hopper' })).toBeVisible();
  await audit(page, javaScriptEnabled);
  await page.getByLabel('Address book', { exact: true }).selectOption({ label: 'Contacts' });
  await page.getByRole('button', { name: 'Move' }).click();
  await expect(page.locator('#pane-title')).toHaveText('Grace Hopper');
  await page.goto(`${kith.origin}/contacts?q=grace`);
  await expect(page.getByText('1 contact found')).toBeVisible();
});
