import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { hold } from '../fixtures/routes.ts';
import type { ContactsPage } from '../pages/contacts.ts';

test.use({ live: false });

/** How far the list is scrolled. */
const scrolled = (page: Page) => page.locator('.rows').evaluate((rows) => rows.scrollTop);

test('a reload shows the list around the open contact, and both ways lead on', async ({
  book,
  contacts,
  page,
}) => {
  const added = await book.addMany(170);
  const row = (number: string) => contacts.row(`${book.word} ${number}`);
  await contacts.goto(book.beside(`/${added[119]!.id}`));
  await expect(row('120')).toHaveAttribute('aria-current', 'true');
  await expect(row('120')).toBeInViewport({ ratio: 0.9 });
  await contacts.reload();
  await expect(row('120')).toHaveAttribute('aria-current', 'true');
  await expect(row('120')).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.count).toHaveText('170 contacts found');
  await expect(row('120').locator('xpath=..')).toHaveAttribute('aria-posinset', '120');

  await page.locator('.rows').hover();
  await expect(async () => {
    await page.mouse.wheel(0, -700);
    await expect(row('001')).toBeInViewport({ timeout: 50 });
  }).toPass();
  await expect(contacts.list.getByRole('link', { name: 'Back to the first page' })).toHaveCount(0);
  await expect(async () => {
    await page.mouse.wheel(0, 1500);
    await expect(row('170')).toBeInViewport({ timeout: 50 });
  }).toPass();
  await expect(contacts.title).toHaveText(`${book.word} 120`);
});

test('a page that comes above moves nothing in view', async ({ book, contacts, page }) => {
  // The first of its page, so that the page before it is asked for at once.
  const added = await book.addMany(120);
  const { asked, letGo } = await hold(page, '**/fn/contacts/list*');
  await contacts.goto(book.beside(`/${added[50]!.id}`));
  const row = contacts.row(`${book.word} 051`);
  await expect(row).toBeInViewport({ ratio: 0.9 });
  const late = await asked;
  const before = (await row.boundingBox())!.y;
  letGo();
  await (await late.response())!.finished();
  // The page has not scrolled, so it is above the view.
  await expect(contacts.row(`${book.word} 050`)).toBeAttached();
  expect((await row.boundingBox())!.y).toBeCloseTo(before, 0);
});

test('a fresh load through Back shows the place too', async ({ book, contacts, page }) => {
  const added = await book.addMany(130);
  await contacts.goto(book.beside(`/${added[119]!.id}`));
  await page.getByRole('link', { name: 'Trash' }).click();
  await expect(page).toHaveURL('/trash');
  await page.goBack();
  await contacts.ready();
  const row = contacts.row(`${book.word} 120`);
  await expect(row).toHaveAttribute('aria-current', 'true');
  await expect(row).toBeInViewport({ ratio: 0.9 });
});

test('“back” across a search shows the contact that was open in its list', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(130);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(contacts.rows.first()).toBeFocused();
  await page.keyboard.press('End');
  await expect(contacts.row(`${book.word} 130`)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(contacts.title).toHaveText(`${book.word} 130`);
  await contacts.row(`${book.word} 129`).click();
  await expect(contacts.title).toHaveText(`${book.word} 129`);
  await contacts.search.fill(`${book.word} 001`);
  await expect(contacts.rows).toHaveCount(1);
  await page.goBack();
  await expect(contacts.title).toHaveText(`${book.word} 130`);
  await expect(contacts.row(`${book.word} 130`)).toBeInViewport({ ratio: 0.9 });
});

test('“Back to the first page” does so in place', async ({ book, contacts, page }) => {
  const added = await book.addMany(260);
  await contacts.goto(book.beside(`/${added[219]!.id}`));
  await expect(contacts.row(`${book.word} 220`)).toBeInViewport({ ratio: 0.9 });
  const link = contacts.list.getByRole('link', { name: 'Back to the first page' });
  await link.evaluate((link: HTMLElement) => link.click());
  await expect(contacts.row(`${book.word} 001`)).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.title).toHaveText(`${book.word} 220`);
  await expect(page).toHaveURL(book.beside(`/${added[219]!.id}`));
});

