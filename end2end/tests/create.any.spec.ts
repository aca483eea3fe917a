import { expect, test } from '../fixtures/app.ts';

test('a new contact is shown, has an address and stands in the list', async ({
  book,
  contacts,
  page,
}) => {
  await contacts.goto(book.list);
  await expect(contacts.count).toHaveText('Nobody found');
  await contacts.new.click();
  await expect(contacts.title).toHaveText('New contact');
  await contacts.fill({
    ...book.draft(),
    phone: '+44 20 7946 0000',
    company: 'Analytical Engines',
    notes: 'Met in Turin.\n\nLikes tea.',
  });
  await contacts.button('Add contact').click();

  await expect(page).toHaveURL(new RegExp(`/contacts/[0-9a-f-]{36}\\?q=${book.word}$`));
  await expect(page).toHaveTitle(`Ada ${book.word} · Kith`);
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  const email = contacts.link(`ada@${book.word}.example`);
  await expect(email).toHaveAttribute('href', `mailto:ada@${book.word}.example`);
  const phone = contacts.link('+44 20 7946 0000');
  await expect(phone).toHaveAttribute('href', 'tel:+442079460000');
  await expect(contacts.pane).toContainText('Analytical Engines');
  const notes = contacts.pane.getByText('Met in Turin.');
  expect(await notes.innerText()).toBe('Met in Turin.\n\nLikes tea.');

  await contacts.showList();
  await expect(contacts.row(book.word)).toHaveCount(1);
  await expect(contacts.count).toHaveText('1 contact found');
});

test('a form says what is wrong beside each field', async ({
  book,
  contacts,
  guard,
  page,
}) => {
  guard.allow(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ name: '', email: 'e'.repeat(321), phone: '1'.repeat(201), company: 'Company', notes: 'First\nsecond' });
  // The page asks for its list by POST as well. Without JavaScript the form goes to the address of the page.
  const answer = page.waitForResponse(
    (response) =>
      response.request().method() === 'POST' && /\/(save|new)\b/.test(response.url()),
  );
  await contacts.button('Add contact').click();

  await answer;
  await contacts.expectWrong('Email', 'Use at most 320 characters; this has 321.');
  await contacts.expectWrong('Phone', 'Use at most 200 characters; this has 201.');
  await expect(contacts.field('Name')).not.toHaveAttribute('aria-invalid');
  await expect(contacts.field('Email')).toBeFocused();
  await contacts.expectFields({
    name: '',
    email: 'e'.repeat(321),
    phone: '1'.repeat(201),
    company: 'Company',
    notes: 'First\nsecond',
  });

  await contacts.fill({ phone: '', ...book.draft() });
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await expect(contacts.pane).toContainText('second');
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('a phone number is enough', async ({ book, contacts, guard }) => {
  guard.allow(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.button('Add contact').click();
  await contacts.expectWrong('Name', 'Enter a name, or anything else that you know.');
  await contacts.fill({ phone: '020 7946 0000' });
  await contacts.button('Add contact').click();
  await expect(contacts.title).toHaveText('020 7946 0000');
  await expect(contacts.pane.getByRole('link', { name: 'Mail', exact: true })).toHaveCount(0);
  await contacts.button('Delete').click();
});

test('what is too long is the only thing marked', async ({ book, contacts, guard }) => {
  guard.allow(/^400 POST/);
  await contacts.goto(book.beside('/new'));
  await contacts.fill({ name: `Ada ${book.word}`, email: 'e'.repeat(321), notes: '\n leading' });
  await contacts.button('Add contact').click();

  await contacts.expectWrong('Email', 'Use at most 320 characters; this has 321.');
  await expect(contacts.field('Email')).toBeFocused();
  await expect(contacts.field('Name')).not.toHaveAttribute('aria-invalid');
  await contacts.expectFields({
    name: `Ada ${book.word}`,
    email: 'e'.repeat(321),
    notes: '\n leading',
  });
  expect(await book.names()).toEqual([]);
});

test('pressing the button twice creates one contact', async ({ book, contacts, page }) => {
  await contacts.goto(book.beside('/new'));
  await contacts.fill(book.draft());
  await contacts.button('Add contact').dblclick();
  await expect(contacts.title).toHaveText(`Ada ${book.word}`);
  await page.waitForLoadState();
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('Cancel leads back to the list', async ({ book, contacts, page }) => {
  await contacts.goto(book.beside('/new'));
  await contacts.link('Cancel').click();
  await expect(page).toHaveURL(book.list);
  await expect(contacts.search).toHaveValue(book.word);
});
