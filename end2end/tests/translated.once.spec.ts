import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

test.use({ live: false });

/** Does to the page what a translator does: every text node makes way for elements of its own. */
async function translate(page: Page): Promise<void> {
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    while (walker.nextNode()) {
      const text = walker.currentNode as Text;
      if (text.data.trim() !== '' && text.parentElement?.closest('script, style') === null) {
        texts.push(text);
      }
    }
    for (const text of texts) {
      const font = document.createElement('font');
      font.append(document.createElement('font'));
      font.firstElementChild!.append(text.data);
      text.replaceWith(font);
    }
  });
}

test('the count and the texts around it go on after a translation', async ({
  book,
  contacts,
  page,
}) => {
  await book.add();
  await book.addMany(60);
  await contacts.goto(book.list);
  await translate(page);
  await expect(contacts.count).toHaveText('61 contacts found');
  await contacts.search.fill(`${book.word} ada`);
  await expect(contacts.count).toHaveText('1 contact found');
  await expect(contacts.rows).toHaveText([/Ada/]);
  await contacts.search.fill(`${book.word} nobody at all`);
  await expect(contacts.count).toHaveText('Nobody found');
  await expect(contacts.rows).toHaveCount(0);
  await expect(contacts.pane).not.toContainText('Choose a contact');
});

test('a translated countdown counts', async ({ book, contacts, guard, page }) => {
  guard.expect(/^429 POST \/fn\/contacts\/list/);
  await contacts.goto(book.list);
  await page.route(
    '**/fn/contacts/list*',
    (route) => route.fulfill({ status: 429, json: { too_many_requests: { retry_after: 60 } } }),
  );
  await contacts.search.fill(`${book.word} a`);
  const seconds = contacts.list.getByRole('alert').locator('.tabular-nums');
  await expect(seconds).toHaveText(/^\d+ s$/);
  await translate(page);
  const before = await seconds.textContent();
  await expect(seconds).not.toHaveText(before!);
  await expect(seconds).toHaveText(/^[45]\d s$/);
});
