import { expect, test } from '../fixtures/app.ts';
import { hold } from '../fixtures/routes.ts';

test.use({ live: false });

test('a late answer of one new contact leaves the next one alone', async ({ book, contacts, page }) => {
  await contacts.goto(book.list);
  const creation = await hold(page, '**/fn/contacts/save*');
  await contacts.new.click();
  await contacts.fill(book.draft({ name: `Emil ${book.word}` }));
  await contacts.button('Add contact').click();
  await creation.asked;
  await contacts.link('Cancel').click();
  await contacts.new.click();
  await contacts.fill({ name: `Fritz ${book.word}`, notes: 'Half of it' });
  creation.letGo();
  await expect(contacts.row('Emil')).toBeVisible();
  await expect(contacts.title).toHaveText('New contact');
  await contacts.expectFields({ name: `Fritz ${book.word}`, notes: 'Half of it' });
});

test('a late answer of a save shows in the contact that is open', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  const save = await hold(page, '**/fn/contacts/save*');
  await contacts.fill({ name: `Bertha ${book.word}` });
  await contacts.button('Save').click();
  await save.asked;
  await contacts.link('Cancel').click();
  await expect(contacts.title).toHaveText(ada.name);
  save.letGo();
  await expect(contacts.title).toHaveText(`Bertha ${book.word}`);
  await expect(page).toHaveTitle(`Bertha ${book.word} · Kith`);
});

test('a late undo leaves a form alone', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  const undo = await hold(page, '**/fn/contacts/restore*');
  await contacts.undo.click();
  await expect(contacts.undo).toHaveAttribute('aria-disabled', 'true');
  await contacts.new.click();
  await contacts.fill({ name: 'Half' });
  undo.letGo();
  await expect(contacts.row('Ada')).toBeVisible();
  await expect(contacts.notice).toHaveCount(0);
  await contacts.expectFields({ name: 'Half' });
});

test('an undo that is pressed twice is one step', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  const undo = await hold(page, '**/fn/contacts/restore*');
  let requests = 0;
  page.on('request', (request) => (requests += request.url().includes('/fn/contacts/restore') ? 1 : 0));
  await contacts.undo.dblclick();
  await undo.asked;
  undo.letGo();
  await expect(contacts.title).toHaveText(ada.name);
  expect(requests).toBe(1);
  await page.goBack();
  await expect(contacts.title).toHaveCount(0);
});

test('the browser asks before it throws away a draft that waits', async ({ book, contacts, page }) => {
  await book.add();
  await contacts.goto(book.list);
  await contacts.new.click();
  await contacts.field('Name').pressSequentially('Half');
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.accept();
});

test('a conflict that was left undecided is met again', async ({ book, contacts, guard }) => {
  guard.allow(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  const grace = await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ notes: 'Mine' });
  await book.change(ada.id, { notes: 'Theirs' });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('Theirs');
  await contacts.row('Grace').click();
  await expect(contacts.title).toHaveText(grace.name);
  await contacts.row('Ada').click();
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Mine' });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('Theirs');
  expect((await book.read(ada.id)).notes).toBe('Theirs');
});

test('“Add” fills in the form that is open already', async ({ book, contacts }) => {
  await contacts.goto(book.list);
  await contacts.new.click();
  const name = `${book.word} Quentin`;
  await contacts.search.fill(name);
  await contacts.list.getByRole('link', { name: `Add “${name}”` }).click();
  await contacts.expectFields({ name });
  await expect(contacts.field('Name')).toBeFocused();
});

test('a row that is outdated is mended by what its contact turns out to be', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  const grace = await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await book.delete(ada.id);
  await book.change(grace.id, { name: `Zora ${book.word}` });
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText('Not found');
  await expect(contacts.row('Ada')).toHaveCount(0);
  await expect(contacts.count).toHaveText('1 contact found');
  await contacts.row('Grace').click();
  await expect(contacts.title).toHaveText(`Zora ${book.word}`);
  await expect(contacts.row('Zora')).toBeVisible();
});

test('a contact that was deleted elsewhere can be deleted, and brought back', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await book.delete(ada.id);
  await contacts.button('Delete').click();
  await expect(contacts.row('Ada')).toHaveCount(0);
  await contacts.undo.click();
  await expect(contacts.title).toHaveText(ada.name);
});
