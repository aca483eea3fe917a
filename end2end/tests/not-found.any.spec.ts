import { expect, test } from '../fixtures/app.ts';

test('an address that leads nowhere says so and leads home', async ({ guard, page }) => {
  guard.expect(/^404 GET \/nowhere$/);
  const response = await page.goto('/nowhere');
  expect(response?.status()).toBe(404);
  await expect(page).toHaveTitle('Not found · Kith');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing at this address');
  await page.getByRole('link', { name: 'Go to your contacts' }).click();
  await expect(page).toHaveURL('/contacts');
});

for (const [what, address] of [
  ['a contact that is not there', '/contacts/01890000-0000-7000-8000-000000000000'],
  ['an edit of a contact that is not there', '/contacts/01890000-0000-7000-8000-000000000000/edit'],
  ['an id that is none', '/contacts/ada'],
  ['an edit of an id that is none', '/contacts/ada/edit'],
] as const) {
  test(`${what} is not found, beside the list`, async ({ book, contacts, guard, page }) => {
    guard.expect(/^404 GET \/contacts\//);
    await book.add();
    const response = await page.goto(`${address}?q=${book.word}`);
    expect(response?.status()).toBe(404);
    await contacts.ready();
    await expect(page).toHaveTitle('Not found · Kith');
    await expect(contacts.title).toHaveText('Not found');
    await expect(contacts.problem).toContainText('There is no such contact.');
    await contacts.showList();
    await expect(contacts.rows).toHaveCount(1);
    await expect(contacts.row('Ada')).toBeVisible();
  });
}

test('a contact in the trash is not found, with a link to the trash', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^404 GET \/contacts\//);
  const ada = await book.add();
  await book.delete(ada.id);
  const response = await page.goto(book.beside(`/${ada.id}`));
  expect(response?.status()).toBe(404);
  await contacts.ready();
  await contacts.link('Look in the trash').click();
  await expect(page).toHaveURL('/trash');
  await expect(contacts.pane.getByRole('listitem').filter({ hasText: ada.name })).toBeVisible();
});

test('deleting what is in the trash already is answered with a page, or as a deletion', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await book.delete(ada.id);
  await contacts.button('Delete').click();
  // With scripts, the list is beside it, and what was asked for is so: the contact is in the trash.
  await expect(
    contacts.scripts
      ? contacts.notice.filter({ hasText: ada.name })
      : page.getByRole('alert').filter({ hasText: 'There is no such contact.' }),
  ).toBeVisible();
  await expect(page.getByRole('link', { name: 'Kith' })).toBeVisible();
});

test('a search that is too long is refused in words', async ({ contacts, guard, page }) => {
  guard.expect(/^400 GET \/contacts/);
  const response = await page.goto(`/contacts?q=${'x'.repeat(201)}`);
  expect(response?.status()).toBe(400);
  await contacts.ready();
  await expect(contacts.list.getByRole('alert')).toContainText('Search for at most 200 characters.');
});
