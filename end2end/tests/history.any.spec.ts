import { expect, test } from '../fixtures/app.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';

test('a former version of a contact is read and brought back', async ({
  book,
  contacts,
  javaScriptEnabled,
  page,
}) => {
  const ada = await book.add({ notes: 'Met in Turin.' });
  const king = `Ada King ${book.word}`;
  await book.change(ada.id, { name: king });
  await book.change(ada.id, { notes: `${'n'.repeat(400)}` });
  await contacts.goto(`/contacts/${ada.id}`);
  await contacts.pane.getByRole('link', { name: 'History' }).press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}/history`));
  await expect(contacts.title).toHaveText(`History of ${king}`);
  const rows = contacts.pane.locator('ol > li');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('Notes changed from Met in Turin. to nnn');
  await expect(rows.last()).toContainText(`Name changed from ${ada.name} to ${king}`);
  if (javaScriptEnabled ?? true) {
    await expect(rows.last().locator('time')).toHaveText('just now');
  } else {
    await expect(rows.last().locator('time')).toContainText('UTC');
  }
  await audit(page, javaScriptEnabled);

  await rows.last().getByRole('link', { name: 'Restore the version before' }).press('Enter');
  await expect(contacts.title).toHaveText(`A former version of ${king}`);
  await expect(contacts.pane).toContainText(`Name changed from ${king} to ${ada.name}`);
  await audit(page, javaScriptEnabled);
  await contacts.link('Cancel').press('Enter');
  await expect(contacts.title).toHaveText(`History of ${king}`);
  await rows.last().getByRole('link', { name: 'Restore the version before' }).click();
  await contacts.button('Restore this version').press('Enter');
  await expect(page).toHaveURL(new RegExp(`/contacts/${ada.id}(\\?|$)`));
  await expect(contacts.title).toHaveText(ada.name);
  expect(await book.names()).toEqual([ada.name]);
});

test('a version is not brought back over a change that the page has not shown', async ({
  book,
  contacts,
  guard,
  javaScriptEnabled,
  page,
}) => {
  guard.expect(/^412 POST/);
  const ada = await book.add();
  await book.change(ada.id, { name: `Ada King ${book.word}` });
  await page.goto(`/contacts/${ada.id}/history/1`);
  await expect(contacts.button('Restore this version')).toBeVisible();
  await book.change(ada.id, { phone: '+44 1' });
  await contacts.button('Restore this version').press('Enter');
  await expect(contacts.problem).toContainText('The contact has changed in the meantime.');
  await expect(contacts.pane).toContainText('Phone removed: +44 1');
  await audit(page, javaScriptEnabled);
  await contacts.button('Restore this version').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
});
