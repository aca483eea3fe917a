import { expect, test } from '../fixtures/app.ts';

test('“Show more” brings the next page in place', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  // Scrolling asks too; from the keyboard the link is what there is.
  // In one step: the focused link scrolls into view, which brings the next page too.
  await contacts.list.getByRole('link', { name: 'Show more' }).evaluate((link: HTMLElement) => {
    link.focus();
    link.click();
  });
  await expect(contacts.rows).toHaveCount(60);
  await expect(page).toHaveURL(book.list);
  // The link is gone; the reader who used it goes on at its place.
  await expect(contacts.rows.nth(50)).toBeFocused();
});

test('more than two hundred rows survive a change too', async ({ book, contacts }) => {
  await book.addMany(230);
  await contacts.goto(book.list);
  await contacts.rows.first().hover();
  await expect(async () => {
    await contacts.page.mouse.wheel(0, 4000);
    await expect(contacts.row('230')).toBeInViewport({ timeout: 50 });
  }).toPass();
  await expect(async () => {
    await contacts.page.mouse.wheel(0, -4000);
    await expect(contacts.row('001')).toBeInViewport({ timeout: 50 });
  }).toPass();
  await contacts.row('001').click();
  await contacts.button('Delete').click();
  await expect(contacts.notice).toBeVisible();
  await expect(contacts.count).toHaveText('229 contacts found');
  await expect(contacts.row('002')).toBeVisible();
  await expect(contacts.row('001')).toHaveCount(0);
  await expect(contacts.list.getByRole('alert')).toHaveCount(0);
});

test('what changed last comes first, and pages go on from there', async ({ book, contacts, page }) => {
  const [first] = await book.addMany(55);
  await contacts.goto(book.list);
  await expect(contacts.rows.first()).toContainText(`${book.word} 001`);
  await book.change(first!.id, { company: 'Engines' });
  await contacts.orders.getByRole('link', { name: 'Last changed' }).click();
  await expect(page).toHaveURL(`/contacts?q=${book.word}&sort=-updated`);
  await expect(contacts.rows.first()).toContainText(`${book.word} 001`);
  await expect(contacts.rows.nth(1)).not.toContainText(`${book.word} 002`);
  await contacts.rows.last().scrollIntoViewIfNeeded();
  await expect(contacts.rows.filter({ hasText: `${book.word} 002` })).toHaveCount(1);
  await contacts.orders.getByRole('link', { name: 'Best match' }).click();
  await expect(page).toHaveURL(book.list);
  await expect(contacts.rows.nth(1)).toContainText(`${book.word} 002`);
});

test('the first row under a letter has the letter, whatever becomes of the rows above', async ({
  book,
  contacts,
}) => {
  for (const family of ['Adler', 'Arndt', 'Bauer']) await book.add({ name: `${book.word} ${family}` });
  await contacts.goto(`${book.list}&sort=family`);
  const headings = () =>
    contacts.rows.evaluateAll((rows) => rows.map((row) => row.parentElement!.dataset['heading']));
  await expect.poll(headings).toEqual(['A', undefined, 'B']);
  await contacts.row('Adler').click();
  await contacts.button('Delete').click();
  await expect(contacts.rows).toHaveCount(2);
  await expect.poll(headings).toEqual(['A', 'B']);
});
