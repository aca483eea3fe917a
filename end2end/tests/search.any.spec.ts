import { expect, test } from '../fixtures/app.ts';

test('a search is submitted and stays in the address', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto('/contacts');
  await contacts.search.fill(`${book.word} ada`);
  await contacts.search.press('Enter');
  await expect(page).toHaveURL(`/contacts?q=${book.word}+ada`);
  await expect(contacts.rows).toHaveText([/Ada/]);
  await expect(contacts.count).toHaveText('1 contact found');
  await contacts.reload();
  await expect(contacts.search).toHaveValue(`${book.word} ada`);
  await expect(contacts.rows).toHaveText([/Ada/]);
});

test('accents and case do not matter', async ({ book, contacts }) => {
  await book.add({ name: `Álvaro ${book.word}` });
  await book.add({ name: `Łukasz Strauß ${book.word}` });
  for (const [text, name] of [
    ['alvaro', 'Álvaro'],
    ['ALVARO', 'Álvaro'],
    ['álvaro', 'Álvaro'],
    ['lukasz', 'Łukasz'],
    ['strauss', 'Strauß'],
  ] as const) {
    await contacts.goto('/contacts');
    await contacts.search.fill(`${text} ${book.word.toUpperCase()}`);
    await contacts.search.press('Enter');
    await expect(contacts.rows, text).toHaveText([new RegExp(name)]);
  }
});

test('an address is found too', async ({ book, contacts }) => {
  await book.add({ name: 'Somebody', email: `hopper@${book.word}.example` });
  await contacts.goto(`/contacts?q=hopper%40${book.word}`);
  await expect(contacts.rows).toHaveText([/Somebody/]);
});

test('a search that finds nobody says what was searched for', async ({ book, contacts }) => {
  await contacts.goto('/contacts');
  await contacts.search.fill(`<b>${book.word}</b>`);
  await contacts.search.press('Enter');
  await expect(contacts.list).toContainText(`No name or email contains “<b>${book.word}</b>”.`);
  await expect(contacts.count).toHaveText('Nobody found');
  await expect(contacts.rows).toHaveCount(0);
});
