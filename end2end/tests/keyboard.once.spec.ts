import { expect, test } from '../fixtures/app.ts';
import { painted } from '../fixtures/painted.ts';
import { hold } from '../fixtures/routes.ts';

test.use({ live: false });

test('Tab goes from the skip link through the page, and past the list in one step', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(5);
  const added = await book.add({ name: `${book.word} 000` });
  await contacts.goto(book.beside(`/${added.id}`));
  const header = page.getByRole('banner');
  const stops = [
    page.getByRole('link', { name: 'Skip to content' }),
    header.getByRole('link', { name: 'Kith' }),
    header.getByRole('link', { name: 'Contacts' }),
    header.getByRole('link', { name: 'Birthdays' }),
    header.getByRole('link', { name: 'Trash' }),
    header.getByRole('link', { name: 'System' }),
    contacts.orders.getByRole('link', { name: 'Best match' }),
    contacts.orders.getByRole('link', { name: 'Last name' }),
    contacts.orders.getByRole('link', { name: 'Company' }),
    contacts.orders.getByRole('link', { name: 'Frequent' }),
    contacts.orders.getByRole('link', { name: 'Last changed' }),
    contacts.orders.getByRole('link', { name: 'Newest' }),
    page.getByRole('button', { name: 'View' }),
    page.getByRole('button', { name: 'Keep this search' }),
    contacts.search,
    contacts.new,
    contacts.list.getByRole('link', { name: 'Import' }),
    contacts.list.getByRole('link', { name: 'Print the list' }),
    contacts.row(`${book.word} 000`),
    contacts.button('Favourite'),
    contacts.link('Mail'),
    contacts.button('Copy').first(),
    contacts.link('QR code'),
    contacts.link('Print'),
    contacts.link('Download'),
    contacts.link('Edit'),
    contacts.link('Edit email and phone'),
    contacts.link(added.email),
    contacts.button(`Copy ${added.email}`),
    contacts.link('Add phone'),
    contacts.link('Add address'),
    contacts.link('Add birthday'),
    contacts.link('Add notes'),
    contacts.link('History'),
    contacts.link('Photo'),
    contacts.button('Delete'),
  ];
  for (const stop of stops) {
    await page.keyboard.press('Tab');
    await expect(stop).toBeFocused();
  }
});

test('the skip link leads past the header', async ({ book, contacts, page }) => {
  await contacts.goto(book.list);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(contacts.search).toBeFocused();
});

