import type { Draft } from '../fixtures/book.ts';
import { expect, test } from '../fixtures/app.ts';
import { ContactsPage } from '../pages/contacts.ts';

const FIELDS = ['name', 'email', 'phone', 'company', 'notes'] as const;

/** A field with the words of one person. */
function said(field: keyof Draft, word: string): Partial<Draft> {
  return { [field]: field === 'email' ? `${word.toLowerCase()}@example.com` : word };
}

for (const [index, theirs] of FIELDS.entries()) {
  for (const mine of FIELDS.slice(index)) {
    test(`one browser changes the ${theirs} and another one the ${mine}`, async ({
      book,
      browser,
      contacts,
      guard,
    }) => {
      if (theirs === mine) {
        guard.allow(/^412 POST/);
      }
      const ada = await book.add({ phone: '111', company: 'Old', notes: 'Old' });
      const form = book.beside(`/${ada.id}/edit`);
      const context = await browser.newContext();
      await guard.watch(context);
      const others = new ContactsPage(await context.newPage(), true);
      await Promise.all([contacts.goto(form), others.goto(form)]);
      const [first, second] = [said(theirs, `Theirs${book.word}`), said(mine, `Mine${book.word}`)];
      await others.fill(first);
      await contacts.fill(second);
      await others.button('Save').click();
      await expect(others.page).toHaveURL(book.beside(`/${ada.id}`));
      await context.close();

      await contacts.button('Save').click();
      if (theirs === mine) {
        await expect(contacts.problem).toContainText(String(first[theirs]));
        await contacts.expectFields(second);
        expect(await book.read(ada.id)).toMatchObject(first);
        await contacts.button('Save').click();
      }
      await expect(contacts.page).toHaveURL(book.beside(`/${ada.id}`));
      expect(await book.read(ada.id)).toMatchObject({ ...first, ...second });
    });
  }
}
