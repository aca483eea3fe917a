import { expect, test } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';
import type { Page } from '@playwright/test';

/** The texts of the page with a word in letters of English, but for those that stay as they are. */
async function plainTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const kept = new Set(['Kith', 'UTC', 'vCard', 'Ctrl', 'Enter', 'Esc', 'n', 'e']);
    const texts: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.parentElement?.closest('script, style, noscript, time')) texts.push(node.textContent ?? '');
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder], [title]:not(time)')) {
      for (const name of ['aria-label', 'placeholder', 'title']) texts.push(element.getAttribute(name) ?? '');
    }
    const isPlain = (word: string) => /^[A-Za-z]{2,}$/.test(word) && !kept.has(word);
    return texts.filter((text) => text.split(/[^\p{L}]+/u).some(isPlain));
  });
}

/** Parts of the page that have no name in English here. */
const parts = (page: Page) => ({
  count: page.locator('#count'),
  notice: page.locator('.notice'),
  rows: page.locator('#contact-list a.row'),
  title: page.locator('#pane-title'),
});

test.describe('in German', () => {
  test.use({ locale: 'de-DE' });

  test('a contact is found, edited, deleted and brought back', async ({ book, contacts, page }) => {
    const { count, rows, title } = parts(page);
    const ada = await book.add();
    await book.add({ name: `Grace ${book.word}` });
    await contacts.goto('/contacts');
    // As a browser says that translates the page. It counts in other ways.
    await page.evaluate(() => (document.documentElement.lang = 'pl'));
    await page.getByRole('searchbox', { name: 'Kontakte durchsuchen' }).fill(book.word);
    await expect(count).toHaveText('2 Kontakte gefunden');
    await rows.filter({ hasText: ada.name }).click();
    await page.getByRole('link', { name: 'Bearbeiten' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(`Äda ${book.word}`);
    await page.getByRole('button', { name: 'Speichern', exact: true }).click();
    await expect(title).toHaveText(`Äda ${book.word}`);
    await page.getByRole('button', { name: 'Löschen', exact: true }).click();
    await expect(count).toHaveText('1 Kontakt gefunden');
    await page.getByRole('button', { name: /^Rückgängig/ }).click();
    await expect(count).toHaveText('2 Kontakte gefunden');
  });

  test('a choice comes before the language of the browser', async ({ page }) => {
    await page.goto('/language');
    await expect(page.getByRole('heading', { name: 'Sprache' })).toBeVisible();
    await page.getByRole('radio', { name: 'English' }).check();
    await page.getByRole('button', { name: 'Wählen' }).click();
    await expect(page.getByRole('heading', { name: 'Language' })).toBeVisible();
    await page.goto('/contacts');
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  });

  test('axe finds nothing, and nothing is cut off', async ({ book, contacts, page }) => {
    const ada = await book.add({ company: 'Analytical Engines', phone: '+44 20 7946 0000' });
    for (const path of [`/${ada.id}`, '/new', `/${ada.id}/edit`]) {
      await contacts.goto(book.beside(path));
      await audit(page);
    }
    for (const path of ['/birthdays', '/trash', '/import', '/labels', '/dashboard', '/language']) {
      await page.goto(path);
      await audit(page);
    }
  });
});

test.describe('with accents', () => {
  test.use({ locale: 'en-XA' });

  test('what the island draws goes by the catalogue', async ({ book, contacts, guard, page }) => {
    guard.allow(/^400 POST/);
    const { notice, rows, title } = parts(page);
    const name = `Ωμέγα ${book.word.replace(/[a-z]/gi, '1')}`;
    const contact = await book.add({ name, email: '1@2.3' });
    // Without the contacts of other tests.
    await contacts.goto(`/contacts?q=${'Ψ'.repeat(29)}`);
    expect(await plainTexts(page)).toEqual([]);
    await page.locator('#search').fill(name);
    await expect(rows).toHaveCount(1);
    expect(await plainTexts(page)).toEqual([]);
    await rows.first().click();
    await expect(title).toHaveText(name);
    expect(await plainTexts(page)).toEqual([]);
    await page.locator('.pane a[href*="/edit"]').first().click();
    await expect(page.locator('#name')).toBeVisible();
    expect(await plainTexts(page)).toEqual([]);
    await page.locator('[name="phone"], [name^="phones"]').first().fill('1'.repeat(201));
    await page.locator('.pane button.button-primary').click();
    await expect(page.locator('[aria-invalid="true"]').first()).toBeVisible();
    expect(await plainTexts(page)).toEqual([]);
    await contacts.goto(`/contacts/${contact.id}?q=${encodeURIComponent(name)}`);
    await page.locator('#delete').click();
    await expect(notice).toBeVisible();
    expect(await plainTexts(page)).toEqual([]);
    await page.locator('#search').fill('Ψ'.repeat(30));
    await expect(page.locator('.empty.nobody')).toBeVisible();
    expect(await plainTexts(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('#search').blur();
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await plainTexts(page)).toEqual([]);
  });
});

test.describe('from right to left', () => {
  test.use({ locale: 'ar-XB' });

  test('the page is mirrored, and axe finds nothing', async ({ book, contacts, page }) => {
    const ada = await book.add({ phone: '+44 20 7946 0000', notes: 'Λ' });
    await contacts.goto(book.beside(`/${ada.id}`));
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    const [list, pane] = await Promise.all(['#contact-list', '.pane'].map((part) => page.locator(part).boundingBox()));
    expect(list!.x).toBeGreaterThan(pane!.x);
    await audit(page);
    await contacts.goto(book.beside(`/${ada.id}/edit`));
    await audit(page);
    for (const path of ['/birthdays', '/trash', '/labels', '/dashboard']) {
      await page.goto(path);
      await audit(page);
    }
  });
});
