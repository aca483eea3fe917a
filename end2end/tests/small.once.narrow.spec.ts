import { expect, test } from '../fixtures/app.ts';
import { sidewaysScroll } from '../fixtures/audit.ts';

test.use({ viewport: { width: 320, height: 640 } });

test('320 pixels are enough for every state', async ({ book, contacts, guard, page }) => {
  guard.expect(/^404 GET/);
  const fits = async () => {
    expect(await sidewaysScroll(page)).toEqual([]);
    expect(await page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(320);
  };
  const long = `${book.word}${'W'.repeat(190)}`;
  const ada = await book.add({
    name: long,
    email: `${'e'.repeat(64)}@${book.word}.${'d'.repeat(60)}.example`,
    company: 'C'.repeat(200),
  });

  await contacts.goto(book.list);
  await expect(contacts.row(long)).toBeVisible();
  await fits();
  await contacts.row(long).tap();
  await expect(contacts.title).toHaveText(long);
  await fits();
  await contacts.link('Edit').tap();
  await expect(contacts.title).toHaveText(`Edit ${long}`);
  await fits();
  await contacts.fill({ phone: 'x'.repeat(300) });
  await contacts.button('Save').tap();
  await expect(contacts.field('Phone')).toHaveAttribute('aria-invalid', 'true');
  await fits();
  await contacts.fill({ phone: '', notes: 'm'.repeat(300) });
  await book.change(ada.id, { notes: 'n'.repeat(300) });
  await contacts.button('Save').tap();
  await expect(contacts.problem).toContainText('nnn');
  await fits();
  await contacts.button('Save').tap();
  await expect(contacts.title).toHaveText(long);
  await contacts.button('Delete').tap();
  await expect(contacts.undo).toBeInViewport({ ratio: 1 });
  await fits();
  await page.goto('/birthdays');
  await fits();
  await page.goto('/trash');
  await expect(page.getByRole('button', { name: `Restore ${long}` })).toBeInViewport({ ratio: 1 });
  await fits();
  await contacts.goto(`/contacts?q=${book.word}${'x'.repeat(180)}`);
  await expect(contacts.count).toHaveText('Nobody found');
  await fits();
  await contacts.goto('/contacts/new');
  await fits();
  await page.goto('/nowhere');
  await fits();
});
