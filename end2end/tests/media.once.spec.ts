import { expect, test } from '../fixtures/app.ts';

test('nothing moves for who asked for less motion', async ({ book, contacts, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const ada = await book.add();
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);
  await contacts.link('Edit').hover();
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
  const durations = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .map((element) => getComputedStyle(element))
      .filter((style) => parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none')
      .length,
  );
  expect(durations).toBe(0);
});

test('forced colours leave everything usable', async ({ book, contacts, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  const ada = await book.add();
  await book.add({ name: `Grace ${book.word}` });
  await contacts.goto(book.list);
  await contacts.row('Ada').click();
  await expect(contacts.title).toHaveText(ada.name);

  // Backgrounds are gone: borders and outlines have to say what is a button and what is chosen.
  for (const button of [contacts.new, contacts.link('Edit'), contacts.button('Delete')]) {
    await expect(button).toHaveCSS('border-top-style', 'solid');
    await expect(button).not.toHaveCSS('border-top-color', 'rgba(0, 0, 0, 0)');
  }
  const looks = (name: string) =>
    contacts.row(name).evaluate((row) => {
      const { outlineStyle, borderStyle, backgroundColor, fontWeight, textDecorationLine } =
        getComputedStyle(row);
      return [outlineStyle, borderStyle, backgroundColor, fontWeight, textDecorationLine].join();
    });
  await contacts.search.focus();
  expect(await looks('Ada'), 'the chosen row looks different').not.toBe(await looks('Grace'));
  await contacts.search.press('ArrowDown');
  await expect(contacts.row('Ada')).not.toHaveCSS('outline-style', 'none');

  await contacts.link('Edit').click();
  await contacts.fill({ notes: 'Seen' });
  await contacts.button('Save').click();
  await expect(contacts.pane).toContainText('Seen');
});

test('text of twice the size stays readable', async ({ book, contacts, page }) => {
  const ada = await book.add({ notes: 'Seen' });
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () => {
      document.documentElement.style.fontSize = '200%';
    });
  });
  await contacts.goto(book.beside(`/${ada.id}`));
  await expect(contacts.link('Edit')).toBeInViewport({ ratio: 1 });
  await contacts.button('Delete').scrollIntoViewIfNeeded();
  await expect(contacts.button('Delete')).toBeInViewport({ ratio: 1 });
  await expect(contacts.new).toBeInViewport({ ratio: 1 });
});
