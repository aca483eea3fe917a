import type { Request } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import { painted } from '../fixtures/painted.ts';
import { hold } from '../fixtures/routes.ts';

test.use({ live: false });

/** What asks about a contact. */
const ONE = /\/fn\/contacts\/(get|form)/;

test('a slow contact is named at once, and nothing of the one before is left', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add({ phone: '020 1111', company: 'Engines' });
  await book.add({ name: `Grace ${book.word}`, phone: '020 2222' });
  await contacts.goto(book.beside(`/${ada.id}`));
  const { letGo } = await hold(page, ONE);
  await contacts.row('Grace').click();
  await expect(contacts.title).toHaveText(`Grace ${book.word}`);
  await expect(contacts.pane).not.toContainText('020 1111');
  await expect(contacts.pane).not.toContainText('Engines');
  await expect(contacts.button('Delete')).toHaveCount(0);
  await expect(page).toHaveTitle(`Grace ${book.word} · Kith`);
  await expect(contacts.pane.locator('.avatar')).toHaveText(/^G/);
  // After a while it says that there is more to come, to eyes and ears.
  await expect(contacts.pane.getByRole('status')).toHaveText('Loading…');
  await expect(contacts.pane.locator('.skeleton')).toBeVisible();
  await expect(contacts.pane.locator('.skeleton')).toHaveAttribute('aria-hidden', 'true');
  letGo();
  await expect(contacts.pane).toContainText('020 2222');
  await expect(contacts.pane.locator('.skeleton')).toHaveCount(0);
  await expect(contacts.title).toHaveText(`Grace ${book.word}`);
});

test('the first contact is named at once as well', async ({ book, contacts, page }) => {
  await book.add({ phone: '020 1111' });
  await contacts.goto(book.list);
  const { letGo } = await hold(page, ONE);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.pane).not.toContainText('Choose a contact');
  letGo();
  await expect(contacts.pane).toContainText('020 1111');
});

test('a form opened by its address shows no other contact while it loads', async ({
  book,
  contacts,
  page,
}) => {
  const ada = await book.add({ notes: 'Of Ada' });
  await book.add({ name: `Grace ${book.word}`, notes: 'Of Grace' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit').click();
  await contacts.expectFields({ notes: 'Of Ada' });
  await contacts.row('Grace').click();
  await expect(contacts.pane).toContainText('Of Grace');
  const { letGo } = await hold(page, ONE);
  await page.goBack();
  await expect(page).toHaveURL(book.beside(`/${ada.id}/edit`));
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.pane).not.toContainText('Of Grace');
  await expect(contacts.pane.locator('.skeleton')).toBeVisible();
  letGo();
  await contacts.expectFields({ name: ada.name, notes: 'Of Ada' });
});

test('of two slow contacts the last one is shown, whatever comes first', async ({
  book,
  contacts,
  page,
}) => {
  await book.add({ phone: '020 1111' });
  const grace = await book.add({ name: `Grace ${book.word}`, phone: '020 2222' });
  await contacts.goto(book.list);
  const isOther = (request: Request) => request.postDataJSON().id !== grace.id;
  const { asked, letGo } = await hold(page, '**/fn/contacts/get*', isOther);
  await contacts.row('Ada').click();
  const late = await asked;
  await contacts.row('Grace').click();
  await expect(contacts.pane).toContainText('020 2222');
  letGo();
  await (await late.response())!.finished();
  await painted(page);
  await expect(contacts.title).toHaveText(grace.name);
  await expect(contacts.pane).toContainText('020 2222');
  await expect(contacts.pane.locator('.skeleton')).toHaveCount(0);
});

test('nothing moves in the skeleton for who wants less motion', async ({ book, contacts, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await book.add();
  await contacts.goto(book.list);
  const { letGo } = await hold(page, ONE);
  await contacts.row('Ada').click();
  const bar = contacts.pane.locator('.skeleton > span').first();
  await expect(bar).toBeVisible();
  expect(await bar.evaluate((bar) => getComputedStyle(bar).animationName)).toBe('none');
  letGo();
  await expect(bar).toHaveCount(0);
});
