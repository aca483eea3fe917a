import { expect } from '../fixtures/app.ts';
import { setUp, test } from '../fixtures/accounts.ts';
import { auditIfScripted as audit, sidewaysScroll } from '../fixtures/audit.ts';
import type { Page } from '@playwright/test';

// A Kith of each test's own: the page shows the dates of all contacts.

/** A day as the form of a contact takes it, without a year, so many days from now. */
function day(from: number): string {
  const date = new Date();
  date.setDate(date.getDate() + from);
  const part = (number: number) => String(number).padStart(2, '0');
  return `--${part(date.getMonth() + 1)}-${part(date.getDate())}`;
}

async function add(page: Page, origin: string, name: string, birthday: string): Promise<void> {
  const added = await page.request.post(`${origin}/contacts/new`, { form: { name, birthday } });
  expect(added.status()).toBe(200);
}

test('the days that come stand in their order', async ({ javaScriptEnabled, kith, page }) => {
  await setUp(page, kith);
  await page.goto(`${kith.origin}/contacts`);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Birthdays' }).click();
  await expect(page.getByText('No birthdays yet.')).toBeVisible();
  await audit(page, javaScriptEnabled);
  await page.getByRole('link', { name: 'Add a contact with a birthday' }).click();
  await expect(page).toHaveURL(/\/contacts\/new\?field=birthday$/);

  await add(page, kith.origin, 'Later', day(40));
  await add(page, kith.origin, 'Sooner', day(20));
  await page.goto(`${kith.origin}/birthdays`);
  const rows = page.locator('#dates').getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('Sooner');
  await expect(rows.first()).toContainText(/In (19|20|21) days/);
  await expect(rows.last()).toContainText('Later');
  await audit(page, javaScriptEnabled);
  await rows.first().getByRole('link').press('Enter');
  await expect(page).toHaveURL(/\/contacts\/[0-9a-f-]{36}$/);
});

test('a calendar gets an address, which is shown once and revoked', async ({
  javaScriptEnabled,
  kith,
  page,
  request,
}) => {
  await setUp(page, kith);
  await add(page, kith.origin, 'Ada', '10 December 1815');
  await page.goto(`${kith.origin}/birthdays`);
  await page.getByRole('button', { name: 'Make an address' }).press('Enter');
  const address = await page.locator('#new-feed code').textContent();
  expect(address).toMatch(/\/calendar\/[\w-]{43}\.ics$/);
  await audit(page, javaScriptEnabled);
  const read = await request.get(address!);
  expect(read.status()).toBe(200);
  expect(await read.text()).toContain('SUMMARY:Ada: birthday (1815)');

  await page.goto(`${kith.origin}/birthdays`);
  await expect(page.locator('#new-feed')).toHaveCount(0);
  await audit(page, javaScriptEnabled);
  await page.getByRole('button', { name: 'Revoke the address' }).press('Enter');
  await expect(page.locator('#notice')).toContainText('The address is revoked.');
  expect((await request.get(address!)).status()).toBe(404);
  await expect(page.getByRole('button', { name: 'Make an address' })).toBeVisible();
});

test('320 pixels are enough for birthdays', async ({ kith, page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await setUp(page, kith);
  await add(page, kith.origin, 'W'.repeat(100), day(3));
  await page.goto(`${kith.origin}/birthdays`);
  expect(await sidewaysScroll(page)).toEqual([]);
  expect(await page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(320);
  await page.getByRole('button', { name: 'Make an address' }).click();
  expect(await page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(320);
});

test.describe('far from the server', () => {
  test.use({ timezoneId: 'Pacific/Kiritimati' });

  test('the day is that of the reader', async ({ javaScriptEnabled, kith, page }) => {
    test.skip(!(javaScriptEnabled ?? true), 'only a script knows the time zone');
    await setUp(page, kith);
    await page.goto(`${kith.origin}/birthdays`);
    await page.goto(`${kith.origin}/birthdays`);
    await expect(page.getByText('(Pacific/Kiritimati)')).toBeVisible();
  });
});