/** Opens the contact of this number, far down in a list. */
async function openFarDown(
  { contacts, page }: { contacts: ContactsPage; page: Page },
  word: string,
  number: string,
): Promise<void> {
  await contacts.search.press('ArrowDown');
  await expect(contacts.rows.first()).toBeFocused();
  await page.keyboard.press('End');
  await expect(contacts.row(`${word} 230`)).toBeFocused();
  await page.locator('.rows').hover();
  await expect(async () => {
    await page.mouse.wheel(0, -400);
    await expect(contacts.row(`${word} ${number}`)).toBeInViewport({ ratio: 1, timeout: 50 });
  }).toPass();
  await contacts.row(`${word} ${number}`).click();
  await expect(contacts.title).toHaveText(`${word} ${number}`);
}

test('saving far down leaves the list as long and as scrolled as it was', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(230);
  await contacts.goto(book.list);
  await openFarDown({ contacts, page }, book.word, '150');
  const before = await scrolled(page);
  const height = await page.locator('.rows').evaluate((rows) => rows.scrollHeight);
  const asked: string[] = [];
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/fn/contacts/list')) {
      asked.push(response.request().postData() ?? '');
      sizes.push(response.json().then((list) => list.rows.length));
    }
  });
  await contacts.link('Edit').click();
  await contacts.fill({ name: `${book.word} 150 renamed`, phone: '020 7946' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`${book.word} 150 renamed`);
  await expect(contacts.row('150 renamed')).toBeInViewport();
  await expect(contacts.row('150 renamed')).toHaveAttribute('aria-current', 'true');
  await expect.poll(() => asked.length).toBe(1);
  expect(await Promise.all(sizes)).toEqual([50]);
  expect(await scrolled(page)).toBeCloseTo(before, 0);
  expect(await page.locator('.rows').evaluate((rows) => rows.scrollHeight)).toBe(height);
});

/** Opens the contact of this number, a multiple of 25, in a list of which all before it is loaded. */
async function openBehindAll(contacts: ContactsPage, word: string, number: number): Promise<void> {
  const row = (index: number) => contacts.row(`${word} ${String(index).padStart(3, '0')}`);
  for (let index = 25; index <= number; index += 25) {
    await row(index).scrollIntoViewIfNeeded();
    // A page that is not there yet comes now, and no jump takes its place.
    await expect(row(index + 25)).toBeAttached();
  }
  await row(number).click();
  await expect(contacts.title).toHaveText(`${word} ${number}`);
}

test('a contact that is renamed moves to its new place, and the others stay in view', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(230);
  await contacts.goto(book.list);
  await openBehindAll(contacts, book.word, 150);
  const other = contacts.row(`${book.word} 149`);
  const before = (await other.boundingBox())!.y;
  await contacts.link('Edit').click();
  await contacts.fill({ name: `${book.word} 000 first` });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`${book.word} 000 first`);
  await expect(contacts.row('000 first')).toHaveCount(1);
  // It stands before the others now; they have not moved.
  await expect(other.locator('xpath=..')).toHaveAttribute('aria-posinset', '150');
  expect((await other.boundingBox())!.y).toBeCloseTo(before, 0);
  await page.locator('.rows').evaluate((rows) => rows.scrollTo(0, 0));
  await expect(contacts.rows.first()).toHaveText(/000 first/);
  await expect(contacts.rows.nth(1)).toHaveText(new RegExp(`${book.word} 001`));
  await expect(contacts.count).toHaveText('230 contacts found');
});

test('a contact that no longer matches the search leaves the list', async ({
  book,
  contacts,
}) => {
  const added = await book.addMany(3);
  await contacts.goto(book.beside(`/${added[1]!.id}/edit`));
  await contacts.fill({ name: 'Somebody else', email: 'else@example.com' });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText('Somebody else');
  await expect(contacts.rows).toHaveText([/001/, /003/]);
  await expect(contacts.count).toHaveText('2 contacts found');
});

test('a new contact is in view in its place', async ({ book, contacts }) => {
  await book.addMany(230);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ name: `${book.word} 180 b`, email: `b@${book.word}.example` });
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`${book.word} 180 b`);
  await expect(contacts.row('180 b')).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.row('180 b')).toHaveAttribute('aria-current', 'true');
  await expect(contacts.row('180 b').locator('xpath=..')).toHaveAttribute('aria-posinset', '181');
  await expect(contacts.count).toHaveText('231 contacts found');
});

