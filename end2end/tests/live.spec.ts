import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';
import { ContactsPage } from '../pages/contacts.ts';

/** In milliseconds. A page counts seconds between its refreshes; here they are shorter, so that no test waits long. */
const SECOND = 250;

test.beforeEach(async ({ context }) => {
  await context.addInitScript((second) => {
    const { setTimeout } = window;
    const shortened = (call: TimerHandler, after?: number, ...given: unknown[]) =>
      setTimeout(call, after === 1000 ? second : after, ...given);
    window.setTimeout = shortened as typeof setTimeout;
  }, SECOND);
});

/** What the browser tells a page when its tab is hidden or shown. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(pretend, hidden);
}

function pretend(hidden: boolean): void {
  Object.defineProperties(document, {
    hidden: { configurable: true, value: hidden },
    visibilityState: { configurable: true, value: hidden ? 'hidden' : 'visible' },
  });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

/** Waits until the page has heard of the server, so that what comes next is a change. */
async function listening(contacts: ContactsPage, address: string): Promise<void> {
  const stream = contacts.page.waitForResponse(/\/live\?/);
  await contacts.goto(address);
  await stream;
}

async function top(locator: Locator): Promise<number> {
  return Math.round((await locator.boundingBox())?.y ?? Number.NaN);
}

test('what others add, change, delete and restore shows in the list', async ({ book, contacts }) => {
  await book.add();
  await listening(contacts, book.list);
  const grace = await book.add({ name: `Grace ${book.word}` });
  await expect(contacts.row('Grace')).toBeVisible();
  await expect(contacts.count).toHaveText('2 contacts found');
  await book.change(grace.id, { name: `Zora ${book.word}` });
  await expect(contacts.row('Zora')).toBeVisible();
  await book.delete(grace.id);
  await expect(contacts.row('Zora')).toHaveCount(0);
  await expect(contacts.count).toHaveText('1 contact found');
  await book.restore(grace.id);
  await expect(contacts.row('Zora')).toBeVisible();
});

test('two pages show what is done in either', async ({ book, contacts, context }) => {
  const ada = await book.add();
  await listening(contacts, book.beside(`/${ada.id}`));
  const other = new ContactsPage(await context.newPage(), true);
  await other.goto(book.beside(`/${ada.id}`));

  await other.link('Edit').click();
  await other.fill({ name: `Bertha ${book.word}`, notes: 'Called back' });
  await other.button('Save').click();
  await expect(contacts.title).toHaveText(`Bertha ${book.word}`);
  await expect(contacts.pane.getByText('Called back')).toBeVisible();
  await expect(contacts.row('Bertha')).toBeVisible();
  await expect(contacts.page).toHaveTitle(`Bertha ${book.word} · Kith`);

  await contacts.new.click();
  await contacts.fill(book.draft({ name: `Carl ${book.word}` }));
  await contacts.button('Add contact').click();
  await expect(other.row('Carl')).toBeVisible();
  await contacts.button('Delete').click();
  await expect(other.row('Carl')).toHaveCount(0);
  await contacts.undo.click();
  await expect(other.row('Carl')).toBeVisible();
});

test('activities of an open contact come by themselves', async ({ book, contacts }) => {
  await listening(contacts, book.beside('/new'));
  await contacts.fill(book.draft());
  await contacts.welcome.setChecked(true);
  await contacts.button('Add contact').click();
  await expect(contacts.activities.filter({ hasText: 'sent' })).toBeVisible({ timeout: 30_000 });
});

test('the rows in view stay where they are', async ({ book, contacts, page }) => {
  await book.addMany(70);
  await listening(contacts, book.list);
  const row = contacts.row(`${book.word} 060`);
  // The second page of the list is loaded on the way.
  await expect(async () => {
    await page.locator('.rows').evaluate((rows) => rows.scrollTo({ top: rows.scrollHeight }));
    await expect(row).toBeInViewport({ timeout: 500 });
  }).toPass();
  await page.locator('.rows').evaluate((rows) => rows.scrollBy({ top: -100 }));
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(painted)));
  const before = await top(row);

  await book.add({ name: `${book.word} 000` });
  await expect(contacts.count).toHaveText('71 contacts found');
  await expect.poll(() => top(row)).toBe(before);
});

