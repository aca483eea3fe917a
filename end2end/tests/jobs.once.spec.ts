import type { Locator, Page } from '@playwright/test';
import type { Book } from '../fixtures/book.ts';
import { expect, test } from '../fixtures/app.ts';
import { Kith } from '../fixtures/kith.ts';
import { HALVES } from '../fixtures/picture.ts';
import { ContactsPage } from '../pages/contacts.ts';

test.use({ live: false });

/** Counts what a job asks of a reader: clicks, and keys other than the letters of what is written. */
class Hand {
  clicks = 0;
  keys = 0;

  constructor(private readonly page: Page) {}

  async click(target: Locator): Promise<void> {
    this.clicks += 1;
    await target.click();
  }

  async press(key: string): Promise<void> {
    this.keys += 1;
    await this.page.keyboard.press(key);
  }

  async write(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** One click opens the window in which a file is chosen. */
  async choose(field: Locator, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.click(field);
    await (await chooser).setFiles(file);
  }
}

interface Job {
  book: Book;
  contacts: ContactsPage;
  hand: Hand;
  page: Page;
}

/** A job of every day, which takes exactly so many clicks and keys. */
function job(name: string, clicks: number, keys: number, work: (job: Job) => Promise<void>): void {
  test(`${name}: ${clicks} clicks, ${keys} keys`, async ({ book, contacts, page }) => {
    const hand = new Hand(page);
    await work({ book, contacts, hand, page });
    expect({ clicks: hand.clicks, keys: hand.keys }).toEqual({ clicks, keys });
  });
}

/** Adds Ada with two others, and opens the list of the three. */
async function ada({ book, contacts }: Job, draft: Parameters<Book['add']>[0] = {}) {
  const added = await book.add({ phone: '+44 20 7946 0000', ...draft });
  await book.add({ name: `Bob ${book.word}` });
  await book.add({ name: `Cyd ${book.word}` });
  await contacts.goto(book.list);
  return added;
}

job('find a phone number', 0, 2, async (job) => {
  const { book, contacts, hand } = job;
  await ada(job);
  await hand.press('/');
  await hand.write(`ada ${book.word}`);
  await expect(contacts.rows).toHaveCount(1);
  await hand.press('Enter');
  await expect(contacts.pane).toContainText('+44 20 7946 0000');
});

job('add a contact with two emails, an address and a birthday', 4, 4, async (job) => {
  const { book, contacts, hand } = job;
  await contacts.goto(book.list);
  await hand.click(contacts.new);
  await expect(contacts.field('Name')).toBeFocused();
  await hand.write(`Ada ${book.word}`);
  await hand.press('Tab');
  await hand.write(`ada@${book.word}.example`);
  await hand.click(contacts.pane.getByText('Add email'));
  await expect(contacts.field('Email').nth(1)).toBeFocused();
  await hand.write(`home@${book.word}.example`);
  await hand.click(contacts.pane.getByText('Addresses', { exact: true }));
  await hand.press('Tab');
  await hand.write('1 Dorset Street');
  await hand.click(contacts.pane.getByText('Birthday and dates', { exact: true }));
  await hand.press('Tab');
  await hand.write('10 December 1815');
  await hand.press('Enter');
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.pane).toContainText('1 Dorset Street');
  await expect(contacts.pane).toContainText('1815');
});

job('mend a typing error', 2, 1, async (job) => {
  const { book, contacts, hand } = job;
  await ada(job, { name: `Adda ${book.word}` });
  await hand.click(contacts.row('Adda'));
  await hand.click(contacts.link('Edit'));
  await expect(contacts.field('Name')).toBeFocused();
  await contacts.field('Name').fill(`Ada ${book.word}`);
  await hand.press('Enter');
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
});

job('bring back what was deleted by mistake', 2, 0, async (job) => {
  const { contacts, hand } = job;
  const { name } = await ada(job);
  await contacts.row('Ada').click();
  await hand.click(contacts.button('Delete'));
  await expect(contacts.row('Ada')).toHaveCount(0);
  await hand.click(contacts.undo);
  await expect(contacts.title).toHaveText(name);
});

