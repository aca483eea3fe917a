import { expect, test } from '../fixtures/app.ts';

/** Names of many scripts and kinds, with their initials. */
const NAMES: Record<string, string> = {
  'Ada Lovelace': 'AL',
  'ACME Corp. (billing)': 'AC',
  'élodie Zola': 'ÉZ',
  'ßmann': 'SS',
  'лев Толстой': 'ЛТ',
  'محمد الحسيني': 'ما',
  'नेहा शर्मा': 'नश',
  '李 小龍': '李小',
  '𐐨𐐩 𐐪': '𐐀𐐂',
  'Room 101': 'R1',
  'Ⅻ Ⅷ': 'ⅫⅧ',
  '… ।': '',
};

test('initials are the same from the server and in the browser', async ({ book, contacts }) => {
  for (const name of Object.keys(NAMES)) {
    await book.add({ name });
  }
  const initials = async () =>
    Object.fromEntries(
      await contacts.rows.evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector('bdi')!.textContent,
          // Leptos draws an empty text as a space.
          row.querySelector('.avatar')!.textContent.trim(),
        ]),
      ),
    );
  await contacts.goto(book.list);
  expect(await initials()).toEqual(NAMES);
  // The list is emptied, so that the browser draws each row anew.
  await contacts.search.fill(`${book.word} nobody`);
  await expect(contacts.count).toHaveText('Nobody found');
  await contacts.search.fill(book.word);
  await expect(contacts.rows).toHaveCount(Object.keys(NAMES).length);
  expect(await initials()).toEqual(NAMES);
});
