import { expect, test } from '../fixtures/app.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const read = (page: import('@playwright/test').Page) => page.evaluate(() => navigator.clipboard.readText());

test('a reader copies a contact and its values by keyboard, and the page confirms it', async ({ book, contacts, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000', company: 'Engines', notes: 'First\nsecond' });
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.pane.getByRole('button', { name: 'Copy', exact: true }).press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'The contact is copied.' })).toBeVisible();
  expect(await read(page)).toBe(
    [
      ada.name,
      'Engines',
      `Email: ${ada.email}`,
      'Phone: +44 20 7946 0000',
      'Notes: First\nsecond',
    ].join('\n'),
  );
  await contacts.button('Copy +44 20 7946 0000').press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Copied: +44 20 7946 0000' })).toBeVisible();
  expect(await read(page)).toBe('+44 20 7946 0000');

  // The script of the page serves each contact that is opened.
  const grace = await book.add({ name: `Grace ${book.word}` });
  await contacts.row(grace.name).click();
  await expect(contacts.title).toHaveText(grace.name);
  await contacts.button(`Copy ${grace.email}`).press('Enter');
  await expect.poll(() => read(page)).toBe(grace.email);
});

test('a card is shared as a file where the browser can share', async ({ book, contacts, page }) => {
  await page.addInitScript(() => {
    navigator.canShare = () => true;
    navigator.share = async (data) => {
      const [file] = data!.files!;
      document.body.dataset.shared = `${file!.name} ${file!.type} ${await file!.text()}`;
    };
  });
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await contacts.button('Share').press('Enter');
  const shared = page.locator('body[data-shared]');
  await expect(shared).toHaveAttribute('data-shared', new RegExp(`^${ada.name}\\.vcf text/vcard BEGIN:VCARD`));
});

test('what a browser cannot do is not offered', async ({ book, contacts, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    Object.defineProperty(navigator, 'canShare', { value: undefined });
  });
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}`));
  await expect(page.locator('html[data-can-copy=no]')).toBeAttached();
  await expect(contacts.button('Copy')).toHaveCount(0);
  await expect(contacts.button('Share')).toHaveCount(0);
});

test('the head of a contact asks for nothing from elsewhere', async ({ book, contacts, page }) => {
  const ada = await book.add({ phone: '+44 20 7946 0000' });
  const asked: URL[] = [];
  page.on('request', (request) => asked.push(new URL(request.url())));
  await contacts.goto(book.beside(`/${ada.id}`));
  const { origin } = new URL(page.url());
  expect(asked.filter((url) => url.origin !== origin)).toEqual([]);
});
