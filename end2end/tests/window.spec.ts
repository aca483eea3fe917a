import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { painted } from '../fixtures/painted.ts';
import { hold } from '../fixtures/routes.ts';
import type { ContactsPage } from '../pages/contacts.ts';

/** More than a list has in the document at once. */
const MANY = 230;

/** Turns the wheel until a row is in view, never so fast that rows are passed over. */
async function wheelTo(contacts: ContactsPage, page: Page, name: string): Promise<void> {
  await page.locator('.rows').hover();
  await expect(async () => {
    await page.mouse.wheel(0, 1000);
    await expect(page.locator('.rows')).not.toHaveAttribute('aria-busy');
    await expect(contacts.row(name)).toBeInViewport({ timeout: 50 });
  }).toPass();
}

test('scrolling brings every contact, with few rows in the document', async ({ book, contacts, page }) => {
  const added = await book.addMany(MANY);
  await contacts.goto(book.list);
  const seen = new Map<string, string | null>();
  let most = 0;
  await contacts.rows.first().hover();
  await expect(async () => {
    await page.mouse.wheel(0, 500);
    await expect(page.locator('.rows')).not.toHaveAttribute('aria-busy');
    const rows = await contacts.rows.evaluateAll((rows) =>
      rows.map((row) => [
        new URL((row as HTMLAnchorElement).href).pathname,
        row.parentElement!.getAttribute('aria-posinset'),
      ]),
    );
    most = Math.max(most, rows.length);
    for (const [path, place] of rows) {
      seen.set(path!, place!);
    }
    expect(seen.size).toBe(MANY);
  }).toPass({ intervals: [50] });
  expect(most).toBeLessThan(150);
  expect(added.map((contact) => seen.get(`/contacts/${contact.id}`))).toEqual(
    added.map((_, index) => String(index + 1)),
  );
  await expect(contacts.list.getByRole('listitem').last()).toHaveAttribute('aria-setsize', String(MANY));
});

test('rows stand where they would stand among all of them', async ({ book, contacts, page }) => {
  await book.addMany(MANY);
  await contacts.goto(book.list);
  const list = page.locator('.rows');
  // The scroll bar is that of all of them from the start, also where most are not loaded yet.
  for (const y of [9999, 0, 5550, 3000, 9999, 5550]) {
    await expect
      .poll(() => list.evaluate((list) => Math.round(list.querySelector('ul')!.offsetHeight / 46)))
      .toBe(MANY);
    await list.evaluate((list, y) => list.scrollTo(0, y), y);
    await expect
      .poll(() =>
        list.evaluate((list) => {
          // Above the rows are the links to the pages before, if there are some.
          const top = list.querySelector('ul')!.getBoundingClientRect().top;
          const rows = [...list.querySelectorAll('li')];
          const y = (row: Element) => Math.round(row.getBoundingClientRect().top - top);
          const inView = rows.filter((row) => y(row) >= list.scrollTop - 100 && y(row) < list.scrollTop + 400);
          // How many rows are in view, and how many of them stand elsewhere.
          const astray = inView.filter((row) => y(row) !== (Number(row.ariaPosInSet) - 1) * 46);
          return [inView.length > 7, astray.length];
        }),
      )
      .toEqual([true, 0]);
  }
});

test('keys reach rows that are not in the document', async ({ book, contacts, page }) => {
  await book.addMany(MANY);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(row('001')).toBeFocused();
  await page.keyboard.press('End');
  await expect(row('230')).toBeFocused();
  await expect(row('230')).toBeInViewport({ ratio: 0.9 });
  await expect(row('001')).toHaveCount(0);
  await page.keyboard.press('ArrowUp');
  await expect(row('229')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(row('001')).toBeFocused();
  await expect(row('001')).toBeInViewport({ ratio: 0.9 });
  await expect(row('230')).toHaveCount(0);
  // A page is what fits, so that nothing is passed over.
  const fits = Math.floor((await page.locator('.rows').evaluate((rows) => rows.clientHeight)) / 46);
  for (let turn = 1; turn <= 5; turn++) {
    await page.keyboard.press('PageDown');
    const number = String(1 + turn * fits).padStart(3, '0');
    await expect(row(number)).toBeFocused();
    await expect(row(number)).toBeInViewport({ ratio: 0.9 });
  }
  await page.keyboard.press('PageUp');
  await expect(row(String(1 + 4 * fits).padStart(3, '0'))).toBeFocused();
});

test('the focus outlives scrolling, and arrows go on from there', async ({ book, contacts, page }) => {
  await book.addMany(MANY);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(row('002')).toBeFocused();
  await wheelTo(contacts, page, `${book.word} 230`);
  await expect(row('100')).toHaveCount(0);
  await expect(row('002')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(row('003')).toBeFocused();
  await expect(row('003')).toBeInViewport({ ratio: 0.9 });
});

test('Tab finds the row that was visited last, however far the list is scrolled', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(MANY);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.list);
  await row('003').click();
  await expect(contacts.title).toHaveText(`${book.word} 003`);
  await wheelTo(contacts, page, `${book.word} 230`);
  await contacts.list.getByRole('link', { name: 'Print the list' }).focus();
  await page.keyboard.press('Tab');
  await expect(row('003')).toBeFocused();
  await expect(row('003')).toBeInViewport({ ratio: 0.9 });
});

test('a contact far down is marked, and only that one', async ({ book, contacts, page }) => {
  const added = await book.addMany(MANY);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(contacts.row(`${book.word} 001`)).toBeFocused();
  await page.keyboard.press('End');
  await expect(contacts.row(`${book.word} 230`)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(`${book.word} 230`);
  const marked = contacts.list.locator('[aria-current]');
  await expect(marked).toHaveText(new RegExp(`${book.word} 230`));
  await contacts.row(`${book.word} 228`).click();
  await expect(marked).toHaveText(new RegExp(`${book.word} 228`));
  await expect(page).toHaveURL(book.beside(`/${added[227]!.id}`));
  // What a new tab opens is the same.
  await expect(marked).toHaveAttribute('href', book.beside(`/${added[227]!.id}`));
});

test('a key that leads to a loaded row comes before one that waits for a page', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(MANY);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(contacts.rows.first()).toBeFocused();
  const { asked, letGo } = await hold(page, '**/fn/contacts/list*');
  await page.keyboard.press('End');
  await asked;
  await page.keyboard.press('ArrowDown');
  await expect(contacts.row(`${book.word} 002`)).toBeFocused();
  const answered = page.waitForResponse('**/fn/contacts/list*');
  letGo();
  await answered;
  // A frame later, the answer would have been shown.
  await painted(page);
  await expect(contacts.row(`${book.word} 002`)).toBeFocused();
  await expect(contacts.row(`${book.word} 002`)).toBeInViewport({ ratio: 0.9 });
});

test('a list that is dragged to its end shows it, and a row there keeps the focus', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(MANY);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(row('001')).toBeFocused();
  const drag = (part: number) =>
    page.locator('.rows').evaluate((rows, part) => rows.scrollTo(0, rows.scrollHeight * part), part);
  await drag(1);
  await expect(row('230')).toBeInViewport({ ratio: 0.9 });
  await expect(row('001')).toHaveCount(0);
  // The row that had the focus is not loaded any more.
  await expect(contacts.list.locator('[data-row]:focus')).toBeInViewport();
  await drag(0);
  await expect(row('001')).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.list.locator('[data-row]:focus')).toHaveCount(1);
  await expect(contacts.list.getByRole('link', { name: 'Back to the first page' })).toHaveCount(0);
});
