import { expect, test } from '../fixtures/app.ts';

test('a list is in the order that the reader chooses', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}c`, company: `${book.word} Bolts` });
  await book.add({ name: `Bea ${book.word}b` });
  await book.add({ name: `Cleo ${book.word}a`, company: `${book.word} Anvils` });
  const first = (names: string[]) =>
    expect(contacts.rows).toContainText(names.map((name) => `${name} ${book.word}`));
  await contacts.goto(book.list);
  await first(['Ada', 'Bea', 'Cleo']);
  for (const [order, names] of [
    ['Last name', ['Cleo', 'Bea', 'Ada']],
    ['Company', ['Cleo', 'Ada', 'Bea']],
    ['Newest', ['Cleo', 'Bea', 'Ada']],
  ] as const) {
    const link = contacts.orders.getByRole('link', { name: order });
    await link.click();
    await expect(page).toHaveURL(/sort=/);
    await contacts.ready();
    await expect(link).toHaveAttribute('aria-current', 'true');
    await first([...names]);
  }
  await contacts.rows.first().click();
  await expect(contacts.title).toHaveText(`Cleo ${book.word}a`);
  await expect(page).toHaveURL(/sort=-created/);
});

test('a letter leads to the names that begin with it', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto('/contacts');
  const letter = contacts.letters.getByRole('link', { name: 'K', exact: true });
  await letter.click();
  await expect(page).toHaveURL(/cursor=/);
  await contacts.ready();
  await expect(letter).toHaveAttribute('aria-current', 'true');
  const row = contacts.list.getByRole('listitem').getByRole('link', { name: /^k/i });
  await expect(row.first()).toBeInViewport();
  // An order by time has no letters.
  await contacts.orders.getByRole('link', { name: 'Newest' }).click();
  await expect(page).toHaveURL(/sort=-created/);
  await expect(contacts.letters).toHaveCount(0);
});
