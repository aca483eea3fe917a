import { expect, test } from '../fixtures/app.ts';

test.use({ timezoneId: 'Asia/Kolkata' });

test('the trash tells by the reader’s own clock when a contact was deleted', async ({ book, page }) => {
  const ada = await book.add();
  await book.delete(ada.id);
  const time = page.getByRole('listitem').locator('time');
  await page.goto(`/trash?q=${book.word}`);
  await expect(time).toHaveText('just now');
  const at = new Date((await time.getAttribute('datetime'))!);
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Kolkata',
    dateStyle: 'long',
    timeStyle: 'short',
  });
  await expect(time).toHaveAttribute('title', local.format(at).replace(' at ', ', '));
  for (const [minutes, age] of [
    [1, '1 minute ago'],
    [59, '59 minutes ago'],
    [61, '1 hour ago'],
    [3 * 24 * 60 + 1, '3 days ago'],
  ] as const) {
    await page.clock.setFixedTime(at.getTime() + minutes * 60_000);
    await page.reload();
    await expect(time).toHaveText(age);
  }
});
