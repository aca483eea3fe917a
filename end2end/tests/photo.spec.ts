import type { JSHandle, Locator, Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';
import { HALVES, halves } from '../fixtures/picture.ts';

const square = (page: Page): Locator =>
  page.getByRole('application', { name: 'The square that is kept' });

/** What a drop or a paste brings. */
async function brought(page: Page): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'halves.png', { type: 'image/png' }));
    return transfer;
  }, HALVES.buffer.toString('base64'));
}

async function saved(page: Page, id: string): Promise<string[]> {
  await page.getByRole('button', { name: 'Save photo' }).press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${id}$`));
  const avatar = page.locator('.person .avatar img');
  return halves(page, (await avatar.getAttribute('src'))!);
}

test('the square of a photo is chosen by keys, also in a narrow window', async ({ book, page }) => {
  const ada = await book.add();
  await page.setViewportSize({ width: 320, height: 640 });
  for (const [keys, expected] of [
    [[], ['red', 'blue']],
    [Array<string>(12).fill('ArrowLeft'), ['red', 'red']],
    [Array<string>(12).fill('ArrowRight'), ['blue', 'blue']],
    [[...Array<string>(10).fill('+'), 'ArrowUp', '-'], ['red', 'blue']],
  ] as const) {
    await page.goto(`/contacts/${ada.id}/photo`);
    await expect(square(page)).toBeHidden();
    await page.getByLabel('New photo').setInputFiles(HALVES);
    await expect(square(page)).toBeVisible();
    await square(page).focus();
    for (const key of keys) {
      await page.keyboard.press(key);
    }
    expect(await saved(page, ada.id), keys.join()).toEqual(expected);
  }
});

test('the square is moved by a pointer, and the zoom has a name', async ({ book, page }) => {
  const ada = await book.add();
  await page.goto(`/contacts/${ada.id}/photo`);
  await page.getByLabel('New photo').setInputFiles(HALVES);
  await audit(page);
  const { x, y, width } = (await square(page).boundingBox())!;
  await page.mouse.move(x + 10, y + 10);
  await page.mouse.down();
  await page.mouse.move(x + width, y + 10, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('slider', { name: 'Zoom' }).fill('1.5');
  expect(await saved(page, ada.id)).toEqual(['red', 'red']);
});

test('a photo is dropped or pasted', async ({ book, page }) => {
  const ada = await book.add();
  await page.goto(`/contacts/${ada.id}/photo`);
  await expect(page.getByText('You can also drop a file')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: await brought(page) });
  await expect(square(page)).toBeVisible();
  expect(await saved(page, ada.id)).toEqual(['red', 'blue']);

  await page.goto(`/contacts/${ada.id}/photo`);
  const clipboardData = await brought(page);
  await clipboardData.evaluate((clipboardData) => {
    const options = { bubbles: true, cancelable: true, clipboardData };
    document.body.dispatchEvent(new ClipboardEvent('paste', options));
  });
  await expect(square(page)).toBeVisible();
  await square(page).press('ArrowLeft');
  expect(await saved(page, ada.id)).toHaveLength(2);
});
