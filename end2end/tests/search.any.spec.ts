import { expect, test } from '../fixtures/app.ts';

test('a search is submitted and stays in the address', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto('/contacts');
  await contacts.find(`${book.word} ada`);
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
    await contacts.find(`${text} ${book.word.toUpperCase()}`);
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
  await expect(contacts.list).toContainText(`No contact has “<b>${book.word}</b>”.`);
  await expect(contacts.count).toHaveText('Nobody found');
  await expect(contacts.rows).toHaveCount(0);
});

test('a filter that there is not is answered with those that there are', async ({ book, contacts }) => {
  const filters = 'Filters are label:, company:, city:, has: and no:.';
  await contacts.goto(`/contacts?q=name:${book.word}`);
  await expect(contacts.list.getByText(filters)).toBeVisible();
  await contacts.goto(`/contacts?q=${book.word}`);
  await expect(contacts.count).toHaveText('Nobody found');
  await expect(contacts.list.getByText(filters)).toBeHidden();
});

test('a cursor that cannot be read leads back to the first page', async ({ book, contacts, guard, page }) => {
  guard.allow(/^400 GET \/contacts/);
  await book.add();
  await contacts.goto(`${book.list}&cursor=nonsense`);
  await expect(contacts.list.getByRole('alert')).toContainText('This cursor cannot be read.');
  await contacts.list.getByRole('link', { name: 'Back to the first page' }).click();
  await expect(page).toHaveURL(book.list);
  await expect(contacts.rows).toHaveCount(1);
});

test('a row shows the field that a search has found', async ({ book, contacts }) => {
  const phone = `+1 (${book.digits.slice(0, 3)}) ${book.digits.slice(3, 6)}-${book.digits.slice(6)}`;
  await book.add({ name: 'Ada', company: `${book.word} Engines`, phone, notes: `once\nsaw <b>${book.word}note` });
  for (const [search, field, marked] of [
    [book.digits, 'Phone: ', phone.slice(phone.indexOf('(') + 1)],
    [`${book.word}n`, 'Notes: ', `${book.word}n`],
    [`company:${book.word}`, 'Company: ', book.word],
  ] as const) {
    await contacts.goto(`/contacts?${new URLSearchParams({ q: search })}`);
    await expect(contacts.rows, search).toHaveCount(1);
    await expect(contacts.rows.first()).toContainText(field);
    await expect(contacts.rows.locator('mark')).toHaveText([marked]);
  }
});

test('a search with one typing error finds the word that was meant, and the list names it', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada ${book.word}` });
  const mistyped = `${book.word.slice(0, -1)}e`;
  await contacts.goto(`/contacts?q=${mistyped}`);
  await expect(contacts.rows).toHaveText([new RegExp(`Ada ${book.word}`)]);
  await expect(contacts.count).toHaveText(`1 contact found for “${book.word}”`);
  // In a narrow list, the sentence ends before the links.
  await page.setViewportSize({ width: 800, height: 600 });
  const link = contacts.list.getByRole('link', { name: 'Import' });
  const end = (await contacts.count.boundingBox())!;
  expect(end.x + end.width).toBeLessThan((await link.boundingBox())!.x);
  expect(await contacts.count.evaluate((line) => line.scrollHeight <= line.clientHeight)).toBe(true);
});

test('a company leads to its people', async ({ book, contacts, page }) => {
  const company = `${book.word} & Sons`;
  await book.add({ name: `Bob ${book.word}`, company });
  const ada = await book.add({ name: `Ada ${book.word}`, company });
  await book.add({ name: `Cem ${book.word}` });
  await contacts.goto(`/contacts/${ada.id}`);
  await contacts.link('Colleagues').press('Enter');
  await expect(page).toHaveURL(`/contacts?q=company%3A%22${book.word}+%26+Sons%22`);
  await expect(contacts.rows).toHaveText([/Ada/, /Bob/]);
});
