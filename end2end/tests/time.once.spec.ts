import { expect, test } from '../fixtures/app.ts';
import { test as dashboard } from '../fixtures/dashboard.ts';

test.use({ timezoneId: 'Asia/Kolkata' });

test('activities are told by the reader’s own clock', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.change(ada.id, { phone: '+44 20 7946 0000' });
  await contacts.goto(book.beside(`/${ada.id}`));
  const changed = contacts.activities.filter({ hasText: 'Phone changed' });
  await expect(changed.locator('time')).toHaveText('Just now');
  await expect(contacts.pane).not.toContainText('UTC');

  const at = new Date((await changed.locator('time').getAttribute('datetime'))!);
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Kolkata',
    dateStyle: 'long',
    timeStyle: 'short',
  });
  const words = local.format(at).replace(' at ', ', ');
  for (const [later, said] of [
    [5 * 60, '5 min ago'],
    [60 * 60 * 24 * 3, words],
  ] as const) {
    await page.clock.setFixedTime(at.getTime() + later * 1000);
    await contacts.reload();
    await expect(changed.locator('time')).toHaveText(said);
  }
});

test('today and yesterday are those of the reader’s calendar', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  const time = contacts.activities.first().locator('time');
  const at = new Date((await time.getAttribute('datetime'))!);
  // In Kolkata it is 18:30 UTC when a day begins.
  const midnight = new Date(at);
  midnight.setUTCHours(18, 30, 0, 0);
  if (midnight <= at) {
    midnight.setUTCDate(midnight.getUTCDate() + 1);
  }
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', timeStyle: 'short' }).format(at);
  // After an hour, the page shows the time of day.
  await page.clock.setFixedTime(midnight.getTime() + 61 * 60_000);
  await contacts.reload();
  await expect(time).toHaveText(`Yesterday, ${clock}`);
});

dashboard('the dashboard tells times by the reader’s own clock', async ({ dashboard, page }) => {
  await dashboard.goto();
  const since = page.locator('#uptime time');
  const local = (at: string) =>
    page.evaluate((at) => {
      const date = new Date(at);
      return [date.getHours(), date.getMinutes(), date.getSeconds()]
        .map((part) => String(part).padStart(2, '0'))
        .join(':');
    }, at);
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  expect(await since.textContent()).toBe(await local((await since.getAttribute('datetime'))!));
  await expect(page.locator('#uptime')).not.toContainText('UTC', { useInnerText: true });
  // The browser shows the same for what it draws later.
  const polls = dashboard.polls;
  await expect.poll(() => dashboard.polls).toBeGreaterThan(polls);
  await expect(dashboard.status).toHaveText('Live · updated just now');
  expect(await since.textContent()).toBe(await local((await since.getAttribute('datetime'))!));
});
dashboard.use({ timezoneId: 'Asia/Kolkata' });
