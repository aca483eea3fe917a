import { expect, test } from '../fixtures/app.ts';

test('a name that is read from the right stands by itself', async ({ book, contacts, page }) => {
  const name = `عمر الخيام ${book.word} (1)`;
  const ada = await book.add({ name, company: 'شركة (2)' });
  await contacts.goto(book.list);
  const inRow = contacts.row(book.word).locator('bdi');
  await expect(inRow).toHaveText([name, ada.email]);
  await expect(inRow.first()).toHaveAttribute('title', name);

  await contacts.goto(book.beside(`/${ada.id}`));
  await expect(contacts.title.locator('bdi')).toHaveText(name);
  await expect(contacts.pane.locator('bdi', { hasText: 'شركة (2)' })).toHaveCount(1);
  await contacts.button('Delete').click();
  await expect(contacts.notice.locator('bdi')).toHaveText(name);
  await page.goto('/trash');
  const inTrash = contacts.pane.getByRole('listitem').filter({ hasText: book.word });
  await expect(inTrash.locator('bdi')).toHaveText(name);
});

test('a name that is cut short can be read whole', async ({ book, contacts }) => {
  const name = `${book.word} ${'Wilhelmina '.repeat(15).trim()}`;
  const email = `${'wilhelmina'.repeat(6)}@${book.word}.${'long'.repeat(15)}.example`;
  const one = await book.add({ name, email });
  await contacts.goto(book.list);
  await expect(contacts.row(book.word).getByTitle(name, { exact: true })).toBeVisible();
  await expect(contacts.row(book.word).getByTitle(email, { exact: true })).toBeVisible();
  await contacts.goto(book.beside(`/${one.id}`));
  await expect(contacts.title).toHaveText(name);
  const whole = await contacts.title.evaluate((title) => title.scrollWidth <= title.clientWidth);
  expect(whole, 'the title is shown whole').toBe(true);
});

test('names outside the first plane keep their letters', async ({ book, contacts }) => {
  const name = `👩‍👩‍👧 𝒜da Ñandú 李小龍 ${book.word}`;
  const one = await book.add({ name, notes: '𝄞\n🎻' });
  await contacts.goto(book.beside(`/${one.id}/edit`));
  await contacts.expectFields({ name, notes: '𝄞\n🎻' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(name);
});
