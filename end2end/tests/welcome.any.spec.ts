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
    // The test does not touch the page meanwhile.
    await expect(contacts.activities.nth(2)).toContainText('Welcome email not sent', {
      timeout: PATIENCE,
    });
  } else {
    await expect(async () => {
      await contacts.reload();
      await expect(contacts.activities).toHaveCount(3, { timeout: 100 });
    }).toPass({ timeout: PATIENCE });
    await expect(contacts.activities.nth(2)).toContainText('Welcome email not sent');
  }
  await expect(contacts.activities).toHaveCount(3);
});

test('whoever unticks the box sends no email', async ({ book, contacts, guard }) => {
  guard.allow(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.welcome.uncheck();
  await contacts.fill({ ...book.draft(), email: 'e'.repeat(321) });
  await contacts.button('Add contact').click();
  await contacts.expectWrong('Email', 'Use at most 320 characters; this has 321.');
  // What was chosen outlives the mistake.
  await expect(contacts.welcome).not.toBeChecked();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.activities).toHaveCount(1);
  await expect(contacts.activities).toContainText('Added');
});

test('the choice is seen beside the button, and what it sends can be read first', async ({
  book,
  contacts,
}) => {
  await contacts.goto(book.beside('/new'));
  for (const seen of [contacts.welcome, contacts.button('Add contact'), contacts.preview]) {
    await expect(seen).toBeInViewport({ ratio: 1 });
  }
  await contacts.preview.getByText('Preview').click();
  await expect(contacts.preview).toContainText('no mail server yet');
  await expect(contacts.preview).toContainText('kith@localhost');
  await expect(contacts.preview).toContainText('Welcome, (name)');
  await contacts.field('Name').fill(`Ada <b> & ${book.word}`);
  if (contacts.scripts) {
    await expect(contacts.preview).toContainText(`Welcome, Ada <b> & ${book.word}`);
    await expect(contacts.preview).toContainText(`Hello Ada <b> & ${book.word},`);
  }
});

test('the last choice is the first of the next contact', async ({ book, contacts }) => {
  await contacts.goto(book.beside('/new'));
  await expect(contacts.welcome).toBeChecked();
  await contacts.welcome.uncheck();
  await contacts.fill(book.draft());
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await contacts.showList();
  await contacts.new.click();
  await expect(contacts.title).toHaveText('New contact');
  await expect(contacts.welcome).not.toBeChecked();
  await contacts.reload();
  await expect(contacts.welcome).not.toBeChecked();

  await contacts.welcome.check();
  await contacts.fill(book.draft({ name: `Grace ${book.word}` }));
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Grace ${book.word}`);
  await contacts.goto(book.beside('/new'));
  await expect(contacts.welcome).toBeChecked();
});
