import { readFile } from 'node:fs/promises';
import type { APIRequestContext } from '@playwright/test';
import { expect, test } from '../fixtures/dashboard.ts';
import { audit } from '../fixtures/audit.ts';
import { burst, expectFigure, SETTINGS } from '../fixtures/burst.ts';
import { hold } from '../fixtures/routes.ts';

/** Makes a request, and waits until it stands in the figures as the `sum`th. */
async function count(request: APIRequestContext, sum: number): Promise<void> {
  await request.get('/api/contacts');
  const counted = async () => (await (await request.get('/api/metrics')).json()).totalRequests;
  await expect.poll(counted).toBe(sum);
}

const START = new Date('2026-11-25T12:00:00Z');

// Minutes of these tests pass in seconds, but not for the limiter.
test.use({ settings: { KITH_LIMITS_DASHBOARD_LIMIT: '1000000' } });

/** A page whose clock stands still, just come alive: it has asked once. */
test.describe('with the clock in hand', () => {
  test.beforeEach(async ({ dashboard, page }) => {
    await page.clock.install({ time: START });
    await page.clock.pauseAt(START.getTime() + 60_000);
    // The page waits for an idle moment, which would come by this clock.
    await page.addInitScript(() => {
      window.requestIdleCallback = (go) => {
        queueMicrotask(() => go({ didTimeout: false, timeRemaining: () => 50 }));
        return 0;
      };
    });
    await page.goto('/dashboard');
    await dashboard.expectPolls(1);
  });

  test('it asks at 0, 5 and 10 seconds', async ({ dashboard, page }) => {
    await page.clock.runFor(4999);
    await dashboard.expectNoMoreThan(1);
    await expect(dashboard.status).toHaveText('Live · updated 4 s ago');
    await page.clock.runFor(1);
    await dashboard.expectPolls(2);
    await page.clock.runFor(4999);
    await dashboard.expectNoMoreThan(2);
    await page.clock.runFor(1);
    await dashboard.expectPolls(3);
  });

  test('it does not ask while hidden, and at once on its return', async ({ dashboard, page }) => {
    await dashboard.setHidden(true);
    await page.clock.runFor(60_000);
    await dashboard.expectNoMoreThan(1);
    await dashboard.setHidden(false);
    await dashboard.expectPolls(2);
    await page.clock.runFor(5000);
    await dashboard.expectPolls(3);
  });

  test('it can be paused by hand', async ({ dashboard, page }) => {
    await dashboard.pause.click();
    await expect(dashboard.pause).toHaveText('Resume');
    await page.clock.runFor(60_000);
    await dashboard.expectNoMoreThan(1);
    await expect(dashboard.status).toHaveText('Paused. Figures are 60 s old.');
    // A visit to another tab does not begin it again.
    await dashboard.setHidden(true);
    await dashboard.setHidden(false);
    await page.clock.runFor(60_000);
    await dashboard.expectNoMoreThan(1);
    await dashboard.pause.click();
    await dashboard.expectPolls(2);
  });

  test('it backs off while Kith fails, keeps its figures, and recovers', async ({
    dashboard,
    guard,
    page,
    request,
  }) => {
    guard.expect(/^500 GET \/dashboard/);
    await count(request, 1);
    await page.clock.runFor(5000);
    await dashboard.expectPolls(2);
    await expect(dashboard.headline('total-requests')).toHaveText('1');
    await page.route(/\/dashboard/, (route) => route.fulfill({ status: 500, body: 'no' }));
    await page.clock.runFor(5000);
    const failed = (wait: string) =>
      new RegExp(`^Kith answered with an error \\(500\\)\\. Next try in (${wait}) s\\. Figures are \\d+ s old`);
    await dashboard.expectPolls(3, failed('9|10|11'));
    await expect(dashboard.headline('total-requests')).toHaveText('1');
    // Each wait is twice the last, a tenth more or less.
    for (const [wait, polls, next] of [
      [10, 4, '18|19|20|21|22'],
      [20, 5, '36|37|38|39|40|41|42|43|44'],
    ] as const) {
      await page.clock.runFor(wait * 899);
      await dashboard.expectNoMoreThan(polls - 1);
      await page.clock.runFor(wait * 202);
      await dashboard.expectPolls(polls, failed(next));
    }
    await page.unroute(/\/dashboard/);
    // In small steps, so that no poll begins in the same one as the next.
    for (let second = 0; second <= 44 && dashboard.polls < 6; second += 1) {
      await page.clock.runFor(1000);
      await dashboard.settle();
    }
    await dashboard.expectPolls(6);
    await page.clock.runFor(5000);
    await dashboard.expectPolls(7);
  });

  test('it tries at once when it is asked to', async ({ dashboard, guard, page }) => {
    guard.expect(/^500 GET \/dashboard/);
    await page.route(/\/dashboard/, (route) => route.fulfill({ status: 500, body: 'no' }));
    await page.clock.runFor(5000);
    await dashboard.expectPolls(2, /Next try in/);
    await page.unroute(/\/dashboard/);
    await page.getByRole('button', { name: 'Try now' }).click();
    await dashboard.expectPolls(3);
  });

  test('a page of somebody else does not take the place of figures', async ({ dashboard, page }) => {
    const login = { contentType: 'text/html', body: '<h1>Who are you?</h1>' };
    await page.route(/\/dashboard/, (route) => route.fulfill(login));
    await page.clock.runFor(5000);
    await dashboard.expectPolls(2, /^Something else than Kith has answered\. Next try in/);
    await expect(dashboard.headline('total-requests')).toHaveText('0');
    await page.unroute(/\/dashboard/);
    await page.clock.runFor(11_001);
    await dashboard.expectPolls(3);
  });

  test('what came of an action is told for a while, and what failed until it is put right', async ({
    dashboard,
    guard,
    page,
  }) => {
    guard.expect(/^400 POST \/dashboard\/denied/);
    const network = page.getByLabel('Address or network');
    await network.fill('127.0.0.1');
    await network.press('Enter');
    await expect(dashboard.notice).toHaveText(/you would lock yourself out/);
    await expect(network).toBeFocused();
    await expect(network).toHaveAttribute('aria-invalid', 'true');
    for (let poll = 2; poll <= 7; poll += 1) {
      await page.clock.runFor(5000);
      await dashboard.expectPolls(poll);
    }
    await expect(dashboard.notice).toHaveText(/you would lock yourself out/);
    await network.fill('203.0.113.0/24');
    await network.press('Enter');
    await expect(dashboard.notice).toHaveText('203.0.113.0/24 is denied.');
    await expect(dashboard.notice).toBeInViewport();
    await expect(network).toBeFocused();
    await expect(network).not.toHaveAttribute('aria-invalid');
    const polls = dashboard.polls;
    await page.clock.runFor(5000);
    await dashboard.expectPolls(polls + 1);
    await expect(dashboard.notice).toBeVisible();
    for (let poll = 2; poll <= 5; poll += 1) {
      await page.clock.runFor(5000);
      await dashboard.expectPolls(polls + poll);
    }
    await expect(dashboard.notice).toHaveCount(0);
  });

  test('it waits as long as it is told to', async ({ dashboard, guard, page }) => {
    guard.expect(/^429 GET \/dashboard/);
    const refused = { status: 429, headers: { 'retry-after': '120' }, body: '{}' };
    await page.route(/\/dashboard/, (route) => route.fulfill(refused));
    await page.clock.runFor(5000);
    await dashboard.expectPolls(2, /^Kith was asked too often\. Next try in 2 min\./);
    await page.clock.runFor(119_999);
    await dashboard.expectNoMoreThan(2);
    await page.unroute(/\/dashboard/);
    await page.clock.runFor(1);
    await dashboard.expectPolls(3);
  });

  test('it asks one question at a time', async ({ dashboard, page }) => {
    const { letGo } = await hold(page, /\/dashboard/);
    await page.clock.runFor(5000);
    await expect.poll(() => dashboard.polls).toBe(2);
    await page.clock.runFor(4000);
    await dashboard.setHidden(true);
    await dashboard.setHidden(false);
    await dashboard.expectNoMoreThan(2);
    letGo();
    await dashboard.expectPolls(2);
    // It has taken four seconds of the five.
    await page.clock.runFor(999);
    await dashboard.expectNoMoreThan(2);
    await page.clock.runFor(1);
    await dashboard.expectPolls(3);
  });

  test.describe('under the usual limit', () => {
    test.use({ settings: {} });

    test('left open it trips no limit and counts nothing', async ({ dashboard, page, request }) => {
      // Two minutes, of which the limiter is asked in one.
      for (let poll = 2; poll <= 25; poll += 1) {
        await page.clock.runFor(5000);
        await dashboard.expectPolls(poll);
      }
      await expect(dashboard.headline('total-requests')).toHaveText('0');
      const metrics = await (await request.get('/api/metrics')).json();
      expect(metrics).toMatchObject({ totalRequests: 0, rateLimitHits: 0, newContacts: 0 });
    });
  });

  test('what a person has opened, typed and focused stays through polls', async ({
    dashboard,
    page,
    request,
  }) => {
    const table = page.locator('#requests-table');
    await table.locator('summary').click();
    const network = page.getByLabel('Address or network');
    await network.fill('203.0.113.');
    await count(request, 1);
    await page.clock.runFor(5000);
    await dashboard.expectPolls(2);
    await expect(dashboard.headline('total-requests')).toHaveText('1');
    await expect(table).toHaveAttribute('open');
    await expect(network).toHaveValue('203.0.113.');
    await expect(network).toBeFocused();
  });

  test('nothing jumps when new figures come', async ({ dashboard, page, request }) => {
    await page.evaluate(() => {
      const shifts = ((window as unknown as { shifts: number[] }).shifts = []) as number[];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          shifts.push((entry as PerformanceEntry & { value: number }).value);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    for (let poll = 2; poll < 5; poll += 1) {
      await count(request, poll - 1);
      await page.clock.runFor(5000);
      await dashboard.expectPolls(poll);
    }
    const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
    const sum = shifts.reduce((sum, shift) => sum + shift, 0);
    expect(sum, JSON.stringify(shifts)).toBeLessThan(0.05);
  });

  test('the heap of the page stays flat over 200 polls', async ({ dashboard, kith, page }) => {
    test.setTimeout(240_000);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const measure = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devtools.send('Performance.getMetrics');
      const metric = (name: string) => metrics.find((known) => known.name === name)!.value;
      return { heap: metric('JSHeapUsedSize'), nodes: metric('Nodes') };
    };
    const poll = async (until: number) => {
      while (dashboard.polls < until) {
        const shown = page.waitForResponse(/\/dashboard/);
        await page.clock.runFor(5000);
        await (await shown).finished();
      }
    };
    await poll(50);
    const before = await measure();
    await poll(250);
    const after = await measure();
    expect(kith.output).not.toContain('panicked');
    expect(after.nodes - before.nodes, `nodes: ${before.nodes}, ${after.nodes}`).toBeLessThan(200);
    expect(after.heap - before.heap, `bytes: ${before.heap}, ${after.heap}`).toBeLessThan(1 << 20);
  });
});

test('the memory of Kith stays flat with 50 open dashboards', async ({ kith, request }) => {
  const memory = async () => {
    const status = await readFile(`/proc/${kith.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
  };
  const round = () =>
    Promise.all(
      Array.from({ length: 50 }, async () => {
        const answer = await request.get('/dashboard', { headers: { 'x-kith-live': '1' } });
        expect(answer.status()).toBe(200);
        await answer.dispose();
      }),
    );
  for (let warm = 0; warm < 5; warm += 1) {
    await round();
  }
  const before = await memory();
  for (let rounds = 0; rounds < 15; rounds += 1) {
    await round();
  }
  const after = await memory();
  expect(after - before, `${before}, ${after}`).toBeLessThan(24 << 20);
});

test('axe finds nothing on an empty dashboard', async ({ dashboard, page }) => {
  await dashboard.goto();
  await dashboard.pause.click();
  await audit(page);
});

test.describe('after a burst', () => {
  test.use({ settings: SETTINGS });

  test('axe finds nothing on a full dashboard', async ({ dashboard, page, request }) => {
    await burst(request, 2);
    await dashboard.goto();
    await expectFigure(page, 'queue-dead', /Dead letters\s*2/);
    await page.getByLabel('Address or network').fill('203.0.113.0/24');
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(dashboard.notice).toBeVisible();
    await dashboard.pause.click();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) {
        details.open = true;
      }
    });
    await audit(page);
  });
});
