import { expect, test } from '../fixtures/app.ts';

test('an edit is saved and shown', async ({ book, contacts, page }) => {
  const ada = await book.add({ company: 'Old', notes: 'First\n\nsecond' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit').click();
  await expect(page).toHaveURL(book.beside(`/${ada.id}/edit`));
  await expect(contacts.title).toHaveText(`Edit ${ada.name}`);
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
  guard.allow(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: `Mine ${book.word}`, notes: 'Mine\nof two lines' });
  await book.change(ada.id, { name: `Theirs ${book.word}`, company: 'Theirs Ltd' });
  await contacts.button('Save').click();

  await expect(contacts.problem).toContainText('Someone else has changed the same');
  await expect(contacts.problem).toContainText(`Theirs ${book.word}`);
  // A field that only one of them has changed needs no decision.
  await expect(contacts.problem).not.toContainText('Theirs Ltd');
  await expect(contacts.problem.getByRole('group')).toHaveCount(1);
  await contacts.expectFields({
    name: `Mine ${book.word}`,
    company: 'Theirs Ltd',
    notes: 'Mine\nof two lines',
  });
  expect((await book.read(ada.id)).name).toBe(`Theirs ${book.word}`);

  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`Mine ${book.word}`);
  expect(await book.read(ada.id)).toMatchObject({
    name: `Mine ${book.word}`,
    company: 'Theirs Ltd',
    notes: 'Mine\nof two lines',
    version: 3,
  });
});

test('what others have changed meanwhile is kept, and the page says so', async ({
  book,
  contacts,
}) => {
  const ada = await book.add({ phone: '111', company: 'Old', notes: 'First\nsecond' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ company: 'Mine' });
  await book.change(ada.id, { phone: '112', notes: 'Theirs\nof two lines' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.pane).toContainText(
    'Saved. Someone else had changed the phone and the notes in the meantime; both changes are kept.',
  );
  expect(await book.read(ada.id)).toMatchObject({
    phone: '112',
    company: 'Mine',
    notes: 'Theirs\nof two lines',
  });
});

test('who takes theirs saves it, and the rest of their own', async ({ book, contacts, guard }) => {
  guard.allow(/^412 POST/);
  const ada = await book.add({ phone: '111', notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ phone: '222', notes: 'Mine', company: 'Mine Ltd' });
  await book.change(ada.id, { phone: '333', notes: 'Theirs\nof two lines' });
  await contacts.button('Save').click();
  const phone = contacts.problem.getByRole('group', { name: 'Phone' });
  const notes = contacts.problem.getByRole('group', { name: 'Notes' });
  await expect(phone.getByLabel('Keep mine')).toBeChecked();
  await notes.getByLabel('Take theirs').check();
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.read(ada.id)).toMatchObject({
    phone: '222',
    notes: 'Theirs\nof two lines',
    company: 'Mine Ltd',
  });
});

test('the same change of two people is no conflict', async ({ book, contacts }) => {
  const ada = await book.add({ phone: '111' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ phone: ' 112 ' });
  await book.change(ada.id, { phone: '112' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect((await book.read(ada.id)).phone).toBe('112');
});

test('a conflict after a conflict is one too', async ({ book, contacts, guard }) => {
  guard.allow(/^412 POST/);
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
  guard.allow(/^400 POST/);
  const ada = await book.add({ notes: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: '', email: 'e'.repeat(321), phone: '1'.repeat(201), notes: 'New' });
  await contacts.button('Save').click();

  await contacts.expectWrong('Email', 'Use at most 320 characters; this has 321.');
  await contacts.expectWrong('Phone', 'Use at most 200 characters; this has 201.');
  await expect(contacts.field('Email')).toBeFocused();
  await contacts.expectFields({ name: '', email: 'e'.repeat(321), phone: '1'.repeat(201), notes: 'New' });
  await expect(contacts.title).toHaveText(`Edit ${ada.name}`);

  await contacts.fill({ name: `Ada ${book.word}`, email: ada.email, phone: '' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect((await book.read(ada.id)).notes).toBe('New');
});

test('saving a contact that is in the trash by now loses nothing', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ notes: 'A long text' });
  await book.delete(ada.id);
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('It may have been deleted.');
  await contacts.expectFields({ name: ada.name, notes: 'A long text' });

  await contacts.button('Restore and save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect((await book.read(ada.id)).notes).toBe('A long text');
});

test('Enter in the form of a contact that is in the trash leaves it there', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ company: 'New' });
  await book.delete(ada.id);
  await contacts.field('Company').press('Enter');
  await expect(contacts.button('Restore and save')).toBeVisible();
  await contacts.fill({ company: 'Newer' });
  // Not the answer to a refresh of the list.
  const answered = contacts.page.waitForResponse(
    (response) => response.request().method() === 'POST' && /\/(save|edit)\b/.test(response.url()),
  );
  await contacts.field('Company').press('Enter');
  expect((await answered).status()).toBe(404);
  await expect(contacts.button('Restore and save')).toBeVisible();
  await contacts.expectFields({ company: 'Newer' });
  expect(await book.names()).toEqual([]);
});