job('put a contact into a group', 3, 2, async ({ book, contacts, hand, page }) => {
  // Labels are drawn above the list of everyone who shares the book.
  const kith = await Kith.start();
  const data = { name: 'Ada', email: 'ada@example.com', welcome: false };
  const added = await page.request.post(`${kith.origin}/api/contacts`, { data });
  expect(added.status()).toBe(201);
  await contacts.goto(`${kith.origin}/contacts`);
  await hand.click(contacts.row('Ada'));
  await hand.click(contacts.link('Edit'));
  await hand.click(contacts.pane.getByText('Labels and favourite', { exact: true }));
  await hand.press('Tab');
  await hand.write(`Group ${book.word}`);
  await hand.press('Enter');
  await expect(contacts.pane.getByRole('link', { name: `Group ${book.word}` })).toBeVisible();
  await expect(page).toHaveURL(/\/contacts\/[0-9a-f-]{36}$/);
  await kith.stop();
});

job('import a file of another address book', 3, 0, async ({ book, contacts, hand, page }) => {
  await book.add();
  await contacts.goto('/contacts');
  await hand.click(contacts.list.getByRole('link', { name: 'Import' }));
  const card = `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob ${book.word}\r\nEND:VCARD\r\n`;
  const file = { name: 'contacts.vcf', mimeType: 'text/vcard', buffer: Buffer.from(card) };
  await hand.choose(page.getByLabel('Files'), file);
  await hand.click(page.getByRole('button', { name: 'Import', exact: true }));
  await expect(page.locator('#state')).toHaveText('Done');
  expect(await book.names()).toEqual([`Ada ${book.word}`, `Bob ${book.word}`]);
});

job('export what was searched for', 2, 0, async (job) => {
  const { contacts, hand, page } = job;
  await ada(job);
  await hand.click(contacts.list.getByRole('link', { name: 'Print the list' }));
  const download = page.waitForEvent('download');
  await hand.click(page.getByRole('link', { name: 'Export these as vCards' }));
  const stream = await (await download).createReadStream();
  const cards = Buffer.concat(await stream.toArray()).toString();
  expect(cards.match(/^BEGIN:VCARD/gm)).toHaveLength(3);
});

job('print the list', 2, 0, async (job) => {
  const { contacts, hand, page } = job;
  await page.addInitScript(() => {
    window.print = () => document.body.setAttribute('data-printed', '');
  });
  await ada(job);
  await hand.click(contacts.list.getByRole('link', { name: 'Print the list' }));
  await hand.click(page.getByRole('button', { name: 'Print' }));
  await expect(page.locator('body[data-printed]')).toBeAttached();
});

job('call and mail', 1, 0, async (job) => {
  const { contacts, hand } = job;
  await ada(job);
  await hand.click(contacts.row('Ada'));
  // One more click each: the browser hands them on.
  await expect(contacts.link('Call')).toHaveAttribute('href', 'tel:+442079460000');
  await expect(contacts.link('Mail')).toHaveAttribute('href', /^mailto:/);
});

job('see who else works at a company', 2, 0, async (job) => {
  const { book, contacts, hand } = job;
  const company = `Engines ${book.word}`;
  await book.add({ name: `Dan ${book.word}`, company });
  await ada(job, { company });
  await hand.click(contacts.row('Ada'));
  await hand.click(contacts.link('Colleagues'));
  await expect(contacts.rows).toHaveText([/Ada/, /Dan/]);
});

job('see who was added last', 1, 0, async (job) => {
  const { contacts, hand } = job;
  await ada(job);
  await hand.click(contacts.orders.getByRole('link', { name: 'Newest' }));
  await expect(contacts.rows).toHaveText([/Cyd/, /Bob/, /Ada/]);
});

