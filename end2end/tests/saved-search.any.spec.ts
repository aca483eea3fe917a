import { expect, test } from '../fixtures/app.ts';

test('a search is kept beside the list until it is forgotten', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Bea ${book.word}`, company: `${book.word} Bolts` });
  await book.add({ name: `Cleo ${book.word}`, company: `${book.word} Bolts` });
  const words = `${book.word} company:bolts`;
  const kept = page.getByRole('link', { name: words });
  const keep = page.getByRole('button', { name: 'Keep this search' });
  const forget = page.getByRole('button', { name: 'Forget this search' });

  await contacts.goto('/contacts');
  await expect(keep).toBeHidden();
  await contacts.find(words);
  await expect(contacts.rows).toHaveCount(2);
  await keep.click();
  await expect(forget).toBeVisible();
  await expect(kept).toHaveAttribute('aria-current', 'page');
  await expect(contacts.rows).toHaveCount(2);

  await contacts.goto('/contacts');
  await kept.click();
  await contacts.ready();
  await expect(contacts.search).toHaveValue(words);
  await expect(contacts.rows).toHaveCount(2);
  // Other words are another search.
  await contacts.find(`${book.word} ada`);
  await expect(contacts.rows).toHaveCount(1);
  await expect(keep).toBeVisible();
  await contacts.find(words);
  await expect(contacts.rows).toHaveCount(2);
  await forget.click();
  await expect(keep).toBeVisible();
  await expect(kept).toHaveCount(0);
});

test('a list keeps its search when the reader chooses another order', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}b` });
  await book.add({ name: `Bea ${book.word}a` });
  await contacts.goto('/contacts');
  await contacts.find(book.word);
  await expect(contacts.rows).toHaveCount(2);
  await contacts.orders.getByRole('link', { name: 'Last name' }).click();
  await expect(page).toHaveURL(/sort=family/);
  await contacts.ready();
  await expect(contacts.search).toHaveValue(book.word);
  await expect(contacts.rows).toContainText(['Bea', 'Ada']);
});
