import type { Request } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { painted } from '../fixtures/painted.ts';
import { hold } from '../fixtures/routes.ts';

test.use({ live: false });

test('the list narrows with every letter, and the address says so', async ({
  book,
  contacts,
  page,
}) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Adam ${book.word}` });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto('/contacts');
  await contacts.search.pressSequentially(book.word);
  await expect(contacts.rows).toHaveCount(3);
  await expect(contacts.count).toHaveText('3 contacts found');
  await contacts.search.pressSequentially(' ada');
  await expect(contacts.rows).toHaveCount(2);
  await expect(page).toHaveURL(`/contacts?q=${book.word}+ada`);
  await contacts.search.pressSequentially('m');
  await expect(contacts.rows).toHaveText([new RegExp(`Adam ${book.word}`)]);
  await expect(contacts.count).toHaveText('1 contact found');

  await contacts.reload();
  await expect(contacts.search).toHaveValue(`${book.word} adam`);
  await expect(contacts.rows).toHaveText([new RegExp(`Adam ${book.word}`)]);

  await contacts.search.fill('');
  await expect(page).toHaveURL('/contacts');
  await expect(contacts.count).toHaveText(/^[\d,]+ contacts$/);
});

test('typing makes no steps of history', async ({ book, contacts, page }) => {
  await book.add();
  await page.goto('/trash');
  await contacts.goto('/contacts');
  await contacts.search.pressSequentially(`${book.word} ada`, { delay: 150 });
  await expect(page).toHaveURL(`/contacts?q=${book.word}+ada`);
  await page.goBack();
  await expect(page).toHaveURL('/trash');
});

test('Enter searches at once', async ({ book, contacts, page }) => {
  await book.add();
  await contacts.goto('/contacts');
  await contacts.search.focus();
  // In one go, so that Enter comes before the pause in typing that starts a search by itself.
  await contacts.search.evaluate((input: HTMLInputElement, word) => {
    input.value = word;
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    input.form?.requestSubmit();
  }, book.word);
  await expect(contacts.rows).toHaveText([new RegExp(`Ada ${book.word}`)]);
  await expect(page).toHaveURL(book.list);
  await expect(contacts.search).toBeFocused();
});

test('the answer to the last question wins, however late an earlier one comes', async ({
  book,
  contacts,
  page,
}) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);

  const isFirst = (request: Request) => request.postDataJSON().search === `${book.word} ada`;
  const { asked, letGo } = await hold(page, '**/fn/contacts/list*', isFirst);
  await contacts.search.fill(`${book.word} ada`);
  const late = await asked;
  await contacts.search.fill(`${book.word} grace`);
  await expect(contacts.rows).toHaveText([/Grace/]);

  letGo();
  await (await late.response())?.finished();
  await painted(page);
  await expect(contacts.rows).toHaveText([/Grace/]);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(contacts.search).toHaveValue(`${book.word} grace`);
  await expect(page).toHaveURL(`/contacts?q=${book.word}+grace`);
  await expect(contacts.list.locator('[aria-busy]')).toHaveCount(0);
});

test('a fast typist loses no letter to the answers', async ({ book, contacts, page }) => {
  await book.add({ name: `Ada Lovelace ${book.word}` });
  await contacts.goto('/contacts');
  const text = `${book.word} ada lovelace`;
  await contacts.search.pressSequentially(text, { delay: 40 });
  await expect(contacts.search).toHaveValue(text);
  await expect(contacts.rows).toHaveCount(1);
  await expect(contacts.search).toHaveValue(text);
  await expect(page).toHaveURL(`/contacts?q=${book.word}+ada+lovelace`);
});

test('opening a contact right after typing keeps the search', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.list);
  await contacts.search.press('End');
  await contacts.search.pressSequentially(' ada');
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.search).toHaveValue(`${book.word} ada`);
  await expect(page).toHaveURL(`/contacts/${ada.id}?q=${book.word}+ada`);
});