job('give a contact a photo', 4, 0, async (job) => {
  const { contacts, hand, page } = job;
  await ada(job);
  await hand.click(contacts.row('Ada'));
  await hand.click(contacts.link('Photo'));
  await hand.choose(page.getByLabel('New photo'), HALVES);
  await hand.click(page.getByRole('button', { name: 'Save photo' }));
  await expect(page.locator('.person .avatar img')).toBeVisible();
});

job('find and change a contact by keys alone', 0, 6, async (job) => {
  const { book, contacts, hand } = job;
  const { name } = await ada(job);
  await hand.press('/');
  await hand.write(`ada ${book.word}`);
  await expect(contacts.rows).toHaveCount(1);
  await hand.press('Enter');
  await expect(contacts.title).toHaveText(name);
  await expect(contacts.link('Edit')).toBeVisible();
  await hand.press('ArrowDown');
  await expect(contacts.row(name)).toBeFocused();
  await hand.press('e');
  await expect(contacts.field('Name')).toBeFocused();
  await hand.press('End');
  await hand.write(' King');
  await hand.press('Enter');
  await expect(contacts.title).toHaveText(`${name} King`);
});

job('sort by last name', 1, 0, async (job) => {
  const { book, contacts, hand } = job;
  await ada(job, { name: `Ada Zuse ${book.word}z` });
  await hand.click(contacts.orders.getByRole('link', { name: 'Last name' }));
  await expect(contacts.rows).toHaveText([/Bob/, /Cyd/, /Ada/]);
});

job('jump to a letter', 1, 0, async (job) => {
  const { book, contacts, hand, page } = job;
  await book.addMany(60);
  await book.add({ name: `Ma ${book.word}` });
  await contacts.goto('/contacts');
  await hand.click(contacts.letters.getByRole('link', { name: 'M', exact: true }));
  await contacts.ready();
  const first = page.locator('[data-row]').filter({ hasText: /^M/ }).first();
  await expect(first).toBeInViewport();
});

job('share a contact as a file', 2, 0, async (job) => {
  const { contacts, hand, page } = job;
  await ada(job);
  await hand.click(contacts.row('Ada'));
  const download = page.waitForEvent('download');
  await hand.click(contacts.link('Download'));
  expect((await download).suggestedFilename()).toMatch(/\.vcf$/);
});

job('save what two tabs have changed', 2, 0, async (job) => {
  const { book, contacts, hand, page } = job;
  const { id } = await ada(job);
  await contacts.goto(book.beside(`/${id}/edit`));
  const other = new ContactsPage(await page.context().newPage(), true);
  await other.goto(book.beside(`/${id}/edit`));
  await other.fill({ company: 'Engines' });
  await other.button('Save').click();
  await expect(other.pane).toContainText('Engines');
  await other.page.close();
  await hand.click(contacts.field('Notes'));
  await hand.write('Met in Turin.');
  await hand.click(contacts.button('Save'));
  await expect(contacts.pane).toContainText('Met in Turin.');
  await expect(contacts.pane).toContainText('Engines');
});

job('keep the place in the list through a reload', 1, 0, async ({ book, contacts, hand, page }) => {
  await book.addMany(60);
  await contacts.goto(book.list);
  const row = contacts.row(`${book.word} 040`);
  await row.scrollIntoViewIfNeeded();
  await hand.click(row);
  await expect(contacts.title).toHaveText(`${book.word} 040`);
  await page.reload();
  await contacts.ready();
  await expect(row).toBeInViewport({ ratio: 0.9 });
  await expect(contacts.title).toHaveText(`${book.word} 040`);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

  job('open a contact and go back to the list', 2, 0, async (job) => {
    const { contacts, hand } = job;
    const { name } = await ada(job);
    await hand.click(contacts.row('Ada'));
    await expect(contacts.title).toHaveText(name);
    await expect(contacts.link('Call')).toBeInViewport();
    await hand.click(contacts.back);
    await expect(contacts.row('Bob')).toBeInViewport();
  });
});