test('the focus, a selection and what is typed stay', async ({ book, contacts, page }) => {
  const ada = await book.add({ notes: 'Met in London' });
  const grace = await book.add({ name: `Grace ${book.word}` });
  await listening(contacts, book.beside(`/${ada.id}`));
  await contacts.row('Grace').focus();
  await book.change(grace.id, { name: `Greta ${book.word}` });
  await expect(contacts.row('Greta')).toBeFocused();

  await contacts.pane.getByText('Met in London').selectText();
  await contacts.link('Edit').focus();
  await book.add({ name: `Carl ${book.word}` });
  await expect(contacts.row('Carl')).toBeVisible();
  expect(await page.evaluate(() => String(getSelection()))).toBe('Met in London');
  await expect(contacts.link('Edit')).toBeFocused();

  await book.change(ada.id, { phone: '+1 555 0100' });
  await expect(contacts.link('Call')).toBeVisible();
  await expect(contacts.link('Edit')).toBeFocused();
  await contacts.button('Delete').focus();
  await book.change(ada.id, { phone: '' });
  await expect(contacts.link('Call')).toHaveCount(0);
  await expect(contacts.button('Delete')).toBeFocused();

  // One letter more would be forgiven.
  await contacts.search.pressSequentially('xz');
  await expect(contacts.rows).toHaveCount(0);
  await contacts.search.press('Backspace');
  await contacts.search.press('Backspace');
  await book.add({ name: `Dora ${book.word}` });
  await expect(contacts.row('Dora')).toBeVisible();
  await expect(contacts.search).toHaveValue(book.word);
  await expect(contacts.search).toBeFocused();
});

