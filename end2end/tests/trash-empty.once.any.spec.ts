import { expect, test } from '../fixtures/dashboard.ts';

// A Kith of the test's own, so that nothing of other tests is deleted.

test('the trash is emptied', async ({ kith, page, request }) => {
  for (const name of ['Ada', 'Bob']) {
    const data = { name, email: 'someone@example.com', welcome: false };
    const created = await request.post(`${kith.origin}/api/contacts`, { data });
    const { contact } = await created.json();
    await request.delete(`${kith.origin}/api/contacts/${contact.id}`);
  }
  await page.goto(`${kith.origin}/trash`);
  await expect(page.locator('#count')).toHaveText('2 contacts');
  await page.getByRole('link', { name: 'Empty trash' }).click();
  await expect(page.getByText('All 2 contacts in it are deleted for ever.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(page).toHaveURL(`${kith.origin}/trash`);
  await expect(page.getByText('The trash is empty.')).toBeVisible();
});
