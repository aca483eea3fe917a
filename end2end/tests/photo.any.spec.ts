import { expect, test } from '../fixtures/app.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';
import { HALVES } from '../fixtures/picture.ts';

test('a photo is chosen, seen in the list and beside it, and removed after a question', async ({
  book,
  contacts,
  javaScriptEnabled,
  page,
}) => {
  const ada = await book.add();
  await contacts.goto(`/contacts/${ada.id}`);
  await contacts.pane.getByRole('link', { name: 'Photo' }).press('Enter');
  await expect(contacts.title).toHaveText(`Photo of ${ada.name}`);
  await audit(page, javaScriptEnabled);
  await page.getByLabel('New photo').setInputFiles(HALVES);
  await audit(page, javaScriptEnabled);
  await contacts.button('Save photo').press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}`));
  const avatar = contacts.pane.locator('.avatar img');
  await expect(avatar).toHaveAttribute('src', new RegExp(`^/contacts/${ada.id}/photo/`));
  await expect
    .poll(() => avatar.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBe(32);
  await expect(contacts.pane.locator('.avatar')).toHaveText(/^A/);
  await audit(page, javaScriptEnabled);

  await page.goto(`/contacts/${ada.id}/photo`);
  await expect(page.getByRole('img', { name: 'The present photo' })).toBeVisible();
  await contacts.link('Remove photo').press('Enter');
  await expect(contacts.title).toHaveText(`Remove the photo of ${ada.name}?`);
  await audit(page, javaScriptEnabled);
  await contacts.button('Remove photo').press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}`));
  await expect(avatar).toHaveCount(0);
});

test('a file that is no photo is refused with advice', async ({
  book,
  contacts,
  guard,
  javaScriptEnabled,
  page,
}) => {
  guard.expect(/^400 POST/);
  const ada = await book.add();
  await page.goto(`/contacts/${ada.id}/photo`);
  await page.getByLabel('New photo').setInputFiles({
    name: 'me.heic',
    mimeType: 'image/heic',
    buffer: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
  });
  await contacts.button('Save photo').press('Enter');
  await expect(contacts.problem).toContainText('export this one as JPEG');
  await expect(page.getByLabel('New photo')).toBeVisible();
  await audit(page, javaScriptEnabled);
});
