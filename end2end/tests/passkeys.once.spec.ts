import { setUp, test as base } from '../fixtures/accounts.ts';
import { expect } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';
import type { Kith } from '../fixtures/kith.ts';
import type { CDPSession, Page } from '@playwright/test';

/** Kith under the name of this machine: browsers keep no passkeys for an address. */
const test = base.extend<{ origin: string }>({
  origin: async ({ kith }, use) => {
    await use(kith.origin.replace('127.0.0.1', 'localhost'));
  },
});

/** Makes the first account and adds a passkey to it. */
async function addPasskey(page: Page, kith: Kith, origin: string): Promise<void> {
  await setUp(page, kith, 'ada', origin);
  await page.getByLabel('Name of the device').fill('Phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.locator('#notice')).toContainText('The passkey is added');
}

/** An authenticator of Chromium that keeps passkeys and knows its owner. */
async function addAuthenticator(page: Page): Promise<[CDPSession, string]> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return [cdp, authenticatorId];
}

test('a passkey is added, signs in, and is refused once it is removed', async ({
  guard,
  kith,
  origin,
  page,
}) => {
  guard.expect(/^422 POST \/sign-in\/passkey$/);
  const [cdp, authenticatorId] = await addAuthenticator(page);
  await addPasskey(page, kith, origin);
  await expect(page.locator('#passkeys')).toContainText('Phone');
  await expect(page.locator('#passkeys')).toContainText('not used yet');
  await audit(page);
  // The authenticator knows that it has one for this account.
  await page.getByLabel('Name of the device').fill('Phone again');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByRole('alert')).toContainText('No passkey was used');
  await audit(page);

  // The sign-in asks for no name, and leads to the page that was asked for.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await audit(page);
  await page.goto(`${origin}/trash`);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page).toHaveURL(/\/trash$/);
  await page.goto(`${origin}/account`);
  await expect(page.locator('#account-name')).toHaveText('ada');
  await expect(page.locator('#passkeys')).toContainText('last used');
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  expect(credentials).toHaveLength(1);

  // A person whom the authenticator does not know is not let in.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page.getByRole('alert')).toContainText('No passkey was used');
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page).toHaveURL(/\/contacts$/);

  await page.goto(`${origin}/account`);
  await page.getByRole('button', { name: 'Remove the passkey Phone' }).click();
  await expect(page.locator('#notice')).toContainText('The passkey is removed');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page.getByRole('alert').first()).toContainText('does not sign in here');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await audit(page);
});

test('a copy of a passkey is refused, and a challenge serves once', async ({
  guard,
  kith,
  origin,
  page,
}) => {
  guard.expect(/^422 POST \/sign-in\/passkey$/);
  const [cdp, authenticatorId] = await addAuthenticator(page);
  await addPasskey(page, kith, origin);
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  const copy = credentials[0]!;
  await page.getByRole('button', { name: 'Sign out' }).click();

  const sent = page.waitForRequest(/\/sign-in\/passkey$/);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page).toHaveURL(/\/contacts$/);
  const form = (await sent).postData()!;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const again = await page.request.post(`${origin}/sign-in/passkey`, {
    data: form,
    headers: { ...headers, 'sec-fetch-site': 'same-origin' },
    maxRedirects: 0,
  });
  expect(again.status()).toBe(422);

  // The copy counts from where it was made.
  await page.goto(`${origin}/account`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: copy });
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(page.getByRole('alert').first()).toContainText('does not sign in here');
});

test('a page under an address offers no passkeys', async ({ kith, page }) => {
  await setUp(page, kith);
  await expect(page.getByRole('button', { name: 'Add a passkey' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('button', { name: 'Use a passkey' })).toHaveCount(0);
});
