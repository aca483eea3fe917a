import { expect, test } from '../fixtures/dashboard.ts';
import { auditIfScripted as audit, sidewaysScroll } from '../fixtures/audit.ts';
import type { APIRequestContext } from '@playwright/test';

// A Kith of each test's own: labels are drawn above the list of everyone who shares the book.

async function add(request: APIRequestContext, origin: string, name: string, labels: string[]) {
  const data = { name, email: 'someone@example.com', welcome: false, labels };
  const created = await request.post(`${origin}/api/contacts`, { data });
  expect(created.status(), await created.text()).toBe(201);
  return (await created.json()).contact.id as string;
}

test('the list of a label is one link away', async ({ kith, page, request, javaScriptEnabled }) => {
  await add(request, kith.origin, 'Ada', ['Family', 'VIP']);
  await add(request, kith.origin, 'Bob', ['VIP']);
  await add(request, kith.origin, 'Cyd', []);
  await page.goto(`${kith.origin}/contacts`);
  const rail = page.getByRole('navigation', { name: 'Labels' });
  await expect(rail.getByRole('link', { name: 'All' })).toHaveAttribute('aria-current', 'page');
  await expect(rail.getByRole('link', { name: 'VIP 2' })).not.toHaveAttribute('aria-current');
  await audit(page, javaScriptEnabled);

  await rail.getByRole('link', { name: 'VIP 2' }).press('Enter');
  await expect(page).toHaveURL(/\/contacts\?label=[0-9a-f-]+$/);
  await expect(page.locator('#count')).toHaveText('2 contacts found');
  await expect(page.locator('.row')).toHaveCount(2);
  await expect(rail.getByRole('link', { name: 'VIP 2' })).toHaveAttribute('aria-current', 'page');

  const search = page.getByRole('searchbox');
  await search.fill('ada');
  // With scripts, Enter would open the only contact that has been found by then.
  if (!javaScriptEnabled) await search.press('Enter');
  await expect(page).toHaveURL(/\?q=ada&label=[0-9a-f-]+$/);
  await expect(page.locator('.row')).toHaveCount(1);
  // The row is of the page as it was loaded.
  await page.reload();
  await rail.getByRole('link', { name: 'All' }).press('Enter');
  await expect(page).toHaveURL(`${kith.origin}/contacts?q=ada`);
});

test('a contact becomes a favourite', async ({ kith, page, request, javaScriptEnabled }) => {
  const ada = await add(request, kith.origin, 'Ada', []);
  await add(request, kith.origin, 'Bob', []);
  await page.goto(`${kith.origin}/contacts/${ada}`);
  const star = page.getByRole('button', { name: 'Favourite' });
  await expect(star).toHaveAttribute('aria-pressed', 'false');
  await star.press('Enter');
  await expect(star).toHaveAttribute('aria-pressed', 'true');
  await audit(page, javaScriptEnabled);
  await page.goto(`${kith.origin}/contacts`);
  await page.getByRole('link', { name: 'Favourites 1' }).click();
  await expect(page).toHaveURL(`${kith.origin}/contacts?favourites=1`);
  await expect(page.locator('.row')).toHaveCount(1);
  await page.locator('.row').click();
  await star.press('Enter');
  await expect(star).toHaveAttribute('aria-pressed', 'false');
});

test('a label is renamed, merged, and deleted with a way back', async ({
  guard,
  kith,
  page,
  request,
  javaScriptEnabled,
}) => {
  guard.expect(/^409 POST/);
  await add(request, kith.origin, 'Ada', ['Family']);
  await add(request, kith.origin, 'Bob', ['VIP', 'Family']);
  const items = page.locator('#labels').getByRole('listitem');
  await page.goto(`${kith.origin}/labels`);
  await expect(items).toHaveCount(2);
  await audit(page, javaScriptEnabled);

  await page.getByLabel('Name').fill('Press');
  await page.getByRole('radio', { name: 'Teal' }).check();
  await page.getByRole('button', { name: 'Add label' }).press('Enter');
  await expect(page.locator('#notice')).toHaveText('The label is added.');
  await expect(items).toHaveCount(3);

  await page.getByRole('link', { name: 'Edit VIP' }).press('Enter');
  await audit(page, javaScriptEnabled);
  await page.getByLabel('Name').fill('Best');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await expect(page.locator('#notice')).toHaveText('The label is changed.');
  await expect(items.filter({ hasText: 'Best' })).toContainText('1 contact');

  // The name of another label asks whether they shall be one.
  await page.getByRole('link', { name: 'Edit Best' }).press('Enter');
  await page.getByLabel('Name').fill('family');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Merge Best into Family?');
  await audit(page, javaScriptEnabled);
  await page.getByRole('button', { name: 'Merge' }).press('Enter');
  await expect(page.locator('#notice')).toHaveText('The labels are merged.');
  await expect(items.filter({ hasText: 'Family' })).toContainText('2 contacts');

  await page.getByRole('link', { name: 'Edit Family' }).press('Enter');
  await page.getByRole('button', { name: 'Delete label' }).press('Enter');
  await expect(page.getByRole('status')).toContainText('The label “Family” is deleted.');
  await expect(items).toHaveCount(1);
  await audit(page, javaScriptEnabled);
  await page.getByRole('button', { name: 'Undo the deletion of Family' }).first().press('Enter');
  await expect(page.locator('#notice')).toHaveText('The label is back.');
  await expect(items.filter({ hasText: 'Family' })).toContainText('2 contacts');
});

test('320 pixels are enough for labels', async ({ kith, page, request }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  const long = 'W'.repeat(100);
  await add(request, kith.origin, 'Ada', [long, ...Array.from({ length: 20 }, (_, n) => `Label ${n}`)]);
  for (const path of ['/contacts', '/labels']) {
    await page.goto(`${kith.origin}${path}`);
    expect(await sidewaysScroll(page)).toEqual([]);
    expect(await page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(320);
  }
  await page.getByRole('link', { name: `Edit ${long}` }).click();
  expect(await sidewaysScroll(page)).toEqual([]);
});
