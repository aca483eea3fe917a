import { expect, test } from '../fixtures/app.ts';
import { auditIfScripted as audit } from '../fixtures/audit.ts';

function card(name: string): string {
  return `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:${name}\r\nFN:${name}\r\nEND:VCARD\r\n`;
}

const BROKEN = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nnonsense\r\nEND:VCARD\r\n';

test('a file is imported, its report is read, and it is undone', async ({
  book,
  contacts,
  javaScriptEnabled,
  page,
}) => {
  const ada = `Ada ${book.word}`;
  const file = {
    name: `${book.word}.vcf`,
    mimeType: 'text/vcard',
    buffer: Buffer.from(card(ada) + card(`Grace ${book.word}`) + BROKEN),
  };
  await page.goto('/import');
  await expect(page).toHaveTitle('Import · Kith');
  await audit(page, javaScriptEnabled);
  const welcome = page.getByRole('checkbox', { name: 'Send each new contact a welcome email' });
  await expect(welcome).not.toBeChecked();
  await page.getByLabel('Files').setInputFiles(file);
  await contacts.button('Import').press('Enter');
  await expect(page).toHaveURL(/\/imports\/[0-9a-f-]{36}$/);
  await expect(contacts.title).toHaveText(file.name);
  const state = page.locator('#state');
  await expect(async () => {
    // With scripts the page does that itself.
    if (!javaScriptEnabled) {
      await page.reload();
    }
    await expect(state).toHaveText('Done');
  }).toPass();
  for (const [field, count] of [
    ['#added', '2'],
    ['#known', '0'],
    ['#broken', '1'],
  ] as const) {
    await expect(page.locator(field)).toHaveText(count);
  }
  const problems = page.locator('#problems').getByRole('listitem');
  await expect(problems).toHaveText(['Line 14: there is no colon between a name and a value.']);
  await audit(page, javaScriptEnabled);
  expect(await book.names()).toEqual([ada, `Grace ${book.word}`]);

  const loading = page.waitForEvent('download');
  await contacts.link('Download these cards').click();
  const stream = await (await loading).createReadStream();
  expect(Buffer.concat(await stream.toArray()).toString()).toBe(BROKEN);

  await contacts.link('Undo this import').press('Enter');
  await expect(contacts.title).toHaveText(`Undo the import of ${file.name}?`);
  await audit(page, javaScriptEnabled);
  await contacts.button('Undo the import').press('Enter');
  await expect(async () => {
    if (!javaScriptEnabled) {
      await page.reload();
    }
    await expect(state).toHaveText('Undone');
  }).toPass();
  await expect(page.locator('#removed')).toHaveText('2');
  expect(await book.names()).toEqual([]);

  await contacts.link('All imports').press('Enter');
  const row = page.getByRole('listitem').filter({ hasText: file.name });
  await expect(row).toContainText('Undone. 2 added, 0 known, 1 not readable.');
  await audit(page, javaScriptEnabled);
});
