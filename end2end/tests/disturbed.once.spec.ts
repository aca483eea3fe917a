import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { hold } from '../fixtures/routes.ts';
import type { ContactsPage } from '../pages/contacts.ts';

/** What others do to a page, each as it does it. */
const DISTURBANCES: Record<string, () => void> = {
  'a password manager puts an icon after each field': () => {
    for (const field of document.querySelectorAll('main input')) {
      const icon = document.createElement('div');
      icon.dataset.icon = '';
      field.after(icon);
    }
  },
  'a spelling checker puts its element before the notes': () => {
    const element = document.createElement('grammarly-extension');
    document.querySelector('main textarea')?.before(element);
  },
  'a translator wraps every text': () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: Text[] = [];
    while (texts.nextNode()) found.push(texts.currentNode as Text);
    for (const text of found) {
      if (text.data.trim() === '' || text.parentElement?.closest('script, style, textarea')) continue;
      const outer = document.createElement('font');
      const inner = outer.appendChild(document.createElement('font'));
      inner.textContent = text.data;
      text.replaceWith(outer);
    }
  },
  'a link maker makes links of numbers': () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: Text[] = [];
    while (texts.nextNode()) found.push(texts.currentNode as Text);
    for (const text of found) {
      if (!/\d{3}/.test(text.data) || text.parentElement?.closest('script, style, textarea')) continue;
      const link = document.createElement('span');
      link.textContent = text.data;
      text.replaceWith(link);
    }
  },
  'an extension puts an element before everything': () => {
    for (const element of document.querySelectorAll('main, main section, main form')) {
      element.prepend(document.createElement('div'));
    }
  },
  'an extension changes attributes only': () => {
    for (const field of document.querySelectorAll('main input, main textarea')) {
      field.setAttribute('data-lpignore', 'true');
      field.classList.add('watched');
    }
  },
  'a proxy strips comments': () => {
    const comments = document.createTreeWalker(document.body, NodeFilter.SHOW_COMMENT);
    const found: ChildNode[] = [];
    while (comments.nextNode()) found.push(comments.currentNode as ChildNode);
    for (const comment of found) comment.remove();
  },
};

/** Only attributes: nothing that hydration counts. */
const HARMLESS = 'an extension changes attributes only';

/** Opens a page and holds its WebAssembly back until it is let go. */
async function gotoAsleep(page: Page, address: string): Promise<() => void> {
  const { letGo } = await hold(page, '**/pkg/*.wasm');
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  return letGo;
}

/** What the WebAssembly does where it meets what it cannot go on with. */
async function trap(page: Page): Promise<void> {
  await page.evaluate(() => {
    const error = new WebAssembly.RuntimeError('unreachable');
    dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
  });
}

async function expectStopped(contacts: ContactsPage): Promise<void> {
  await expect(contacts.stopped).toBeVisible();
  await expect(contacts.page.locator('html')).not.toHaveAttribute('data-hydrated');
}

test('a page that nobody has touched wakes up as it was drawn', async ({ book, contacts, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000', company: 'B', notes: '\n\n<b> & "c"' });
  await book.addMany(55);
  const gone = await book.add({ name: `Gone ${book.word}` });
  await book.delete(gone.id);
  for (const address of [
    '/contacts',
    book.list,
    '/contacts?q=nobody-is-called-so',
    `${book.list}&deleted=${gone.id}`,
    book.beside('/new'),
    book.beside(`/${ada.id}`),
    book.beside(`/${ada.id}/edit`),
    `${book.beside(`/${ada.id}`)}&merged=name.phone`,
    '/dashboard',
  ]) {
    await contacts.goto(address);
    await expect(page.locator('html'), address).toHaveAttribute('data-hydrated', 'as-drawn');
  }
});

for (const [what, disturb] of Object.entries(DISTURBANCES)) {
  test(`${what} before the page is alive: it works`, async ({ book, contacts, page }) => {
    await book.add({ name: `Grace ${book.word}`, email: `555123@${book.word}.example` });
    const wake = await gotoAsleep(page, book.beside('/new'));
    await contacts.fill({ name: `Ada ${book.word}`, notes: 'First\nsecond' });
    await contacts.field('Email').focus();
    await page.evaluate(disturb);
    wake();
    await contacts.ready();
    const how = what === HARMLESS ? 'as-drawn' : 'anew';
    await expect(page.locator('html')).toHaveAttribute('data-hydrated', how);

    await contacts.expectFields({ name: `Ada ${book.word}`, notes: 'First\nsecond' });
    await expect(contacts.field('Email')).toBeFocused();
    await contacts.fill({ email: `ada@${book.word}.example` });
    await contacts.button('Add contact').click();
    await expect(contacts.title).toHaveText(`Ada ${book.word}`);
    await expect(contacts.rows).toHaveCount(2);
    await contacts.search.fill(`${book.word} grace`);
    await expect(contacts.count).toHaveText('1 contact found');
    await contacts.row('Grace').click();
    await expect(contacts.title).toHaveText(`Grace ${book.word}`);
    expect((await book.names()).sort()).toEqual([`Ada ${book.word}`, `Grace ${book.word}`]);
  });

  test(`${what} while the page is alive: a contact is created once and shown`, async ({
    book,
    contacts,
    guard,
    page,
  }) => {
    guard.allow(/^uncaught: /);
    await contacts.goto(book.beside('/new'));
    await page.evaluate(disturb);
    await contacts.fill({ ...book.draft(), notes: 'First\nsecond' });
    await contacts.button('Add contact').click();
    const shown = contacts.title.filter({ hasText: `Ada ${book.word}` });
    await expect(shown.or(contacts.stopped).first()).toBeVisible();
    if (await contacts.stopped.isVisible()) {
      await expectStopped(contacts);
      await contacts.expectFields({ name: `Ada ${book.word}`, notes: 'First\nsecond' });
      await contacts.button('Add contact').click();
    }
    await expect(contacts.title).toHaveText(`Ada ${book.word}`);
    await contacts.ready();
    expect(await book.names()).toEqual([`Ada ${book.word}`]);
  });
}

test('the count changes after a translation', async ({ book, contacts, page }) => {
  await book.add();
  await contacts.goto(book.list);
  await page.evaluate(DISTURBANCES['a translator wraps every text']!);
  await contacts.search.fill('nobody-is-called-so');
  await expect(contacts.count).toHaveText('Nobody found');
  await contacts.search.fill(book.word);
  await expect(contacts.count).toHaveText('1 contact found');
});

test('a page that has stopped says so and works as one without scripts', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add();
  await contacts.goto(book.list);
  await trap(page);
  await expectStopped(contacts);
  await expect(contacts.stopped).toContainText('This page has stopped working');
  await page.evaluate(() => Object.assign(window, { stillHere: true }));
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await page.evaluate(() => 'stillHere' in window), 'the link loads a page').toBe(false);
  await contacts.ready();
  await expect(contacts.stopped).toHaveCount(0);
});

