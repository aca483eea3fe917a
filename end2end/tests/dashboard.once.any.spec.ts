import { burst, expectFigure, SETTINGS } from '../fixtures/burst.ts';
import { expect, test } from '../fixtures/dashboard.ts';

test.use({ settings: SETTINGS });

test('the figures are those of what happened', async ({ dashboard, page, request }) => {
  await burst(request, 2);
  await dashboard.goto();
  await expectFigure(page, 'queue-dead', /Dead letters\s*2/);
  await expect(dashboard.headline('total-requests')).toHaveText('7');
  await expect(dashboard.headline('new-contacts')).toHaveText('1');
  await expect(dashboard.headline('rate-limit-hits')).toHaveText('2');
  await expect(dashboard.headline('cached-entries')).toHaveText('1');
  await expect(page.locator('#policy-api')).toContainText('7 requests so far, 2 refused (28.6%).');
  await expect(page.locator('#tag-contacts')).toContainText('75.0%');
  await expectFigure(page, 'total-requests', '7 in the last hour');
  await expect(page.locator('#requests')).toContainText(/answered\s*5\s*refused\s*2/);
  await expect(page.getByRole('row', { name: /^\/api\/contacts 5/ })).toBeVisible();
  // Addresses are shown in full on demand.
  const clients = page.getByRole('region', { name: 'Most refused clients' });
  await expect(clients).toContainText('127.0.…');
  await page.getByRole('link', { name: 'Show full addresses' }).click();
  await expect(clients).toContainText('127.0.0.1');
  await expect(page).toHaveURL(/addresses=full/);
  // A range is chosen, and stays.
  await page.getByRole('link', { name: '24 hours' }).click();
  await expect(page.getByRole('link', { name: '24 hours' })).toHaveAttribute('aria-current', 'true');
  await expect(page).toHaveURL(/range=day/);
  await expect(page.locator('#requests')).toContainText(/answered\s*5/);
  await page.reload();
  await expect(page.getByRole('link', { name: '24 hours' })).toHaveAttribute('aria-current', 'true');
  await expect(clients).toContainText('127.0.0.1');
});

test('limits are changed while Kith runs, and mistakes are explained', async ({
  dashboard,
  guard,
  page,
  request,
}) => {
  guard.expect(/^400 POST \/dashboard\/limits\/api/);
  await dashboard.goto();
  const policy = page.locator('#policy-api');
  await policy.getByLabel('Requests of api').fill('a few');
  await policy.getByRole('button', { name: 'Change' }).click();
  await expect(dashboard.notice).toHaveText(/The limit is a whole number/);
  await expect(policy.getByLabel('Requests of api')).toHaveValue('a few');
  await policy.getByLabel('Requests of api').fill('1');
  await policy.getByRole('button', { name: 'Change' }).click();
  await expect(dashboard.notice).toHaveText('Limit of api set to 1 request in 1m.');
  expect((await request.get('/api/contacts')).status()).toBe(200);
  expect((await request.get('/api/contacts')).status()).toBe(429);
  await policy.getByRole('button', { name: /^Reset/ }).click();
  await expect(dashboard.notice).toHaveText(
    'Limit of api back to 5 requests in 1m, as configured.',
  );
  await expect(policy.getByLabel('Requests of api')).toHaveValue('5');
  await expect(policy.getByRole('button', { name: /^Reset/ })).toHaveCount(0);
  expect((await request.get('/api/contacts')).status()).toBe(200);
  const actions = page.getByRole('region', { name: 'Last actions' });
  await expect(actions.getByRole('listitem').first()).toContainText('by 127.0.0.1');
});

test('clients are denied, and not denied any more', async ({ dashboard, guard, page }) => {
  guard.expect(/^400 POST \/dashboard\/denied/);
  await dashboard.goto();
  const network = page.getByLabel('Address or network');
  await network.fill('127.0.0.1');
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(dashboard.notice).toHaveText(/you would lock yourself out/);
  await expect(network).toHaveValue('127.0.0.1');
  await network.fill('203.0.113.0/24');
  await network.press('Enter');
  await expect(dashboard.notice).toHaveText('203.0.113.0/24 is denied.');
  await expect(network).toHaveValue('');
  await page.getByRole('button', { name: 'Remove 203.0.113.0/24' }).click();
  await expect(dashboard.notice).toHaveText('203.0.113.0/24 is no longer denied.');
  await expect(page.getByText('Nobody is denied.')).toBeVisible();
});

test('the cache of a tag is emptied', async ({ dashboard, page, request }) => {
  await request.get('/api/contacts');
  expect((await request.get('/api/contacts')).headers()['x-cache']).toBe('HIT');
  await dashboard.goto();
  await page.getByRole('button', { name: 'Invalidate contacts' }).click();
  await expect(dashboard.notice).toHaveText('Cache of contacts invalidated: it is read anew from now on.');
  expect((await request.get('/api/contacts')).headers()['x-cache']).toBe('MISS');
});

test('dead letters are sent again, and deleted after a question', async ({
  dashboard,
  guard,
  page,
  request,
}) => {
  guard.expect(/^400 POST \/dashboard\/dead-letters/);
  await burst(request, 3);
  await dashboard.goto();
  await expectFigure(page, 'queue-dead', /Dead letters\s*3/);
  const letters = page.locator('#dead-letters');
  await letters.locator('summary').first().click();
  await expect(letters.locator('.timeline').first()).toContainText('Attempt failed');
  await letters.getByRole('button', { name: 'Retry ticked' }).click();
  await expect(dashboard.notice).toHaveText(/No dead letter is ticked/);
  await letters.getByRole('checkbox').first().check();
  await letters.getByRole('button', { name: 'Retry ticked' }).click();
  await expect(dashboard.notice).toHaveText('1 dead letter put back in the queue.');
  // No server listens there yet.
  await expectFigure(page, 'queue-dead', /Dead letters\s*3/);
  await letters.getByText('Delete…').click();
  await expect(letters.getByText('What is deleted is gone for good.')).toBeVisible();
  await letters.getByRole('button', { name: 'Delete all 3' }).click();
  await expect(dashboard.notice).toHaveText('3 dead letters deleted.');
  await expectFigure(page, 'queue-dead', /Dead letters\s*0/);
});
