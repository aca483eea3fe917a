import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/app.ts';
import type { ContactsPage } from '../pages/contacts.ts';

// A search takes ten words, so each of these is a few.
const BREAKS_OUT = [
  `</textarea></title><script>window.broken=1</script>`,
  `<img src=x onerror="window.broken=1">`,
  `"><svg onload="window.broken=1">`,
].join(' ');
const SNEAKS_IN = [
  `javascript:window.broken=1`,
  `' onfocus='window.broken=1' autofocus='`,
  `</script><!--&lt;b&gt;&amp;<![CDATA[{{7*7}}\${7*7}%3Cb%3E`,
].join(' ');

/** Whatever runs leaves a mark, opens a dialog, or adds an element that is none of ours. */
async function expectNothingRan(page: Page, contacts: ContactsPage): Promise<void> {
  await expect(page.locator('img, [onload], [onerror], [onfocus], svg svg, main b')).toHaveCount(0);
  if (contacts.scripts) {
    expect(await page.evaluate(() => 'broken' in window)).toBe(false);
  }
}

for (const [what, text] of [
  ['what would break out of its element', BREAKS_OUT],
  ['what would sneak into an attribute or a script', SNEAKS_IN],
] as const) {
  test(`${what} is text everywhere`, async ({ book, contacts, page }) => {
    page.on('dialog', (dialog) => {
      throw new Error(`a dialog says ${dialog.message()}`);
    });
    const name = `${book.word} ${text}`;
    const notes = `${text}\n\n${text}`;
    const ada = await book.add({ name, company: text, notes });

    // Drawn by the server, then brought to life.
    await contacts.goto(book.beside(`/${ada.id}`));
    await expect(contacts.title).toHaveText(name);
    await expect(page).toHaveTitle(`${name} · Kith`);
    await expect(contacts.pane).toContainText(text);
    expect(await contacts.pane.getByRole('definition').last().textContent()).toBe(notes);
    await expectNothingRan(page, contacts);

    await contacts.goto(book.beside(`/${ada.id}/edit`));
    await contacts.expectFields({ name, company: text, notes });
    await expectNothingRan(page, contacts);

    // Reached from the list.
    await contacts.goto(book.list);
    await expect(contacts.row(book.word)).toContainText(text);
    await contacts.row(book.word).click();
    await expect(contacts.title).toHaveText(name);
    await expect(page).toHaveTitle(`${name} · Kith`);
    expect(await contacts.pane.getByRole('definition').last().textContent()).toBe(notes);
    await contacts.link('Edit').click();
    await contacts.expectFields({ name, company: text, notes });
    await expectNothingRan(page, contacts);

    // Saved as it came out of the form.
    await contacts.button('Save').click();
    await expect(contacts.title).toHaveText(name);
    expect(await book.read(ada.id)).toMatchObject({ name, company: text, notes });

    await contacts.button('Delete').click();
    await expect(contacts.notice).toContainText(`${name} is in the trash.`);
    await expectNothingRan(page, contacts);
    await contacts.reload();
    await expect(contacts.notice).toContainText(`${name} is in the trash.`);
    await expectNothingRan(page, contacts);
    await page.goto('/trash');
    await expect(contacts.pane.getByText(name).first()).toBeVisible();
    await expectNothingRan(page, contacts);
  });

  test(`${what} can be searched for`, async ({ book, contacts, page }) => {
    const search = `${book.word} ${text}`;
    await contacts.goto(`/contacts?${new URLSearchParams({ q: search })}`);
    await expect(contacts.search).toHaveValue(search);
    await expect(contacts.list).toContainText(`No contact has “${search}”.`);
    await expectNothingRan(page, contacts);
    await contacts.search.fill(`${search} again`);
    await contacts.search.press('Enter');
    await expect(contacts.list).toContainText(`No contact has “${search} again”.`);
    await expectNothingRan(page, contacts);
  });

  test(`${what} stays in the fields of a refused form`, async ({ book, contacts, guard, page }) => {
    guard.allow(/^400 POST/);
    await contacts.goto(book.beside('/new'));
    const typed = { name: text, email: text, phone: text, company: 'C'.repeat(201), notes: `${text}\n${text}` };
    await contacts.fill(typed);
    await contacts.button('Add contact').click();
    await expect(contacts.field('Company')).toHaveAttribute('aria-invalid', 'true');
    await contacts.expectFields(typed);
    await expectNothingRan(page, contacts);
  });
}

test('hostile words in a conflict are words', async ({ book, contacts, guard, page }) => {
  guard.allow(/^412 POST/);
  const ada = await book.add();
  await contacts.goto(book.beside(`/${ada.id}/edit`));
  await contacts.fill({ name: `${book.word} Mine`, company: 'Mine', notes: 'Mine' });
  const theirs = { name: `${book.word} ${BREAKS_OUT}`, company: SNEAKS_IN, notes: BREAKS_OUT };
  await book.change(ada.id, theirs);
  await contacts.button('Save').click();
  for (const text of Object.values(theirs)) {
    await expect(contacts.problem).toContainText(text);
  }
  await expectNothingRan(page, contacts);
});
