import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

test.use({ live: false });

const SILENCE = 'The server did not answer. Check the connection, then try again.';

/** Cuts the connection for one server function until it is called off. */
async function cut(page: Page, name: string): Promise<() => Promise<void>> {
  const address = `**/fn/contacts/${name}*`;
  await page.route(address, (route) => route.abort('connectionrefused'));
  return () => page.unroute(address);
}

test('a save that got no answer keeps the form and can be tried again', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/save/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ ...book.draft(), notes: 'Long\ntext' });
  const mend = await cut(page, 'save');
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toHaveText(SILENCE);
  await expect(contacts.problem).toBeFocused();
  await contacts.expectFields({ name: `Ada ${book.word}`, notes: 'Long\ntext' });

  await mend();
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('a save whose answer was lost creates one contact', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_FAILED POST \/fn\/contacts\/save/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill(book.draft());
  await page.route('**/fn/contacts/save*', async (route) => {
    await route.fetch();
    await route.abort('failed');
  });
  await contacts.button('Add contact').click();
  await expect(contacts.problem).toHaveText(SILENCE);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
  await page.unroute('**/fn/contacts/save*');
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

for (const [what, body, says] of [
  ['says that it is broken', '"internal"', 'Something went wrong on the server.'],
  ['says that its data is away', '"unavailable"', 'Try again in a few seconds.'],
  ['says something that makes no sense', '<html>Bad gateway</html>', 'went wrong'],
  ['says nothing', '', 'went wrong'],
] as const) {
  test(`a server that ${what} does not cost what was typed`, async ({
    book,
    contacts,
    guard,
    page,
  }) => {
    guard.expect(/^500 POST \/fn\/contacts\/save/);
    const ada = await book.add();
    await contacts.goto(book.beside(`/${ada.id}/edit`));
    await contacts.fill({ notes: 'Long\ntext' });
    await page.route('**/fn/contacts/save*', (route) =>
      route.fulfill({ status: 500, contentType: 'application/json', body }),
    );
    await contacts.button('Save').click();
    await expect(contacts.problem).toContainText(says);
    await contacts.expectFields({ name: ada.name, notes: 'Long\ntext' });
    await page.unroute('**/fn/contacts/save*');
    await contacts.button('Save').click();
    await expect(contacts.title).toHaveText(ada.name);
    expect((await book.read(ada.id)).notes).toBe('Long\ntext');
  });
}

test('a list that does not come says so and offers to try again', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/list/);
  await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  const mend = await cut(page, 'list');
  await contacts.search.fill(`${book.word} ada`);
  const alert = contacts.list.getByRole('alert');
  await expect(alert).toContainText(SILENCE);
  await expect(alert).toBeInViewport();
  // What was found before is no answer to this search, and does not look like one.
  await expect(contacts.list.locator('[data-stale]')).toContainText('Grace');
  await expect(contacts.count).not.toContainText('found');

  await mend();
  await alert.getByRole('link', { name: 'Try again' }).click();
  await expect(contacts.rows).toHaveText([/Ada/]);
  await expect(alert).toHaveCount(0);
  await expect(contacts.count).toHaveText('1 contact found');
});

test('“Show more” below a search that failed asks for that search again', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/list/);
  await book.addMany(60);
  await contacts.goto(book.list);
  const mend = await cut(page, 'list');
  await contacts.search.fill(`${book.word} 00`);
  const alert = contacts.list.getByRole('alert');
  await expect(alert).toContainText(SILENCE);
  await mend();
  await contacts.list.getByRole('link', { name: 'Show more' }).press('Enter');
  await expect(alert).toHaveCount(0);
  await expect(contacts.count).toHaveText('9 contacts found');
  await expect(contacts.rows).toHaveCount(9);
  await expect(contacts.list.locator('[data-stale]')).toHaveCount(0);
});

test('a next page that does not come leaves the list, and “Try again” brings it', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/list/);
  await book.addMany(60);
  await contacts.goto(book.list);
  const mend = await cut(page, 'list');
  await contacts.list.getByRole('link', { name: 'Show more' }).press('Enter');
  const alert = contacts.list.getByRole('alert');
  await expect(alert).toContainText(SILENCE);
  await expect(contacts.rows).toHaveCount(50);
  await mend();
  await alert.getByRole('link', { name: 'Try again' }).click();
  await expect(contacts.rows).toHaveCount(60);
  await expect(alert).toHaveCount(0);
});

test('a contact that does not come says so and offers to try again', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/get/);
  const ada = await book.add();
  await contacts.goto(book.list);
  const mend = await cut(page, 'get');
  await contacts.row('Ada').click();
  await expect(contacts.problem).toHaveText(SILENCE);
  await expect(page).toHaveURL(book.beside(`/${ada.id}`));
  await mend();
  await contacts.link('Try again').click();
  await expect(contacts.title).toHaveText(ada.name);
});

test('a contact that is not there stays so while the list is searched', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^404 POST \/fn\/contacts\/get/);
  const gone = await book.add({ name: `Gone ${book.word}` });
  await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await book.delete(gone.id);
  await contacts.row('Gone').click();
  await expect(contacts.title).toHaveText('Not found');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await contacts.search.fill(`${book.word} ada`);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(contacts.title).toHaveText('Not found');
  expect(asked.filter((path) => path.startsWith('/fn/'))).toEqual(['/fn/contacts/list']);
});

test('a deletion that failed leaves the contact where it is', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/delete/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  const mend = await cut(page, 'delete');
  await contacts.button('Delete').click();
  await expect(page.getByRole('alert').filter({ hasText: SILENCE })).toBeVisible();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.row('Ada')).toBeVisible();
  await mend();
  await contacts.button('Delete').click();
  await expect(contacts.notice).toContainText(ada.name);
  await expect(page.getByRole('alert').filter({ hasText: SILENCE })).toHaveCount(0);
});

test('an undo that failed can be tried again', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_CONNECTION_REFUSED POST \/fn\/contacts\/restore/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  const mend = await cut(page, 'restore');
  await contacts.undo.click();
  await expect(page.getByRole('alert').filter({ hasText: SILENCE })).toBeVisible();
  await mend();
  await contacts.undo.click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(page.getByRole('alert').filter({ hasText: SILENCE })).toHaveCount(0);
});

test('a page whose WebAssembly does not come works like one without scripts', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_FAILED GET \/pkg\/.*\.wasm/, /^uncaught: /);
  await page.route('**/pkg/*.wasm', (route) => route.abort('failed'));
  await page.goto(book.beside('/new'));
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await contacts.button('Delete').click();
  await expect(contacts.notice).toContainText(`Ada ${book.word}`);
});
