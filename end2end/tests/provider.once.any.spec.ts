import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setUp } from '../fixtures/accounts.ts';
import { test as base, expect } from '../fixtures/app.ts';
import { audit } from '../fixtures/audit.ts';
import { Kith } from '../fixtures/kith.ts';
import { IdentityProvider } from '../fixtures/oidc.ts';

interface Fixtures {
  /** Whom Kith makes accounts. */
  create: string;
  kith: Kith;
}

const test = base.extend<Fixtures>({
  create: ['', { option: true }],
  kith: async ({ context, create }, use) => {
    // The provider knows where Kith is before it starts.
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const provider = await IdentityProvider.start(origin);
    const kith = await Kith.start({
      ...provider.settings,
      KITH_LIMITS_UI_LIMIT: '100000',
      KITH_OIDC_CREATE: create,
      KITH_SERVER_ADDR: `127.0.0.1:${port}`,
      PUBLIC_URL: origin,
    });
    await use(kith);
    await kith.stopAfter(context);
    await provider.stop();
  },
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a person links an identity, signs in with it, and unlinks it', async ({
  guard,
  javaScriptEnabled,
  kith,
  page,
}) => {
  guard.expect(/^422 GET \/sign-in\/callback/);
  await setUp(page, kith);
  await page.getByRole('button', { name: 'Link an identity at Example ID' }).click();
  await page.getByLabel('Login').fill('grace');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.locator('#notice')).toContainText('The identity is linked');
  await expect(page.locator('#identities')).toContainText('grace@example.org');
  if (javaScriptEnabled ?? true) {
    await audit(page);
  }

  await page.getByRole('button', { name: 'Sign out' }).click();
  if (javaScriptEnabled ?? true) {
    await audit(page);
  }
  await page.goto(`${kith.origin}/trash`);
  // The person is still signed in at the provider, which leads back at once.
  await page.getByRole('button', { name: 'Continue with Example ID' }).click();
  await expect(page).toHaveURL(/\/trash$/);
  await page.goto(`${kith.origin}/account`);
  await expect(page.locator('#account-name')).toHaveText('ada');

  await page.getByRole('button', { name: /Unlink/ }).click();
  await expect(page.locator('#notice')).toContainText('The identity is unlinked');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Continue with Example ID' }).click();
  await expect(page.getByRole('alert')).toContainText('No account that can sign in');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  if (javaScriptEnabled ?? true) {
    await audit(page);
  }
});

test.describe('with a rule', () => {
  test.use({ create: '@example.org' });

  test('a person of the domain gets an account at the first sign-in', async ({ kith, page }) => {
    await setUp(page, kith);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Continue with Example ID' }).click();
    await page.getByLabel('Login').fill('grace');
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page).toHaveURL(/\/contacts$/);
    await page.goto(`${kith.origin}/account`);
    await expect(page.locator('#account-name')).toHaveText('grace');
    await expect(page.getByText('a member')).toBeVisible();
  });
});
