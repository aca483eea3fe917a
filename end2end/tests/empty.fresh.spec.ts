import { expect, test } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';

// The only tests that need a server without contacts. They run one after the other, and all
// other files wait for them.
test.describe.configure({ mode: 'default', timeout: 90_000 });

test('an address book without contacts says how to begin', async ({ contacts, page }) => {
  await page.goto('/');
  await expect(page).toHaveURL('/contacts');
  await contacts.ready();
  const begin = page.getByText('No contacts yet');
  await expect(begin).toHaveCount(1);
  await expect(begin).toBeVisible();
  await expect(page.getByText('Choose a contact')).toHaveCount(0);
  await expect(contacts.rows).toHaveCount(0);
  await audit(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(begin).toBeVisible();
  const files = page.getByRole('link', { name: 'Import contacts' });
  await expect(files).toHaveAttribute('href', '/import');
  await page.getByRole('link', { name: 'Add contact' }).click();
  await expect(contacts.field('Name')).toBeFocused();
});

test('an empty trash says so', async ({ page }) => {
  await page.goto('/trash');
  await expect(page.getByRole('main')).toContainText('The trash is empty.');
  await audit(page);
});

test('the first contact takes the place of the words', async ({ book, contacts }) => {
  await contacts.goto('/contacts');
  await contacts.new.click();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.row('Ada')).toBeVisible();
  await expect(contacts.count).toHaveText('1 contact');
  await expect(contacts.page.getByText('No contacts yet')).toHaveCount(0);
});
