import { expect, test } from '../fixtures/app.ts';

test('links lead through all pages of the list and back', async ({ book, contacts, page }) => {
  const added = await book.addMany(130);
  const names = () =>
    contacts.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('href')?.slice(10, 46)));
  await contacts.goto(book.list);
  await expect(contacts.count).toHaveText('130 contacts found');
  const more = contacts.list.getByRole('link', { name: 'Show more' });
  const seen = await names();
  await more.click();
  await expect(page).toHaveURL(/cursor=/);
  seen.push(...(await names()));
  await more.click();
  seen.push(...(await names()));
  await expect(more).toHaveCount(0);
  expect(seen).toEqual(added.map((contact) => contact.id));

  await contacts.list.getByRole('link', { name: 'Back to the first page' }).click();
  await expect(page).toHaveURL(book.list);
  await expect(contacts.row(`${book.word} 001`)).toBeVisible();
});

test('a contact opened from a later page keeps that page beside it', async ({
  book,
  contacts,
}) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  await contacts.list.getByRole('link', { name: 'Show more' }).click();
  await contacts.row(`${book.word} 055`).click();
  await expect(contacts.title).toHaveText(`${book.word} 055`);
  await expect(contacts.row(`${book.word} 055`)).toHaveAttribute('aria-current', 'true');
  await expect(contacts.row(`${book.word} 001`)).toHaveCount(0);
});
