import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

/** What can be pressed and is lower or narrower than `least` pixels; links within text may be. */
async function small(page: Page, least: number): Promise<string[]> {
  return page.evaluate((least) => {
    const found: string[] = [];
    const targets = 'a[href], button, input:not([type=hidden]), summary, textarea, label:has(input)';
    for (const target of document.querySelectorAll(targets)) {
      const { width, height } = target.getBoundingClientRect();
      const { visibility, display, position, clipPath } = getComputedStyle(target);
      const away = visibility !== 'visible' || clipPath !== 'none' || width <= 1;
      // A box is as large as its label.
      const labelled = target.matches('input[type=checkbox], input[type=radio]');
      const inText = display === 'inline' && target.closest('p') !== null;
      const skipped = target.matches('.skip-link') && position === 'absolute';
      if (!away && !labelled && !inText && !skipped && (height < least || width < least)) {
        found.push(`${target.localName} “${target.textContent?.trim()}” ${width}x${height}`);
      }
    }
    return found;
  }, least);
}

test('whatever can be pressed is large enough for a thumb', async ({ book, guard, page }) => {
  guard.expect(/^404 GET/);
  const ada = await book.add({ phone: '+44 20 7946 0000' });
  const gone = await book.add({ name: `Gone ${book.word}` });
  await book.delete(gone.id);
  for (const address of [
    book.list,
    book.beside(`/${ada.id}`),
    book.beside(`/${ada.id}/edit`),
    book.beside('/new'),
    `/contacts?q=${book.word}nobody`,
    `${book.list}&deleted=${gone.id}`,
    book.beside(`/${gone.id}`),
    '/birthdays',
    '/trash',
    `/trash/${gone.id}`,
    `/trash/${gone.id}/delete`,
    '/trash/empty',
    `/contacts/print?q=${book.word}`,
  ]) {
    await page.goto(address);
    expect(await small(page, 44), address).toEqual([]);
  }
});

test('whatever can be pressed on the dashboard is large enough', async ({ page }) => {
  await page.goto('/dashboard');
  await expect(page.getByRole('link', { name: '24 hours' })).toBeVisible();
  expect(await small(page, 44)).toEqual([]);
});

test('call, message and mail are under the name', async ({ book, contacts }) => {
  const ada = await book.add({ phone: '+44 (0)20 7946-0000 ext. 12' });
  await contacts.goto(book.beside(`/${ada.id}`));
  for (const [name, href] of [
    ['Call', 'tel:+442079460000;ext=12'],
    ['Message', 'sms:+442079460000;ext=12'],
    ['Mail', `mailto:${ada.email}`],
  ] as const) {
    const link = contacts.pane.getByRole('link', { name, exact: true });
    await expect(link).toBeVisible();
    await expect(link).toHaveAttribute('href', href);
  }
});

test('what was tapped does not stay as if it were hovered', async ({ book, contacts }) => {
  await book.addMany(3);
  await contacts.goto(book.list);
  const row = contacts.row(`${book.word} 002`);
  await row.tap();
  await expect(contacts.title).toHaveText(`${book.word} 002`);
  await contacts.back.tap();
  await expect(row).toBeFocused();
  await expect(row).toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');
});
