import { expect, test } from '../fixtures/app.ts';

test('an edit is saved and shown', async ({ book, contacts, page }) => {
  const ada = await book.add({ company: 'Old', notes: 'First\n\nsecond' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit').click();
  await expect(page).toHaveURL(book.beside(`/${ada.id}/edit`));
  await expect(contacts.title).toHaveText('Edit contact');
  await expect(page).toHaveTitle('Edit contact · Kith');
  await contacts.expectFields({
    name: ada.name,
    email: ada.email,
    phone: '',
    company: 'Old',
    notes: 'First\n\nsecond',
  });

  await contacts.fill({ name: `Augusta ${book.word}`, company: '', phone: '020 7946' });
  await contacts.button('Save').click();
  await expect(page).toHaveURL(book.beside(`/${ada.id}`));
  await expect(contacts.title).toHaveText(`Augusta ${book.word}`);
  await expect(contacts.pane).not.toContainText('Old');
  expect(await book.read(ada.id)).toMatchObject({
    name: `Augusta ${book.word}`,
    phone: '020 7946',
    company: null,
    notes: 'First\n\nsecond',
    version: 2,
  });
  await contacts.showList();
  await expect(contacts.row(book.word)).toContainText('Augusta');
});

test('who saves over a newer version is shown it and decides', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: `Mine ${book.word}`, notes: 'Mine\nof two lines' });
  await book.change(ada.id, { name: `Theirs ${book.word}`, company: 'Theirs Ltd' });
  await contacts.button('Save').click();

  await expect(contacts.problem).toContainText('changed by someone else');
  await expect(contacts.problem).toContainText(`Theirs ${book.word}`);
  await expect(contacts.problem).toContainText('Theirs Ltd');
  await contacts.expectFields({ name: `Mine ${book.word}`, notes: 'Mine\nof two lines' });
  expect((await book.read(ada.id)).name).toBe(`Theirs ${book.word}`);

  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`Mine ${book.word}`);
  expect(await book.read(ada.id)).toMatchObject({
    name: `Mine ${book.word}`,
    notes: 'Mine\nof two lines',
    version: 3,
  });
});

test('a conflict after a conflict is one too', async ({ book, contacts, guard }) => {
  guard.expect(/^412 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: `Mine ${book.word}` });
  await book.change(ada.id, { name: `Second ${book.word}` });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText(`Second ${book.word}`);
  await book.change(ada.id, { name: `Third ${book.word}` });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText(`Third ${book.word}`);
  await expect(contacts.problem).not.toContainText(`Second ${book.word}`);
  expect((await book.read(ada.id)).name).toBe(`Third ${book.word}`);
});

test('an edit that is refused keeps what was typed', async ({ book, contacts, guard }) => {
  guard.expect(/^400 POST/);
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: '', phone: 'none', notes: 'New' });
  await contacts.button('Save').click();

  await contacts.expectWrong('Name', 'Enter a name.');
  await contacts.expectWrong('Phone', 'Enter a phone number, like +44 20 7946 0000 ext. 12.');
  await expect(contacts.field('Name')).toBeFocused();
  await contacts.expectFields({ name: '', email: ada.email, phone: 'none', notes: 'New' });
  await expect(contacts.title).toHaveText('Edit contact');

  await contacts.fill({ name: `Ada ${book.word}`, phone: '' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect((await book.read(ada.id)).notes).toBe('New');
});

test('saving a contact that is in the trash by now loses nothing', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/, /^412 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ notes: 'A long text' });
  await book.delete(ada.id);
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('It may have been deleted.');
  await contacts.expectFields({ name: ada.name, notes: 'A long text' });

  await book.restore(ada.id);
  await contacts.button('Save').click();
  // Coming back is a change too, and this writer has not seen it.
  await expect(contacts.problem).toContainText('changed by someone else');
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect((await book.read(ada.id)).notes).toBe('A long text');
});
