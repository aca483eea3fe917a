import { expect, test } from '../fixtures/app.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';

test('a contact of the trash is found, read, and given back', async ({
  book,
  contacts,
  javaScriptEnabled,
  page,
}) => {
  const ada = await book.add({ company: `Engines ${book.word}`, notes: 'Met in Turin.' });
  const grace = await book.add({ name: `Grace ${book.word}` });
  await book.delete(ada.id);
  await book.delete(grace.id);
  await page.goto('/trash');
  const search = page.getByRole('searchbox', { name: 'Search the trash' });
  await search.fill(`ada ${book.word}`);
  await search.press('Enter');
  await expect(page).toHaveURL(`/trash?q=ada+${book.word}`);
  await expect(page.locator('#count')).toHaveText('1 contact found');
  await expect(search).toHaveValue(`ada ${book.word}`);
  const row = contacts.pane.getByRole('listitem');
  await expect(row).toHaveCount(1);
  await expect(row).toContainText(', gone in 30 days');
  await audit(page, javaScriptEnabled);

  await row.getByRole('link', { name: ada.name }).press('Enter');
  await expect(page).toHaveURL(`/trash/${ada.id}`);
  await expect(contacts.title).toHaveText(ada.name);
  for (const text of [ada.email, ada.company!, ada.notes!]) {
    await expect(contacts.pane.getByText(text)).toBeVisible();
  }
  await expect(contacts.pane.getByRole('textbox')).toHaveCount(0);
  await audit(page, javaScriptEnabled);
  await contacts.button('Restore').press('Enter');
  await expect(page).toHaveURL(`/contacts/${ada.id}`);
  expect(await book.names()).toEqual([ada.name]);
});

test('a contact is deleted for ever only after a question', async ({
  book,
  contacts,
  guard,
  javaScriptEnabled,
  page,
}) => {
  guard.expect(/^404 GET/);
  const ada = await book.add();
  await book.delete(ada.id);
  await page.goto(`/trash/${ada.id}`);
  await contacts.link('Delete for ever').press('Enter');
  await expect(contacts.title).toHaveText(`Delete ${ada.name} for ever?`);
  await expect(contacts.pane).toContainText('This cannot be undone.');
  await audit(page, javaScriptEnabled);
  await contacts.link('Cancel').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);

  await contacts.link('Delete for ever').click();
  await contacts.button('Delete for ever').press('Enter');
  await expect(page.getByRole('status')).toHaveText('The contact is deleted for ever.');
  await expect(contacts.pane.getByText(ada.name)).toHaveCount(0);
  await page.goto(`/trash/${ada.id}`);
  await expect(contacts.problem).toContainText('There is no such contact.');
  await audit(page, javaScriptEnabled);
});

test('the question of an empty trash is no more than a question', async ({
  book,
  contacts,
  javaScriptEnabled,
  page,
}) => {
  // Other tests have contacts in this trash, so this one asks and goes back.
  const ada = await book.add();
  await book.delete(ada.id);
  await page.goto('/trash');
  await contacts.link('Empty trash').press('Enter');
  await expect(contacts.title).toHaveText('Empty the trash?');
  await expect(contacts.pane).toContainText('for ever. This cannot be undone.');
  await audit(page, javaScriptEnabled);
  await contacts.link('Cancel').press('Enter');
  await expect(page).toHaveURL('/trash');
  await page.goto(`/trash?q=${book.word}`);
  await expect(contacts.pane.getByRole('listitem')).toHaveCount(1);
});
