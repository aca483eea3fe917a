import { expect, test } from '../fixtures/app.ts';
import { hold } from '../fixtures/routes.ts';

test('a new contact half typed waits while another is looked at', async ({ book, contacts, page }) => {
  await book.add();
  await contacts.goto(book.list);
  await contacts.new.click();
  await contacts.fill({ name: 'Half', email: 'half@', notes: '\n<b>\nof it' });
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await contacts.new.click();
  await contacts.expectFields({ name: 'Half', email: 'half@', notes: '\n<b>\nof it' });

  await page.goBack();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await page.goBack();
  await expect(contacts.title).toHaveText('New contact');
  await contacts.expectFields({ name: 'Half', email: 'half@' });
});

test('an edit half typed waits too, each for its own contact', async ({ book, contacts, page }) => {
  const ada = await book.add({ notes: 'Old' });
  const grace = await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ notes: 'Half of it' });
  await contacts.row('Grace').click();
  await expect(contacts.title).toHaveText(grace.name);
  await contacts.link('Edit').click();
  await contacts.expectFields({ name: grace.name, notes: '' });
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.link('Edit').click();
  await contacts.expectFields({ name: ada.name, notes: 'Half of it' });

  await contacts.button('Save').click();
  await expect(page).toHaveURL(book.beside(`/${ada.id}`));
  expect((await book.read(ada.id)).notes).toBe('Half of it');
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Half of it' });
});

test('a draft that waited still meets what it would have met', async ({
  book,
  contacts,
  guard,
}) => {
  guard.allow(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ notes: 'Mine' });
  await contacts.row('Grace').click();
  await expect(contacts.title).toHaveText(`Grace ${book.word}`);
  await book.change(ada.id, { company: 'Theirs', notes: 'Theirs, too' });
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Mine' });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('Theirs, too');
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.read(ada.id)).toMatchObject({ company: 'Theirs', notes: 'Mine' });
});

test('Cancel gives up what was typed', async ({ book, contacts }) => {
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.list);
  await contacts.new.click();
  await contacts.fill({ name: 'Half' });
  await contacts.link('Cancel').click();
  await expect(contacts.pane).toContainText('Choose a contact');
  await contacts.new.click();
  await contacts.expectFields({ name: '' });
  await contacts.row('Ada').click();
  await contacts.link('Edit').click();
  await contacts.fill({ notes: 'Half' });
  await contacts.link('Cancel').click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.pane).toContainText('Old');
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Old' });
});

test('a contact that was created is not half typed any more', async ({ book, contacts }) => {
  await contacts.goto(book.beside('/new'));
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await contacts.new.click();
  await contacts.expectFields({ name: '', email: '' });
});

test('what was typed before the page came alive is kept by it', async ({ book, contacts, page }) => {
  const { letGo } = await hold(page, '**/pkg/*.wasm');
  await page.goto(book.beside('/new'));
  await contacts.fill({ name: `Early ${book.word}`, email: `e@${book.word}.example`, notes: 'Bird' });
  await contacts.search.fill(`${book.word} early`);
  letGo();
  await contacts.ready();
  await contacts.expectFields({ name: `Early ${book.word}`, notes: 'Bird' });
  await expect(contacts.search).toHaveValue(`${book.word} early`);
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Early ${book.word}`);
});

test('a form takes no text while it is saved, and keeps the focus', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.allow(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  const { letGo } = await hold(page, '**/fn/contacts/save*');
  await contacts.fill({ notes: 'Mine' });
  await book.change(ada.id, { notes: 'Theirs' });
  await contacts.field('Company').press('Enter');
  await expect(contacts.button('Saving…')).toBeVisible();
  for (const name of ['Name', 'Email', 'Phone', 'Company', 'Notes'] as const) {
    await expect(contacts.field(name)).not.toBeEditable();
  }
  await expect(contacts.field('Company')).toBeFocused();
  await page.keyboard.type('Lost');
  await contacts.expectFields({ company: '' });
  letGo();
  await expect(contacts.problem).toContainText('Theirs');
  await contacts.fill({ company: 'Kept', notes: 'Mine, too' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.read(ada.id)).toMatchObject({ company: 'Kept', notes: 'Mine, too' });
});
