import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

async function left(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.x ?? Number.NaN;
}

for (const width of [768, 1280, 1440, 1920]) {
  test(`nothing moves sideways between reading and editing at ${width} pixels`, async ({
    book,
    contacts,
    page,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    const ada = await book.add();
    await contacts.goto(book.beside(`/${ada.id}`));
    const avatar = contacts.pane.locator('.avatar');
    const before = [await left(avatar), await left(contacts.title), await left(contacts.pane.locator('dt').first())];
    const list = await contacts.list.boundingBox();
    const gap = before[0]! - (list!.x + list!.width);
    expect(gap).toBeGreaterThanOrEqual(24);
    expect(gap).toBeLessThanOrEqual(40);
    await contacts.link('Edit').click();
    await expect(contacts.field('Name')).toBeVisible();
    expect([await left(avatar), await left(contacts.title), await left(contacts.field('Name'))]).toEqual(before);
    const field = await contacts.field('Name').boundingBox();
    await contacts.goto(book.beside('/new'));
    expect(await contacts.field('Name').boundingBox()).toMatchObject({ x: field!.x, width: field!.width });
  });
}

for (const [width, lines] of [
  [1440, 5],
  [360, 8],
] as const) {
  test(`a long name takes few lines at ${width} pixels`, async ({ book, contacts, page }) => {
    await page.setViewportSize({ width, height: 800 });
    const name = `${book.word} ${'Wilhelmina-Maria '.repeat(12)}`.slice(0, 189).trim();
    const ada = await book.add({ name, email: `a@${book.word}.example` });
    await contacts.goto(book.beside(`/${ada.id}`));
    await expect(contacts.title).toHaveText(name);
    const [height, line] = await contacts.title.evaluate((title) => [
      title.getBoundingClientRect().height,
      parseFloat(getComputedStyle(title).lineHeight),
    ]);
    expect(Math.round(height! / line!)).toBeLessThanOrEqual(lines);
    const title = (await contacts.title.boundingBox())!;
    const edit = (await contacts.link('Edit').boundingBox())!;
    expect(edit.y, 'actions stand below the name').toBeGreaterThanOrEqual(title.y + title.height);
    const avatar = (await contacts.pane.locator('.avatar').boundingBox())!;
    expect(avatar.y, 'the avatar stands at the top').toBeLessThanOrEqual(title.y);
  });
}