test('a page with others before it stands with its first row at the top', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(120);
  await contacts.goto(book.list);
  const next = contacts.list.getByRole('link', { name: 'Show more', includeHidden: true });
  await contacts.goto((await next.getAttribute('href'))!);
  const top = (await page.locator('.rows').boundingBox())!.y;
  const y = async () => (await contacts.row(`${book.word} 051`).boundingBox())!.y - top;
  await expect.poll(y).toBeCloseTo(0, 0);
  // The page before has come, and nothing has moved.
  await expect(contacts.row(`${book.word} 050`)).toBeAttached();
  await expect.poll(y).toBeCloseTo(0, 0);
});

test('a deletion above the view moves nothing in it', async ({ book, contacts, page }) => {
  await book.addMany(120);
  await contacts.goto(book.list);
  await contacts.row(`${book.word} 002`).click();
  await expect(contacts.title).toHaveText(`${book.word} 002`);
  await page.locator('.rows').evaluate((rows) => rows.scrollTo(0, 1000));
  const other = contacts.row(`${book.word} 030`);
  const before = (await other.boundingBox())!.y;
  await contacts.button('Delete').click();
  await expect(contacts.count).toHaveText('119 contacts found');
  await expect(other.locator('xpath=..')).toHaveAttribute('aria-posinset', '29');
  expect((await other.boundingBox())!.y).toBeCloseTo(before, 0);
});

test('a page that is older than a deletion brings nothing back', async ({
  book,
  contacts,
  page,
}) => {
  await book.addMany(120);
  await contacts.goto(book.list);
  await contacts.row(`${book.word} 002`).click();
  await expect(contacts.title).toHaveText(`${book.word} 002`);
  let isAnswered = () => {};
  const answered = new Promise<void>((resolve) => (isAnswered = resolve));
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  // The next page is read before the deletion, and comes after it.
  await page.route(
    '**/fn/contacts/list*',
    async (route) => {
      const response = await route.fetch();
      isAnswered();
      await held;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await page.locator('.rows').evaluate((rows) => rows.scrollTo(0, 1200));
  await answered;
  await contacts.button('Delete').click();
  await expect(contacts.count).toHaveText('119 contacts found');
  letGo();
  await expect(contacts.row(`${book.word} 060`).locator('xpath=..')).toHaveAttribute(
    'aria-posinset',
    '59',
  );
  await expect(contacts.count).toHaveText('119 contacts found');
});

test('deleting a contact that the search does not find leaves what it finds', async ({
  book,
  contacts,
}) => {
  const ada = await book.add();
  await book.add({ name: `Bob ${book.word}` });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.search.fill(`${book.word} bob`);
  await expect(contacts.rows).toHaveText([/Bob/]);
  await contacts.button('Delete').click();
  await expect(contacts.notice).toContainText(ada.name);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(contacts.list.getByRole('link', { name: 'Print the list' })).toBeVisible();
});

test('deleting a contact before the rows that are loaded counts them anew', async ({
  book,
  contacts,
}) => {
  const added = await book.addMany(120);
  await contacts.goto(book.beside(`/${added[99]!.id}/edit`));
  await contacts.fill({ name: `${book.word} 000` });
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(`${book.word} 000`);
  const row = contacts.row(`${book.word} 099`).locator('xpath=..');
  await expect(row).toHaveAttribute('aria-posinset', '100');
  await contacts.button('Delete').click();
  await expect(contacts.count).toHaveText('119 contacts found');
  await expect(row).toHaveAttribute('aria-posinset', '99');
});

test('a contact behind the rows that are loaded is counted no more once it is deleted', async ({
  book,
  contacts,
}) => {
  const added = await book.addMany(120);
  await contacts.goto(book.beside(`/${added[99]!.id}`));
  const link = contacts.list.getByRole('link', { name: 'Back to the first page' });
  await link.evaluate((link: HTMLElement) => link.click());
  await expect(contacts.row(`${book.word} 001`)).toBeInViewport({ ratio: 0.9 });
  await contacts.button('Delete').click();
  await expect(contacts.count).toHaveText('119 contacts found');
});
