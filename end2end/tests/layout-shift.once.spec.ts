import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';

/** The sum of all layout shifts so far: what web.dev calls CLS, without its windows. */
async function layoutShift(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            sum += (entry as PerformanceEntry & { value: number }).value;
          }
        }).observe({ type: 'layout-shift', buffered: true });
        // What is buffered is delivered before the next frame but one.
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
      }),
  );
}

for (const width of [1280, 360]) {
  test(`nothing jumps while a page of ${width} pixels comes alive`, async ({ book, contacts, page }) => {
    await page.setViewportSize({ width, height: 800 });
    const [first] = await book.addMany(60);
    for (const address of [book.list, book.beside(`/${first!.id}`), book.beside('/new')]) {
      await contacts.goto(address);
      expect(await layoutShift(page), address).toBeLessThan(0.02);
    }
  });
}
