import { expect, test } from '../fixtures/app.ts';

test.use({ live: false });

test('a search that finds nobody has one text and two ways on', async ({ book, contacts, page }) => {
  await book.add();
  await contacts.goto(book.list);
  const name = `${book.word} nobody`;
  await contacts.search.fill(name);
  await expect(contacts.count).toHaveText('Nobody found');
  await expect(contacts.list).toContainText(`No contact has “${name}”.`);
  await expect(contacts.pane).toHaveText('', { useInnerText: true });
  await contacts.list.getByRole('link', { name: `Add “${name}”` }).click();
  await expect(contacts.title).toHaveText('New contact');
  await contacts.expectFields({ name, email: '' });
  await expect(contacts.field('Name')).toBeFocused();
  await page.goBack();
  await expect(contacts.title).toHaveCount(0);
  await contacts.list.getByRole('link', { name: 'Clear search' }).click();
  await expect(page).toHaveURL('/contacts');
  await expect(contacts.search).toHaveValue('');
  await expect(contacts.rows).not.toHaveCount(0);
});

test('what is not there is not tried again', async ({ book, contacts, guard, page }) => {
  guard.expect(/^404 GET/);
  const ada = await book.add();
  await book.delete(ada.id);
  await contacts.goto(book.beside(`/${ada.id}`));
  await expect(contacts.link('Try again')).toHaveCount(0);
  await contacts.link('Back to the list').click();
  await expect(page).toHaveURL(book.list);
});

test('a contact that did not come is asked for again in its place', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.expect(/^net::ERR_FAILED POST/);
  const ada = await book.add();
  await contacts.goto(book.list);
  await page.evaluate(() => document.body.setAttribute('data-same-page', ''));
  await page.route('**/fn/contacts/get*', (route) => route.abort('failed'));
  await contacts.row('Ada').click();
  await expect(contacts.problem).toBeVisible();
  await page.unroute('**/fn/contacts/get*');
  await contacts.link('Try again').click();
  await expect(contacts.title).toHaveText(ada.name);
  await expect(page.locator('body[data-same-page]')).toBeAttached();
});

test('a contact opened from the list is announced', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await book.add({ name: `Bob ${book.word}` });
  await contacts.goto(book.list);
  const spoken = page.getByRole('status').filter({ hasText: ada.name });
  await expect(spoken).toHaveCount(0);
  await contacts.row('Ada').press('Enter');
  await expect(contacts.title).toHaveText(ada.name);
  await expect(contacts.row('Ada')).toBeFocused();
  await expect(spoken).toHaveText(ada.name);
});

test('the form for a new contact begins at the name', async ({ book, contacts }) => {
  await contacts.goto(book.beside('/new'));
  await expect(contacts.field('Name')).toBeFocused();
});

test('no tile of the dashboard stands alone in its row', async ({ page }) => {
  await page.goto('/dashboard');
  for (const width of [360, 640, 768, 1023, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const rows = await page.locator('.headlines > li').evaluateAll((tiles) => {
      const rows = new Map<number, number[]>();
      for (const tile of tiles) {
        const { top, width } = tile.getBoundingClientRect();
        rows.set(top, [...(rows.get(top) ?? []), width]);
      }
      const whole = tiles[0]!.parentElement!.getBoundingClientRect().width;
      return [...rows.values()].map((row) => (row.length > 1 ? 'together' : row[0] === whole ? 'whole' : 'alone'));
    });
    expect(rows, `${width}`).not.toContain('alone');
  }
});

test('Tab goes past what scrolling brings by itself', async ({ book, contacts, page }) => {
  await book.addMany(120);
  await contacts.goto(book.list);
  await contacts.search.press('ArrowDown');
  await expect(contacts.rows.first()).toBeFocused();
  const more = contacts.list.getByRole('link', { name: 'Show more' });
  await expect(more).toHaveAttribute('tabindex', '-1');
  await page.keyboard.press('Tab');
  await expect(contacts.rows.first()).not.toBeFocused();
  await expect(page.locator('.more:focus')).toHaveCount(0);
});
