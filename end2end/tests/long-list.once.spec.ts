import { readFile } from 'node:fs/promises';
import type { Browser, Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { Kith } from '../fixtures/kith.ts';
import { hydrated } from '../pages/contacts.ts';

/** `PLAYWRIGHT_ROWS=20000` measures the list that was asked for; every run checks a shorter one. */
const ROWS = Number(process.env.PLAYWRIGHT_ROWS ?? 2000);

/** Contacts that are opened and timed. */
const OPENED = 20;

test.setTimeout(120_000 + ROWS * 40);

async function fill(origin: string): Promise<void> {
  const numbers = Array.from({ length: ROWS }, (_, index) => index);
  const add = async (): Promise<void> => {
    for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
      const name = `Person ${String(number).padStart(5, '0')}`;
      const response = await fetch(`${origin}/api/contacts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, email: `p${number}@example.com`, welcome: false }),
      });
      expect(response.status, await response.text()).toBe(201);
    }
  };
  await Promise.all(Array.from({ length: 6 }, add));
}

/** Scrolls until every row has been in the document; how many there were at most at a time. */
async function scrollThroughAll(page: Page): Promise<number> {
  return page.evaluate(async (total) => {
    const scroller = document.querySelector('.rows')!;
    const seen = new Set<string | null>();
    let most = 0;
    while (seen.size < total) {
      const rows = document.querySelectorAll('[data-row]');
      most = Math.max(most, rows.length);
      for (const row of rows) {
        seen.add(row.getAttribute('data-row'));
      }
      // As a reader does, who waits for rows that are not there yet.
      const end = scroller.getBoundingClientRect().bottom;
      const last = [...rows].at(-1)!.getBoundingClientRect().bottom;
      if (last >= end || seen.size === total) {
        scroller.scrollTop += 800;
      }
      await new Promise((painted) => requestAnimationFrame(painted));
    }
    return most;
  }, ROWS);
}

/** Opens contacts in view; milliseconds from each click to the contact's address in the pane. */
async function open(page: Page): Promise<number[]> {
  return page.evaluate(async (count) => {
    const pane = document.querySelector('.pane')!;
    const top = document.querySelector('.rows')!.getBoundingClientRect().top;
    const times: number[] = [];
    for (let turn = 0; turn < count; turn++) {
      const rows = [...document.querySelectorAll<HTMLElement>('[data-row]:not([aria-current])')];
      const inView = rows.filter((row) => row.getBoundingClientRect().top >= top);
      const row = inView[turn % 10]!;
      const email = row.querySelector('[title*="@"]')!.textContent!;
      const start = performance.now();
      row.click();
      await new Promise<void>((shown) => {
        const look = () => {
          if (pane.querySelector(`a[href^="mailto:${email}"]`) !== null) {
            observer.disconnect();
            shown();
          }
        };
        const observer = new MutationObserver(look);
        observer.observe(pane, { childList: true, subtree: true });
        look();
      });
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b);
  }, OPENED);
}

/** The memory of the largest renderer in MB; not a number where the system does not tell. */
async function rendererMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  let most = Number.NaN;
  for (const { type, id } of processInfo) {
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    if (type === 'renderer' && !(kilobytes / 1024 < most) && !Number.isNaN(kilobytes)) {
      most = kilobytes / 1024;
    }
  }
  return Math.round(most);
}

test(`a list of ${ROWS} contacts has few rows in the document`, async ({ browser, page }) => {
  const kith = await Kith.start({ KITH_LIMITS_UI_LIMIT: '1000000' });
  try {
    await fill(kith.origin);
    await page.addInitScript(() => {
      const tasks: number[] = [];
      new PerformanceObserver((list) => {
        tasks.push(...list.getEntries().map((entry) => entry.duration));
      }).observe({ type: 'longtask', buffered: true });
      Object.assign(window, { longTasks: () => tasks.splice(0) });
    });
    const longTasks = () =>
      page.evaluate(() => (window as unknown as { longTasks(): number[] }).longTasks());
    const describe = (tasks: number[]) => `${tasks.length}, longest ${Math.max(0, ...tasks)} ms`;

    await page.goto(`${kith.origin}/contacts`);
    await hydrated(page);
    await longTasks();
    const start = Date.now();
    const most = await scrollThroughAll(page);
    const seconds = Math.round((Date.now() - start) / 1000);
    console.log(`${ROWS} rows scrolled through in ${seconds} s, ${most} in the document at most`);
    console.log(`long tasks while scrolling: ${describe(await longTasks())}`);
    const times = await open(page);
    const rounded = (time: number | undefined) => Math.round(time ?? Number.NaN);
    console.log(
      `opening a contact: p50 ${rounded(times[OPENED / 2])} ms, max ${rounded(times.at(-1))} ms`,
    );
    console.log(`long tasks while opening: ${describe(await longTasks())}`);
    console.log(`memory of the renderer: ${await rendererMemory(browser)} MB`);
    expect(most).toBeLessThanOrEqual(200);
  } finally {
    await kith.stop();
  }
});