test('arrows, Home and End move between the rows', async ({ book, contacts, page }) => {
  await book.addMany(4);
  const row = (number: number) => contacts.row(`${book.word} 00${number}`);
  await contacts.goto(book.list);
  await contacts.search.focus();
  await page.keyboard.press('ArrowDown');
  await expect(row(1)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(row(2)).toBeFocused();
  await page.keyboard.press('End');
  await expect(row(4)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(row(4)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(row(3)).toBeFocused();
  await page.keyboard.press('Home');
  await expect(row(1)).toBeFocused();

  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(`${book.word} 002`);
  await expect(row(2)).toHaveAttribute('aria-current', 'true');
  await expect(row(2)).toBeFocused();
  // The list stays one stop, at the row that was visited last.
  await page.keyboard.press('Shift+Tab');
  await expect(contacts.list.getByRole('link', { name: 'Print the list' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(row(2)).toBeFocused();
});

test('End reaches the end of a list that is not loaded yet', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(contacts.rows.first()).toBeFocused();
  await page.keyboard.press('End');
  await expect(contacts.row(`${book.word} 060`)).toBeFocused();
  // The page before comes as well, and takes the place of the links above the rows.
  await expect(contacts.rows).toHaveCount(60);
  await painted(page);
  await expect(contacts.row(`${book.word} 060`)).toBeInViewport({ ratio: 0.9 });
  await page.keyboard.press('PageUp');
  await page.keyboard.press('PageUp');
  await expect(contacts.list.locator('[data-row]:focus')).toBeInViewport({ ratio: 0.9 });
  await page.keyboard.press('Home');
  await expect(contacts.row(`${book.word} 001`)).toBeFocused();
});

test('a contact is created without a mouse', async ({ book, contacts, page }) => {
  await contacts.goto(book.list);
  await contacts.new.focus();
  await page.keyboard.press('Enter');
  await expect(contacts.field('Name')).toBeFocused();
  await page.keyboard.type(`Ada ${book.word}`);
  await page.keyboard.press('Tab');
  await expect(contacts.field('Email')).toBeFocused();
  await page.keyboard.type(`ada@${book.word}.example`);
  await page.keyboard.press('Tab');
  await expect(contacts.pane.getByRole('combobox', { name: 'Label' }).first()).toBeFocused();
  await page.keyboard.type('work');
  await page.keyboard.press('Tab');
  await expect(contacts.pane.getByText('Add email')).toBeFocused();
  // The next entry takes the focus.
  await page.keyboard.press('Enter');
  await expect(contacts.field('Email').nth(1)).toBeFocused();
  await page.keyboard.type(`ada@home.${book.word}.example`);
  await contacts.field('Notes').focus();
  for (const section of ['Parts of the name', 'Work', 'Addresses', 'Websites and messaging']) {
    await page.keyboard.press('Tab');
    await expect(contacts.pane.getByText(section, { exact: true })).toBeFocused();
  }
  for (const section of ['Birthday and dates', 'Related people', 'Labels and favourite']) {
    await page.keyboard.press('Tab');
    await expect(contacts.pane.getByText(section, { exact: true })).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await expect(contacts.welcome).toBeFocused();
  await page.keyboard.press('Space');
  await expect(contacts.welcome).not.toBeChecked();
  await page.keyboard.press('Tab');
  await expect(contacts.preview.getByText('Preview', { exact: true })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(contacts.button('Add contact')).toBeFocused();
  await contacts.field('Company').focus();
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.title).toBeFocused();
});

test('the focus follows an edit and a deletion', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit').press('Enter');
  await expect(contacts.field('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(contacts.title).toBeFocused();
  await contacts.button('Delete').press('Enter');
  await expect(contacts.undo).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.title).toBeFocused();
});

test('the focus is somewhere after Cancel', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit').press('Enter');
  await contacts.link('Cancel').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
  // Not lost to the top of the page.
  await expect(page.locator('body:focus, html:focus')).toHaveCount(0);
  await expect(page.locator(':focus')).toHaveCount(1);
});

test('the focus goes to the first row from “Back to the first page”', async ({
  book,
  contacts,
  page,
}) => {
  const added = await book.addMany(170);
  const { letGo } = await hold(page, '**/fn/contacts/list*');
  await contacts.goto(book.beside(`/${added[169]!.id}`));
  const link = contacts.list.getByRole('link', { name: 'Back to the first page' });
  await link.focus();
  // The page before comes as well, and takes no focus.
  letGo();
  await expect(contacts.row(`${book.word} 150`)).toBeAttached();
  await expect(link).toBeFocused();
  await link.press('Enter');
  await expect(contacts.row(`${book.word} 001`)).toBeFocused();
  await expect(contacts.row(`${book.word} 001`)).toBeInViewport({ ratio: 0.9 });
});

test('the focus goes to the list from “Try again”', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/list/);
  const added = await book.addMany(60);
  await contacts.goto(book.list);
  const cut = () => page.route('**/fn/contacts/list*', (route) => route.abort('connectionrefused'));
  const mend = () => page.unroute('**/fn/contacts/list*');
  const again = contacts.list.getByRole('link', { name: 'Try again' });
  await cut();
  await contacts.list.getByRole('link', { name: 'Show more' }).press('Enter');
  await again.focus();
  // The message of another failure has a link of its own.
  await again.evaluate((link) => link.setAttribute('data-first', ''));
  await again.press('Enter');
  await expect(again).not.toHaveAttribute('data-first');
  await expect(again).toBeFocused();
  await mend();
  await again.press('Enter');
  await expect(contacts.row(`${book.word} 051`)).toBeFocused();
  await cut();
  await contacts.search.fill(`${book.word} 05`);
  await again.focus();
  await mend();
  await again.press('Enter');
  await expect(contacts.row(added[49]!.name)).toBeFocused();
});