test('a panic in the browser stops the page', async ({ book, contacts, guard, page }) => {
  guard.expect(/^uncaught: /);
  const wake = await gotoAsleep(page, book.beside('/new'));
  await contacts.fill(book.draft());
  // An island cannot read its data.
  await page.locator('#page-data').evaluate((data) => (data.textContent = '{}'));
  wake();
  await expectStopped(contacts);
  await contacts.expectFields(book.draft());
  await page.unroute('**/pkg/*.wasm');
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('a form of a page that has stopped is sent, with what was typed', async ({
  book,
  contacts,
  page,
}) => {
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ ...book.draft(), notes: 'First\nsecond' });
  await trap(page);
  await expectStopped(contacts);
  await contacts.expectFields({ name: `Ada ${book.word}`, notes: 'First\nsecond' });
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('reloading a page that has stopped brings back what was typed', async ({
  book,
  contacts,
  page,
}) => {
  const asked: string[] = [];
  page.on('dialog', async (dialog) => {
    asked.push(dialog.type());
    await dialog.accept();
  });
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ ...book.draft(), notes: 'First\nsecond' });
  await contacts.welcome.uncheck();
  await trap(page);
  await contacts.stopped.getByRole('button', { name: 'Reload' }).click();
  await expect(contacts.stopped).toHaveCount(0);
  await contacts.ready();
  await contacts.expectFields({ ...book.draft(), notes: 'First\nsecond' });
  await expect(contacts.welcome).not.toBeChecked();
  expect(asked).toEqual([]);
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
  // It is brought back once.
  await contacts.goto(book.beside('/new'));
  await contacts.expectFields({ name: '', notes: '' });
});

test('an edit that is reloaded still knows what it started from', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add({ phone: '111', company: 'Old' });
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ company: 'Mine' });
  await trap(page);
  await book.change(ada.id, { phone: '112' });
  await contacts.stopped.getByRole('button', { name: 'Reload' }).click();
  await expect(contacts.stopped).toHaveCount(0);
  await contacts.ready();
  await contacts.button('Save').click();
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.read(ada.id)).toMatchObject({ phone: '112', company: 'Mine' });
});

test('leaving a page that has stopped asks while something typed is not saved', async ({
  book,
  contacts,
  page,
}) => {
  await book.add();
  const asked: string[] = [];
  page.on('dialog', async (dialog) => {
    asked.push(dialog.type());
    await dialog.dismiss();
  });
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ notes: 'Long text' });
  await trap(page);
  await expectStopped(contacts);
  await contacts.row('Ada').click();
  await expect.poll(() => asked).toEqual(['beforeunload']);
  await contacts.expectFields({ notes: 'Long text' });
});

test('“Back” in a page that has stopped shows what the address names', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add();
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await trap(page);
  await expectStopped(contacts);
  await page.goBack();
  await expect(contacts.stopped).toHaveCount(0);
  await contacts.ready();
  await expect(contacts.pane).toContainText('Choose a contact');
});

test('a dashboard that has stopped asks no more and says so', async ({ contacts, page }) => {
  await contacts.goto('/dashboard');
  const look = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  const asks = page.waitForRequest((request) => request.resourceType() === 'fetch');
  await look();
  await asks;

  await trap(page);
  await expectStopped(contacts);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.resourceType()));
  await look();
  await page.getByRole('link', { name: '24 hours' }).click();
  await expect(contacts.stopped).toHaveCount(0);
  await expect(page).toHaveURL(/range=/);
  // The link was followed, and nothing was asked before.
  expect(asked[0]).toBe('document');
});

test('a dashboard that was disturbed is alive', async ({ contacts, page }) => {
  const wake = await gotoAsleep(page, '/dashboard');
  await page.evaluate(DISTURBANCES['a translator wraps every text']!);
  wake();
  await contacts.ready();
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'anew');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
});
