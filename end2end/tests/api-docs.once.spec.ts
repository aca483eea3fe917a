import { expect, test } from '../fixtures/app.ts';

test('the API describes itself on a page', async ({ page }) => {
  await page.goto('/api/docs/');
  await expect(page.getByRole('heading', { name: /^Kith/ })).toBeVisible();
  for (const operation of [
    'GET /api/contacts',
    'POST /api/contacts',
    'GET /api/contacts/{id}',
    'PUT /api/contacts/{id}',
    'PATCH /api/contacts/{id}',
    'DELETE /api/contacts/{id}',
    'POST /api/contacts/{id}/restore',
    'GET /healthz',
    'GET /readyz',
  ]) {
    const [method, path] = operation.split(' ');
    const block = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });
    await expect(block.filter({ hasText: method! }).first(), operation).toBeVisible();
  }
});

test('the page can try the API', async ({ book, page }) => {
  await book.add();
  await page.goto('/api/docs/');
  const list = page.locator('#operations-contacts-list');
  await list.getByRole('button').first().click();
  await list.getByRole('button', { name: 'Try it out' }).click();
  await list.getByPlaceholder('q', { exact: true }).fill(book.word);
  const answer = page.waitForResponse((response) => response.url().includes('/api/contacts?'));
  await list.getByRole('button', { name: 'Execute' }).click();
  expect((await answer).status()).toBe(200);
  await expect(list.locator('.live-responses-table')).toContainText(`ada@${book.word}.example`);
});
