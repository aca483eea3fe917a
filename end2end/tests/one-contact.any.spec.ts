import { expect, test } from '../fixtures/app.ts';
import { auditIfScripted as audit, sidewaysScroll } from '../fixtures/audit.ts';

test('a contact is shown as a QR code, dark on light', async ({ book, contacts, javaScriptEnabled, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('QR code').press('Enter');
  await expect(contacts.title).toHaveText(`QR code of ${ada.name}`);
  const code = page.getByRole('img', { name: `QR code of ${ada.name}` });
  await expect(code).toBeVisible();
  await audit(page, javaScriptEnabled);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(code.locator('rect')).toHaveCSS('fill', 'rgb(255, 255, 255)');
  await expect(code.locator('path')).toHaveCSS('fill', 'rgb(0, 0, 0)');
  await audit(page, javaScriptEnabled);
  expect(await sidewaysScroll(page)).toEqual([]);
  await contacts.link('Back to the contact').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
});

test('a contact is printed from a page of its own', async ({ book, contacts, javaScriptEnabled, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000', notes: 'Met in Turin.' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Print').press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}/print`));
  await audit(page, javaScriptEnabled);
  if (javaScriptEnabled) {
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute('data-printed', '');
    });
    await page.getByRole('button', { name: 'Print' }).press('Enter');
    await expect(page.locator('body[data-printed]')).toBeAttached();
  } else {
    await expect(page.locator('noscript p')).toBeVisible();
  }
  await page.emulateMedia({ media: 'print' });
  for (const text of [ada.name, ada.email, '+44 20 7946 0000', 'Met in Turin.']) {
    await expect(page.getByText(text, { exact: true }).first()).toBeVisible();
  }
  await expect(page.getByRole('button')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Back to the contact' })).toHaveCount(0);
});

test('each section leads to its place in the form', async ({ book, contacts, javaScriptEnabled, page }) => {
  const ada = await book.add({ notes: 'Met in Turin.' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.link('Edit notes').press('Enter');
  await expect(contacts.field('Notes')).toBeFocused();
  await expect(contacts.field('Notes')).toBeInViewport();
  await audit(page, javaScriptEnabled);
  await contacts.link('Cancel').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.link('Add address').press('Enter');
  const street = contacts.pane.getByRole('textbox', { name: 'Street' });
  await expect(street).toBeFocused();
  await street.fill('12 St James');
  await contacts.button('Save').press('Enter');
  await expect(contacts.pane.getByText('12 St James')).toBeVisible();
  await expect(contacts.link('Add address')).toHaveCount(0);
  // The list is the one from before.
  await contacts.showList();
  await expect(contacts.search).toHaveValue(book.word);
});

test('avatar and name stay where they are while a contact is edited', async ({ book, contacts, page }) => {
  const ada = await book.add({ company: 'Engines' });
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await contacts.goto(book.beside(`/${ada.id}`));
    const places = async () => ({
      avatar: await contacts.pane.locator('.avatar').boundingBox(),
      name: await contacts.title.locator('bdi').boundingBox(),
      company: await contacts.pane.locator('.person-name p').boundingBox(),
    });
    const before = await places();
    await contacts.link('Edit').click();
    await expect(contacts.button('Save')).toBeVisible();
    expect(await places(), `${width} pixels`).toEqual(before);
  }
});
