import { HtmlValidate } from 'html-validate';
import { expect, test } from '../fixtures/app.ts';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // How a renderer writes what is the same to every parser: quotes, boolean attributes, the type
    // of a button that submits, white space that templates leave.
    'attr-quotes': 'off',
    'attribute-boolean-style': 'off',
    'attribute-empty-style': 'off',
    'no-raw-characters': ['error', { relaxed: true }],
    'no-implicit-button-type': 'off',
    'no-trailing-whitespace': 'off',
    // Names and numbers are as people write them.
    'long-title': 'off',
    'tel-non-breaking': 'off',
  },
});

/** HTML allows it in text; of the three special characters leptos escapes the other two. */
const RAW_GREATER_THAN = /^no-raw-characters: Raw ">"/;

/** A search of one field starts as one types and with Enter; a button would only be in the way. */
const SEARCH_WITHOUT_BUTTON = /^wcag\/h32: .*\(#contact-list > div:nth-child\(1\) > form\)$/;

/**
 * What leptos 0.8 writes around our markup and we cannot change. Each is cut out as exactly what
 * it is, so that the same mistake anywhere else is found.
 */
function withoutQuirks(html: string): string {
  return (
    html
      // Scripts after the end of the document; parsers move them into the body.
      .replace(/(<\/body><\/html>)((?:<script>[^<]*<\/script>)*)$/, '$1')
      // Empty comments mark where hydration finds its nodes again.
      .replaceAll('<!>', '')
  );
}

async function problems(html: string): Promise<string[]> {
  const report = await validator.validateString(withoutQuirks(html));
  return report.results.flatMap((result) =>
    result.messages
      .map((message) => `${message.ruleId}: ${message.message} (${message.selector})`)
      .filter((problem) => !SEARCH_WITHOUT_BUTTON.test(problem))
      .filter((problem) => !RAW_GREATER_THAN.test(problem)),
  );
}

test('every page is valid HTML', async ({ book, request }) => {
  const ada = await book.add({ phone: '+44 20 7946', company: '<b>&', notes: '</textarea>\n"&amp;' });
  const gone = await book.add({ name: `Gone ${book.word}` });
  await book.addMany(55);
  await book.delete(gone.id);
  for (const address of [
    book.list,
    `/contacts?q=${book.word}${encodeURIComponent(' "<b>&amp;')}`,
    `${book.list}&deleted=${gone.id}`,
    book.beside(`/${ada.id}`),
    book.beside(`/${ada.id}/edit`),
    `/contacts/${ada.id}/qr`,
    `/contacts/${ada.id}/print`,
    book.beside('/new'),
    book.beside(`/${gone.id}`),
    '/birthdays',
    '/trash',
    `/trash/${gone.id}`,
    `/trash/${gone.id}/delete`,
    '/trash/empty',
    '/contacts/print',
    `/contacts/print?q=${book.word}`,
    '/nowhere',
  ]) {
    const response = await request.get(address);
    expect.soft(await problems(await response.text()), address).toEqual([]);
  }
});

test('a refused form is valid HTML', async ({ book, request }) => {
  const response = await request.post('/contacts/new', {
    form: { name: '"<b>', email: 'e'.repeat(321), notes: '</textarea>' },
  });
  expect(response.status()).toBe(400);
  expect(await problems(await response.text())).toEqual([]);
  const ada = await book.add();
  await book.change(ada.id, { notes: 'Theirs' });
  const conflict = await request.post(`/contacts/${ada.id}/edit`, {
    form: { ...book.draft(), version: 1 },
  });
  expect(conflict.status()).toBe(412);
  expect(await problems(await conflict.text())).toEqual([]);
});
