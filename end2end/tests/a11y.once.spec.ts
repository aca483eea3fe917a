import { expect, test } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';

test.describe.configure({ timeout: 90_000 });

test('the full list', async ({ book, contacts, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  await expect(contacts.rows).toHaveCount(50);
  await audit(page);
});

test('a search that finds nobody', async ({ book, contacts, page }) => {
  await contacts.goto(book.list);
  await expect(contacts.count).toHaveText('Nobody found');
  await audit(page);
});

test('a contact with everything', async ({ book, contacts, page }) => {
  const ada = await book.add({
    phone: '+44 20 7946 0000',
    company: 'Analytical Engines',
    notes: 'Met in Turin.\n\nLikes tea.',
  });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}`));
  await audit(page);
});

test('a contact with as little as there can be, changed since', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.change(ada.id, { name: `B ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}`));
  await audit(page);
});

test('the form for a new contact', async ({ book, contacts, page }) => {
  await contacts.goto(book.beside('/new'));
  await audit(page);
});

test('a form with errors', async ({ book, contacts, guard, page }) => {
  guard.allow(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ phone: '1'.repeat(201) });
  await contacts.button('Add contact').click();
  await contacts.expectWrong('Phone', 'Use at most 200 characters; this has 201.');
  await audit(page);
});

test('an edit with a conflict', async ({ book, contacts, guard, page }) => {
  guard.allow(/^412 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ company: 'Mine', notes: '' });
  await book.change(ada.id, { company: 'Theirs', notes: 'Of\ntwo lines' });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('Theirs');
  await audit(page);
});

test('the notice of a deletion', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  await expect(contacts.undo).toBeVisible();
  await expect(contacts.count).toHaveText('1 contact found');
  await audit(page);
});

test('the list as it is printed', async ({ book, page }) => {
  await book.addMany(3);
  await page.goto(`/contacts/print?q=${book.word}`);
  await expect(page.getByRole('rowheader')).toHaveCount(3);
  await audit(page);
});

test('the trash', async ({ book, page }) => {
  const ada = await book.add();
  await book.delete(ada.id);
  await page.goto('/trash');
  await expect(page.getByText(ada.name).first()).toBeVisible();
  await audit(page);
});

test('the pages about a contact in the trash', async ({ book, page }) => {
  const ada = await book.add({
    name: `${book.word}${'W'.repeat(190)}`,
    email: `ada@${book.word}.example`,
    notes: 'n'.repeat(500),
  });
  await book.delete(ada.id);
  for (const address of [`/trash/${ada.id}`, `/trash/${ada.id}/delete`, '/trash/empty']) {
    await page.goto(address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await audit(page);
  }
});

test('an address that leads nowhere', async ({ guard, page }) => {
  guard.expect(/^404 GET/);
  await page.goto('/nowhere');
  await audit(page);
});

test('a contact that is not there', async ({ book, contacts, guard, page }) => {
  guard.expect(/^404 GET/);
  const ada = await book.add();
  await book.delete(ada.id);
  await contacts.goto(book.beside(`/${ada.id}`));
  await audit(page);
});

test('a list and a contact that did not come', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_FAILED POST/);
  await book.add();
  await contacts.goto(book.list);
  await page.route('**/fn/**', (route) => route.abort('failed'));
  await contacts.row('Ada').click();
  await expect(contacts.problem).toBeVisible();
  await contacts.search.fill(`${book.word} ada`);
  await expect(contacts.list.getByRole('alert')).toBeVisible();
  await audit(page);
});

test('a deletion that failed', async ({ book, contacts, guard, page }) => {
  guard.expect(/^net::ERR_FAILED POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await page.route('**/fn/**', (route) => route.abort('failed'));
  await contacts.button('Delete').click();
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toBeVisible();
  await audit(page);
});

test('names as long and as unbroken as they can be', async ({ book, contacts, guard, page }) => {
  guard.allow(/^412 POST/);
  const long = `${book.word}${'W'.repeat(190)}`;
  const ada = await book.add({
    name: long,
    email: `${'e'.repeat(64)}@${book.word}.${'d'.repeat(60)}.${'d'.repeat(60)}.example`,
    phone: '1'.repeat(50),
    company: 'C'.repeat(200),
    notes: 'n'.repeat(500),
  });
  await contacts.goto(book.list);
  await audit(page);
  await contacts.row(long).click();
  await expect(contacts.title).toHaveText(long);
  await audit(page);
  await contacts.link('Edit').click();
  await expect(contacts.field('Company')).toBeVisible();
  await contacts.fill({ company: 'E'.repeat(200) });
  await book.change(ada.id, { company: 'D'.repeat(200) });
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('DDDD');
  await audit(page);
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(long);
  await contacts.button('Delete').click();
  await expect(contacts.undo).toBeVisible();
  await audit(page);
  await page.goto('/trash');
  await expect(page.getByText(long).first()).toBeVisible();
  await audit(page);
  await contacts.goto(`/contacts?q=${book.word}${'x'.repeat(180)}`);
  await audit(page);
});
