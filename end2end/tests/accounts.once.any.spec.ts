import { expect } from '../fixtures/app.ts';
import { PASSWORD, setUp, test } from '../fixtures/accounts.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';
import type { Page } from '@playwright/test';

async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the first account is made with the code that the server prints', async ({
  guard,
  javaScriptEnabled,
  kith,
  page,
}) => {
  guard.expect(/^422 POST \/set-up/);
  await page.goto(`${kith.origin}/contacts`);
  await expect(page.getByRole('link', { name: 'Account' })).toHaveCount(0);
  await page.goto(`${kith.origin}/set-up`);
  await audit(page, javaScriptEnabled);
  // A wrong code makes no account, and what was typed stays.
  await page.getByLabel('Code').fill('wrong');
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('ada');
  await setUp(page, kith);
  await audit(page, javaScriptEnabled);
  // The first account takes over what was there, and there is no second first account.
  await page.goto(`${kith.origin}/set-up`);
  await expect(page).toHaveURL(/\/contacts$/);
});

test('a person who is not signed in is led to the sign-in, and back to the page', async ({
  guard,
  javaScriptEnabled,
  kith,
  page,
}) => {
  guard.expect(/^422 POST \/sign-in/);
  await setUp(page, kith);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto(`${kith.origin}/contacts/new?q=ada`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('navigation')).toHaveCount(0);
  await audit(page, javaScriptEnabled);
  await signIn(page, 'not this one');
  await expect(page.getByRole('alert')).toHaveText(/The name or the password is wrong/);
  await expect(page.getByLabel('Name')).toHaveValue('ada');
  await expect(page.getByLabel('Password')).toHaveValue('');
  await audit(page, javaScriptEnabled);
  await signIn(page);
  await expect(page).toHaveURL(/\/contacts\/new\?q=ada$/);
  await expect(page.getByRole('link', { name: 'Account' })).toBeVisible();
});

test('a program needs a token, which is shown once and can be revoked', async ({
  javaScriptEnabled,
  kith,
  page,
  request,
}) => {
  await setUp(page, kith);
  const contacts = `${kith.origin}/api/contacts`;
  expect((await request.get(contacts)).status()).toBe(401);
  await page.getByLabel('Name of the program').fill('backup script');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const shown = page.locator('#new-token');
  await expect(shown).toContainText('cannot show it again');
  await audit(page, javaScriptEnabled);
  const token = (await shown.locator('code').textContent())!;
  const headers = { Authorization: `Bearer ${token}` };
  expect((await request.get(contacts, { headers })).status()).toBe(200);
  // This one only reads.
  const ada = { name: 'Ada', email: 'ada@example.com' };
  expect((await request.post(contacts, { headers, data: ada })).status()).toBe(403);
  await page.goto(`${kith.origin}/account`);
  await expect(page.locator('#tokens')).toContainText('backup script');
  await expect(page.locator('body')).not.toContainText(token);
  await page.getByRole('button', { name: 'Revoke the token backup script' }).click();
  await expect(page.locator('#notice')).toContainText('revoked');
  expect((await request.get(contacts, { headers })).status()).toBe(401);
});

test('a session that is ended elsewhere shows nothing any more', async ({
  browser,
  javaScriptEnabled,
  kith,
  page,
}) => {
  await setUp(page, kith);
  const other = await browser.newContext({ javaScriptEnabled });
  const lost = await other.newPage();
  await lost.goto(`${kith.origin}/contacts`);
  await signIn(lost);
  await expect(lost.getByRole('link', { name: 'Account' })).toBeVisible();
  await page.goto(`${kith.origin}/account`);
  await expect(page.locator('#sessions > li')).toHaveCount(2);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(page.locator('#sessions > li')).toHaveCount(1);
  await lost.goto(`${kith.origin}/contacts`);
  await expect(lost.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await other.close();
});

test('a changed password ends the other sessions', async ({ guard, kith, page }) => {
  guard.expect(/^422 POST \/account\/password/);
  await setUp(page, kith);
  await page.getByLabel('Present password').fill('not this one');
  await page.getByLabel('New password').fill('a kettle on a tall roof');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password').fill('a kettle on a tall roof');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.locator('#notice')).toContainText('The password is changed');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, 'a kettle on a tall roof');
  await expect(page).toHaveURL(/\/contacts$/);
});
