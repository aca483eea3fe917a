import { expect, test } from '../fixtures/app.ts';

test('contacts that are opened and written to most come first', async ({ book, contacts, page, request }) => {
  const [ada, bea, cleo] = [
    await book.add({ name: `Ada ${book.word}` }),
    await book.add({ name: `Bea ${book.word}` }),
    await book.add({ name: `Cleo ${book.word}` }),
  ];
  const counted = (contact: { id: string }) =>
    page.waitForResponse((response) => response.url().endsWith(`/contacts/${contact.id}/uses`));

  // A visit, a row of the list, and a mail.
  const visit = counted(ada);
  await contacts.goto(book.beside(`/${ada.id}`));
  expect((await visit).status()).toBe(204);
  for (let turn = 0; turn < 2; turn += 1) {
    const opened = counted(bea);
    await contacts.row('Bea').click();
    expect((await opened).status()).toBe(204);
    await expect(contacts.title).toHaveText(`Bea ${book.word}`);
  }
  const opened = counted(cleo);
  await contacts.row('Cleo').click();
  await opened;
  await expect(contacts.title).toHaveText(`Cleo ${book.word}`);
  const mailed = counted(cleo);
  await contacts.pane.getByRole('link', { name: 'Mail', exact: true }).click();
  expect((await mailed).status()).toBe(204);

  // Kith writes uses in batches. Another limit is another question to its cache.
  let limit = 3;
  await expect(async () => {
    limit += 1;
    const list = await request.get(`/api/contacts?q=${book.word}&sort=frequent&limit=${limit}`);
    const names = (await list.json()).contacts.map((contact: { name: string }) => contact.name);
    expect(names).toEqual([`Cleo ${book.word}`, `Bea ${book.word}`, `Ada ${book.word}`]);
  }).toPass({ timeout: 30_000 });
  await contacts.goto(book.list);
  await contacts.orders.getByRole('link', { name: 'Frequent' }).click();
  await expect(page).toHaveURL(/sort=frequent/);
  await expect(contacts.rows).toContainText(['Cleo', 'Bea', 'Ada']);
});

test('a reload is not counted', async ({ book, contacts, page }) => {
  const ada = await book.add();
  await contacts.goto(`/contacts/${ada.id}`);
  const uses: string[] = [];
  page.on('request', (sent) => sent.url().endsWith('/uses') && uses.push(sent.url()));
  await contacts.reload();
  await expect(contacts.title).toHaveText(ada.name);
  // As long as a visit takes to count.
  await page.waitForTimeout(2_000);
  expect(uses).toEqual([]);
});
