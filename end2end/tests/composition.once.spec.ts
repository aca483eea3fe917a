import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

test.use({ live: false });

/** An input method, as the browser hears of it. */
class InputMethod {
  private constructor(private readonly session: CDPSession) {}

  static async on(page: Page): Promise<InputMethod> {
    return new InputMethod(await page.context().newCDPSession(page));
  }

  /** Shows a reading that is not converted yet. */
  async compose(text: string): Promise<void> {
    await this.session.send('Input.imeSetComposition', {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
  }

  /** A key that the input method takes for itself. */
  async key(key: string): Promise<void> {
    for (const type of ['rawKeyDown', 'keyUp'] as const) {
      await this.session.send('Input.dispatchKeyEvent', {
        type,
        key,
        code: key,
        windowsVirtualKeyCode: 229,
      });
    }
  }

  async convert(text: string): Promise<void> {
    await this.session.send('Input.insertText', { text });
  }
}

test('a reading is not searched, what it is converted to is', async ({ book, contacts, page }) => {
  await book.add({ name: `漢字 ${book.word}` });
  await book.add();
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/fn/contacts/list')) {
      asked.push(request.postDataJSON().search);
    }
  });
  await contacts.goto(book.list);
  await expect(contacts.rows).toHaveCount(2);
  const keyboard = await InputMethod.on(page);
  await contacts.search.press('End');
  await page.keyboard.type(' ');
  await expect(page).toHaveURL(/\+$/);
  for (const reading of ['k', 'か', 'かn', 'かんじ']) {
    await keyboard.compose(reading);
  }
  await keyboard.key('ArrowDown');
  await expect(contacts.search).toBeFocused();
  await keyboard.key('Enter');
  // Longer than any pause in typing that a search waits for.
  await page.clock.install();
  await page.clock.runFor(1000);
  await expect(contacts.search).toHaveValue(`${book.word} かんじ`);
  await keyboard.convert('漢字');
  await page.clock.runFor(1000);
  await expect(contacts.rows).toHaveText([/漢字/]);
  await expect(contacts.search).toHaveValue(`${book.word} 漢字`);
  expect(asked.filter((search) => /[かk]$|か/.test(search))).toEqual([]);
});

test('keyboards on glass compose every word, and are searched by every letter', async ({
  book,
  contacts,
  page,
}) => {
  await book.add({ name: `Ada ${book.word}` });
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  const keyboard = await InputMethod.on(page);
  await contacts.search.press('End');
  await page.keyboard.type(' ');
  await keyboard.key('Unidentified');
  await keyboard.compose('gra');
  await expect(contacts.rows).toHaveText([/Grace/]);
});
