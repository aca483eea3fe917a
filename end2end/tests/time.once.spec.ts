import { expect, test } from '../fixtures/app.ts';
import { test as dashboard } from '../fixtures/dashboard.ts';

test.use({ timezoneId: 'Asia/Kolkata' });

test('activities are told by the reader’s own clock', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.change(ada.id, { phone: '+44 20 7946 0000' });
  await contacts.goto(book.beside(`/${ada.id}`));
  const changed = contacts.activities.filter({ hasText: 'Phone changed' });
  await expect(changed.locator('time')).toHaveText('just now');
  await expect(contacts.pane.getByText('Changed just now')).toBeVisible();
  await expect(contacts.pane).not.toContainText('UTC');

  const at = new Date((await changed.locator('time').getAttribute('datetime'))!);
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Kolkata',
    dateStyle: 'long',
    timeStyle: 'short',
  });
  await expect(changed.locator('time')).toHaveAttribute('title', local.format(at).replace(' at ', ', '));
  const date = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', dateStyle: 'long' });
  for (const [later, said] of [
    [5 * 60, '5 minutes ago'],
    [60 * 60 * 24 * 3, '3 days ago'],
    [60 * 60 * 24 * 40, date.format(at)],
  ] as const) {
    await page.clock.setFixedTime(at.getTime() + later * 1000);
    await contacts.reload();
    await expect(changed.locator('time')).toHaveText(said);
  }
});

test('times go on while a page is open', async ({ book, contacts, page }) => {
  await page.clock.install();
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  const time = contacts.activities.first().locator('time');
  await expect(time).toHaveText('just now');
  await page.clock.fastForward('03:30');
  await expect(time).toHaveText('3 minutes ago');
  // A contact that is opened in place has its times as well.
  const grace = await book.add({ name: `Grace ${book.word}` });
  await contacts.row(grace.name).click();
  await expect(contacts.title).toHaveText(grace.name);
  await expect(time).not.toContainText('UTC');
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
