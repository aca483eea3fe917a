import { expect, test } from '../fixtures/dashboard.ts';

// One visit, and another after three seconds.
test.use({ settings: { KITH_LIMITS_UI_LIMIT: '1', KITH_LIMITS_UI_WINDOW: '3s' } });

test('who is refused is told once, and the page comes by itself', async ({ guard, page, javaScriptEnabled }) => {
  guard.expect(/^429 GET \/contacts$/);
  await page.goto('/contacts');
  await page.goto('/contacts');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('One moment');
  await expect(page.getByText(/too many/i)).toHaveCount(0);
  const again = page.getByRole('link', { name: 'Try again' });
  if (javaScriptEnabled ?? true) {
    await expect(again).toHaveAttribute('aria-disabled', 'true');
  }
  // The test touches nothing.
  await expect(page).toHaveTitle('Contacts · Kith');
});
