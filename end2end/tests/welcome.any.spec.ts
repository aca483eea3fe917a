import { expect, test } from '../fixtures/app.ts';

/** How long a welcome email waits, and then some. */
const PATIENCE = 30_000;

test('a new contact is welcomed, and its page tells how that goes', async ({ book, contacts }) => {
  await contacts.goto(book.beside('/new'));
  await expect(contacts.welcome).toBeChecked();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();

  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.activities.first()).toContainText('Added');
  await expect(contacts.activities.nth(1)).toContainText('Welcome email queued');
  if (contacts.scripts) {
    // Nobody touches the page meanwhile.
    await expect(contacts.activities.nth(2)).toContainText('Welcome email kept as a file', {
      timeout: PATIENCE,
    });
  } else {
    await expect(async () => {
      await contacts.reload();
      await expect(contacts.activities).toHaveCount(3, { timeout: 100 });
    }).toPass({ timeout: PATIENCE });
    await expect(contacts.activities.nth(2)).toContainText('Welcome email kept as a file');
  }
  await expect(contacts.activities).toHaveCount(3);
});

test('whoever unticks the box sends no email', async ({ book, contacts, guard }) => {
  guard.expect(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.welcome.uncheck();
  await contacts.fill({ ...book.draft(), email: '' });
  await contacts.button('Add contact').click();
  await contacts.expectWrong('Email', 'Enter an email address, like ada@example.com.');
  // What was chosen outlives the mistake.
  await expect(contacts.welcome).not.toBeChecked();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.activities).toHaveCount(1);
  await expect(contacts.activities).toContainText('Added');
});