test('a change is no news for a screen reader', async ({ book, contacts, page }) => {
  await book.add();
  await listening(contacts, book.list);
  await contacts.count.evaluate((count) => {
    const told: (string | null)[] = [];
    Object.assign(window, { told });
    new MutationObserver(() => told.push(count.getAttribute('aria-live'))).observe(count, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  await book.add({ name: `Grace ${book.word}` });
  await expect(contacts.count).toHaveText('2 contacts found');
  const told = () => page.evaluate(() => (window as unknown as { told: unknown[] }).told);
  expect([...new Set(await told())]).toEqual(['off']);
  await expect(contacts.count).not.toHaveAttribute('aria-live');
});

test('a form shows that others changed its contact, keeps what is typed, and saves both', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add({ notes: 'Old' });
  await listening(contacts, book.beside(`/${ada.id}/edit`));
  await contacts.field('Notes').fill('Mine');
  await book.change(ada.id, { phone: '+1 555 0100' });
  const status = contacts.pane.getByRole('status').filter({ hasText: 'changed by somebody else' });
  await expect(status).toBeVisible();
  await expect(contacts.field('Notes')).toBeFocused();
  await contacts.expectFields({ notes: 'Mine', phone: '' });
  await audit(page);

  // What was typed waits until the form is open again.
  await status.getByRole('link', { name: 'Show it as it is now' }).click();
  await expect(contacts.link('+1 555 0100')).toBeVisible();
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Mine', phone: '' });
  await contacts.button('Save').click();
  await expect(contacts.pane.getByText('both changes are kept')).toBeVisible();
  expect(await book.read(ada.id)).toMatchObject({ notes: 'Mine', phone: '+1 555 0100' });
});

test('a form that was told of a change meets the conflict when it is saved', async ({
  book,
  contacts,
  guard,
}) => {
  guard.allow(/^412 POST/);
  const ada = await book.add({ notes: 'Old' });
  await listening(contacts, book.beside(`/${ada.id}/edit`));
  await contacts.field('Notes').fill('Mine');
  await book.change(ada.id, { notes: 'Theirs' });
  const status = contacts.pane.getByText('changed by somebody else');
  await expect(status).toBeVisible();
  await contacts.button('Save').click();
  await expect(contacts.problem).toContainText('Theirs');
  await contacts.expectFields({ notes: 'Mine' });
  // The form starts from the change now, so it shows a later change again.
  await book.add({ name: `Grace ${book.word}` });
  await expect(contacts.row('Grace')).toBeVisible();
  await expect(status).toHaveCount(0);
});

test('a form shows that its contact is in the trash, and restores it', async ({
  book,
  contacts,
  guard,
}) => {
  guard.expect(/^404 POST/);
  const ada = await book.add();
  await listening(contacts, book.beside(`/${ada.id}/edit`));
  await contacts.field('Notes').fill('Mine');
  await book.delete(ada.id);
  await expect(contacts.pane.getByText('moved to the trash by somebody else')).toBeVisible();
  await contacts.expectFields({ notes: 'Mine' });
  await contacts.button('Save').click();
  await contacts.button('Restore and save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect((await book.read(ada.id)).notes).toBe('Mine');
});

test('an open contact that others delete leaves the page, with an undo', async ({
  book,
  contacts,
  guard,
}) => {
  guard.allow(/^404 POST/);
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await listening(contacts, book.beside(`/${ada.id}`));
  await contacts.search.focus();
  await book.delete(ada.id);
  await expect(contacts.notice).toContainText(ada.name);
  await expect(contacts.row('Ada')).toHaveCount(0);
  await expect(contacts.title).toHaveCount(0);
  await expect(contacts.search).toBeFocused();
  await contacts.undo.click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.row('Ada')).toBeVisible();
});

test('the offer to undo ends when others have restored the contact', async ({ book, contacts }) => {
  const ada = await book.add();
  await listening(contacts, book.beside(`/${ada.id}`));
  await contacts.button('Delete').click();
  await expect(contacts.notice).toContainText(ada.name);
  await book.restore(ada.id);
  await expect(contacts.row('Ada')).toBeVisible();
  await expect(contacts.notice).toHaveCount(0);
});

test('a hidden page asks for nothing, and catches up when it is shown', async ({
  book,
  contacts,
  context,
  page,
}) => {
  await book.add();
  await listening(contacts, book.list);
  const other = new ContactsPage(await context.newPage(), true);
  await listening(other, book.list);

  await setHidden(page, true);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await book.add({ name: `Grace ${book.word}` });
  await expect(other.row('Grace')).toBeVisible();
  await book.add({ name: `Carl ${book.word}` });
  await expect(other.row('Carl')).toBeVisible();
  expect(asked).toEqual([]);
  await expect(contacts.rows).toHaveCount(1);

  await setHidden(page, false);
  await expect(contacts.rows).toHaveCount(3);
  expect(asked).toContain('/live');
});

for (const [proxy, answer] of [
  ['that has no place', { status: 204 }],
  ['behind a proxy that holds it back', null],
  ['that is refused', { status: 503 }],
] as const) {
  test(`a page with a stream ${proxy} polls`, async ({ book, contacts, page }) => {
    await book.add();
    let streams = 0;
    await page.route('**/live?*', async (route) => {
      streams += 1;
      if (answer !== null) {
        await route.fulfill(answer);
      }
    });
    await contacts.goto(book.list);
    await expect.poll(() => streams).toBe(1);
    await book.add({ name: `Grace ${book.word}` });
    await expect(contacts.row('Grace')).toBeVisible();
    await book.add({ name: `Carl ${book.word}` });
    await expect(contacts.row('Carl')).toBeVisible();
  });
}

test('a stream that was cut goes on where it was', async ({ book, contacts, page }) => {
  await book.add();
  let streams = 0;
  await page.route('**/live?*', async (route) => {
    streams += 1;
    if (streams > 2) {
      return route.continue();
    }
    const body = 'retry: 100\nid: 1\nevent: hello\ndata: 1\n\n';
    return route.fulfill({ contentType: 'text/event-stream', body });
  });
  await contacts.goto(book.list);
  await expect.poll(() => streams).toBeGreaterThan(2);
  await book.add({ name: `Grace ${book.word}` });
  await expect(contacts.row('Grace')).toBeVisible();
});

test('a change between the page and its stream is not missed', async ({ book, contacts, page }) => {
  await book.add();
  let isChanged = false;
  await page.route('**/live?*', async (route) => {
    if (!isChanged) {
      isChanged = true;
      await book.add({ name: `Grace ${book.word}` });
    }
    await route.continue();
  });
  await contacts.goto(book.list);
  await expect(contacts.row('Grace')).toBeVisible();
});

test('only the page that is visible has a stream, so seven all work', async ({ book, context }) => {
  const ada = await book.add();
  const tabs: ContactsPage[] = [];
  for (let number = 1; number <= 7; number++) {
    const shown = tabs.at(-1);
    if (shown !== undefined) {
      await setHidden(shown.page, true);
    }
    const tab = new ContactsPage(await context.newPage(), true);
    await listening(tab, book.list);
    tabs.push(tab);
  }
  for (const tab of tabs) {
    await tab.row('Ada').click();
    await expect(tab.title).toHaveText(ada.name);
  }
  await book.add({ name: `Grace ${book.word}` });
  await expect(tabs.at(-1)!.row('Grace')).toBeVisible();
  await setHidden(tabs.at(-1)!.page, true);
  await setHidden(tabs[0]!.page, false);
  await expect(tabs[0]!.row('Grace')).toBeVisible();
});

test('pages that are opened in the background have no stream', async ({ book, contacts, page }) => {
  await book.add();
  const streams: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/live') {
      streams.push(request.url());
    }
  });
  await page.addInitScript(pretend, true);
  await contacts.goto(book.list);
  // A page that is visible opens its stream within a second.
  const other = new ContactsPage(await page.context().newPage(), true);
  await listening(other, book.list);
  expect(streams).toEqual([]);
  await setHidden(page, false);
  await expect.poll(() => streams.length).toBe(1);
});
