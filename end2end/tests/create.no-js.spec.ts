import { expect, test } from '../fixtures/app.ts';

test('Back and the button again lead to the contact that is there', async ({
  book,
  contacts,
  page,
}) => {
  await contacts.goto(book.list);
  await contacts.new.click();
  await contacts.fill({ ...book.draft(), notes: 'First\nsecond' });
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  const address = page.url();

  await page.goBack();
  // A browser that does not keep the page itself brings the form back empty, with its key.
  await contacts.fill({ ...book.draft(), notes: 'First\nsecond' });
  await contacts.button('Add contact').click();
  await expect(page).toHaveURL(address);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);

  // The next contact is another one, whatever it is called.
  await page.goto(book.list);
  await contacts.new.click();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(page.url()).not.toBe(address);
  expect(await book.names()).toHaveLength(2);
});

test('Back and other words ask whether another contact is meant', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^409 POST/);
  await contacts.goto(book.list);
  await contacts.new.click();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  const address = page.url();

  await page.goBack();
  await contacts.fill({ ...book.draft(), phone: '+44 20 7946 0000' });
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toContainText(
    `You have already added Ada ${book.word} with this form.`,
  );
  await contacts.expectFields({ ...book.draft(), phone: '+44 20 7946 0000' });
  expect(await book.names()).toHaveLength(1);

  const open = contacts.problem.getByRole('link', { name: `Open Ada ${book.word}` });
  await expect(open).toHaveAttribute('href', new URL(address).pathname + new URL(address).search);
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(page.url()).not.toBe(address);
  expect(await book.names()).toHaveLength(2);
});
