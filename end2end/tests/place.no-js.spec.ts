import { expect, test } from '../fixtures/app.ts';

test('a link to a contact shows its page of the list, with ways to the others', async ({
  book,
  contacts,
  page,
}) => {
  const added = await book.addMany(120);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.beside(`/${added[89]!.id}`));
  await expect(row('090')).toHaveAttribute('aria-current', 'true');
  await expect(row('090')).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.rows).toHaveCount(50);

  await contacts.list.getByRole('link', { name: 'Show previous' }).click();
  await expect(row('001')).toBeVisible();
  await expect(row('050')).toBeAttached();
  await expect(contacts.rows).toHaveCount(50);
  await expect(contacts.title).toHaveText(`${book.word} 090`);
  await expect(contacts.list.getByRole('link', { name: 'Show previous' })).toHaveCount(0);
  await contacts.list.getByRole('link', { name: 'Show more' }).click();
  await expect(row('090')).toHaveAttribute('aria-current', 'true');
  await contacts.list.getByRole('link', { name: 'Show more' }).click();
  await expect(contacts.rows).toHaveCount(20);
  await expect(row('120')).toBeAttached();

  await contacts.list.getByRole('link', { name: 'Back to the first page' }).click();
  await expect(page).toHaveURL(book.list);
  await expect(row('001')).toBeVisible();
});

test('a saved contact is shown on its page of the list', async ({ book, contacts }) => {
  const added = await book.addMany(60);
  await contacts.goto(book.beside(`/${added[0]!.id}/edit`));
  await contacts.fill({ name: `${book.word} 055 b` });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`${book.word} 055 b`);
  await expect(contacts.row('055 b')).toHaveAttribute('aria-current', 'true');
});
