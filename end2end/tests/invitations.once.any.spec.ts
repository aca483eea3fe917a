import { test as base, expect } from '../fixtures/app.ts';
import { PASSWORD, setUp } from '../fixtures/accounts.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';
import { Kith } from '../fixtures/kith.ts';
import { MailServer } from '../fixtures/mail.ts';

const NEW_PASSWORD = 'a kettle on a tall roof';

const test = base.extend<{ mail: MailServer; kith: Kith }>({
  mail: async ({}, use) => {
    const mail = await MailServer.start();
    await use(mail);
    await mail.stop();
  },
  kith: async ({ context, mail }, use) => {
    const kith = await Kith.start({
      KITH_LIMITS_UI_LIMIT: '100000',
      SMTP_URL: mail.url,
      MAIL_FROM: 'Kith <kith@example.org>',
    });
    await use(kith);
    await kith.stopAfter(context);
  },
});

test('an invitation makes an account, by mail and by a link that is passed on', async ({
  browser,
  guard,
  javaScriptEnabled,
  kith,
  mail,
  page,
}) => {
  await setUp(page, kith);
  await page.getByRole('link', { name: 'accounts', exact: true }).click();
  await expect(page.locator('#accounts > li')).toHaveCount(1);
  await page.getByLabel('Address').fill('eve@example.com');
  await page.getByRole('button', { name: 'Make an invitation' }).click();
  await expect(page.locator('#notice')).toContainText('on its way');
  await expect(page.locator('#invitations')).toContainText('eve@example.com');
  await audit(page, javaScriptEnabled);

  const other = await browser.newContext({ javaScriptEnabled });
  await guard.watch(other);
  const eve = await other.newPage();
  const link = await mail.link(1);
  await eve.goto(link);
  // The secret has left the address.
  await expect(eve).toHaveURL(`${kith.origin}/link`);
  await audit(eve, javaScriptEnabled);
  await eve.getByLabel('Name').fill('eve');
  await eve.getByLabel('Password').fill(PASSWORD);
  await eve.getByRole('button', { name: 'Make the account' }).click();
  await expect(eve).toHaveURL(`${kith.origin}/contacts`);
  guard.expect(/^410 GET \/link/);
  await eve.goto(link);
  await expect(eve.getByRole('alert')).toContainText('not valid any more');
  await audit(eve, javaScriptEnabled);
  await other.close();

  await page.getByRole('button', { name: 'Make an invitation' }).click();
  const shown = page.locator('#new-link');
  await expect(shown).toContainText('cannot show it again');
  await audit(page, javaScriptEnabled);
  await expect(page.locator('#accounts')).toContainText('eve');
  const passedOn = (await shown.locator('code').textContent())!;
  expect(kith.output).not.toContain(passedOn.split('/link/')[1]!);
  expect(kith.output).not.toContain(link.split('/link/')[1]!);
  await page.getByRole('button', { name: 'Revoke the invitation' }).click();
  await expect(page.locator('#notice')).toContainText('revoked');
  await expect(page.locator('#invitations')).toHaveCount(0);
});

test('a forgotten password is replaced by a link to the address of the account', async ({
  guard,
  javaScriptEnabled,
  kith,
  mail,
  page,
}) => {
  await setUp(page, kith);
  await page.getByLabel('New address').fill('ada@example.com');
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Send a link that confirms it' }).click();
  await expect(page.locator('#notice')).toContainText('on its way');
  await page.goto(await mail.link(1));
  await audit(page, javaScriptEnabled);
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.locator('#notice')).toContainText('confirmed');
  await page.goto(`${kith.origin}/account`);
  await expect(page.locator('#own-address')).toHaveText('ada@example.com');
  await audit(page, javaScriptEnabled);
  await page.getByRole('link', { name: 'Activity of this account' }).click();
  await expect(page.locator('#activity')).toContainText('Email changed');
  await audit(page, javaScriptEnabled);
  await page.goto(`${kith.origin}/account`);
  await page.getByRole('button', { name: 'Sign out' }).click();

  await page.getByRole('link', { name: 'Forgotten password' }).click();
  await audit(page, javaScriptEnabled);
  await page.getByLabel('Name or address').fill('ada@example.com');
  await page.getByRole('button', { name: 'Send a link' }).click();
  await expect(page.locator('#notice')).toContainText('If there is such an account');
  await page.goto(await mail.link(2));
  guard.expect(/^422 POST \/link/);
  await page.getByLabel('New password').fill('password');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByRole('alert')).toContainText('easy to guess');
  await audit(page, javaScriptEnabled);
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.locator('#notice')).toContainText('The password is changed');
  await expect.poll(() => mail.mails.at(-1)).toContain('Your password for Kith has changed');
  await page.getByRole('link', { name: 'Go to Kith' }).click();
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/contacts$/);
});
