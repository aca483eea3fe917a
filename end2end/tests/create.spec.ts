import { expect, test } from '../fixtures/app.ts';

test('a save whose answer was lost, sent again with other words, asks what is meant', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_FAILED POST \/fn\/contacts\/save/, /^409 POST \/fn\/contacts\/save/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill(book.draft());
  await page.route('**/fn/contacts/save*', async (route) => {
    await route.fetch();
    await route.abort('failed');
  });
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toContainText('The server did not answer.');
  await page.unroute('**/fn/contacts/save*');

  await contacts.fill({ phone: '+44 20 7946 0000' });
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toContainText(
    `You have already added Ada ${book.word} with this form.`,
  );
  await expect(contacts.problem).toBeFocused();
  await expect(contacts.problem.getByRole('link', { name: `Open Ada ${book.word}` })).toBeVisible();
  await contacts.expectFields({ ...book.draft(), phone: '+44 20 7946 0000' });
  expect(await book.names()).toHaveLength(1);

  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.pane).toContainText('+44 20 7946 0000');
  expect(await book.names()).toHaveLength(2);
});
