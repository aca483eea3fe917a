import { brotliCompressSync } from 'node:zlib';
import { expect, test } from '../fixtures/app.ts';
import budgets from '../budgets.json' with { type: 'json' };

/** Bytes on the wire, without headers, of everything that a page asks for. */
for (const [address, budget] of Object.entries(budgets.script)) {
  test(`what a browser has to fetch for ${address} stays within budget`, async ({
    book,
    contacts,
    page,
  }) => {
    await book.add();
    const fetched = new Map<string, { encoding: string; caching: string }>();
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/pkg/')) {
        fetched.set(pathname, {
          encoding: response.headers()['content-encoding'] ?? 'none',
          caching: response.headers()['cache-control'] ?? 'none',
        });
      }
    });
    await contacts.goto(address);

    const names = [...fetched.keys()].map((name) => name.replace(/\.[^./]{8,}\./, '.<hash>.'));
    expect(names.sort()).toEqual([
      `/pkg/kith-${address.slice(1)}.<hash>.js`,
      `/pkg/kith-${address.slice(1)}.<hash>.wasm`,
    ]);
    for (const [name, { encoding, caching }] of fetched) {
      expect(encoding, name).toBe('br');
      expect(caching, name).toBe('public, max-age=31536000, immutable');
    }

    const sizes: Record<string, number> = await page.evaluate(() =>
      Object.fromEntries(
        (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
          .filter((entry) => new URL(entry.name).pathname.startsWith('/pkg/'))
          .map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize]),
      ),
    );
    let script = 0;
    for (const name of fetched.keys()) {
      const size = sizes[name] ?? Number.NaN;
      expect(size, name).toBeGreaterThan(0);
      script += size;
    }
    // It stands in the page, so that the page is painted without a second answer.
    const style = brotliCompressSync(await page.locator('style').innerText()).length;
    expect(style).toBeGreaterThan(1000);
    console.log(`script ${script} of ${budget} bytes, style ${style} of ${budgets.style}`);
    expect(script).toBeLessThanOrEqual(budget);
    expect(style).toBeLessThanOrEqual(budgets.style);
  });

  test(`WebAssembly and script of ${address} are fetched once each, and nothing from elsewhere`, async ({
    contacts,
    page,
  }) => {
    const asked: URL[] = [];
    page.on('request', (request) => asked.push(new URL(request.url())));
    await contacts.goto(address);
    const { origin } = new URL(page.url());
    expect(asked.filter((url) => url.origin !== origin)).toEqual([]);
    // All pages have a small script for keys, and one for the texts of scripts. Contacts have others for what an island need not do, and for their times.
    const kinds = { '.wasm': 1, '.js': address === '/contacts' ? 5 : 3, '.css': 0 };
    for (const [kind, times] of Object.entries(kinds)) {
      expect(asked.filter((url) => url.pathname.endsWith(kind)).length, kind).toBe(times);
    }
  });
}

test('the trash has small scripts, for keys and its times', async ({ book, page }) => {
  const ada = await book.add();
  await book.delete(ada.id);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto('/trash', { waitUntil: 'load' });
  expect(asked.filter((path) => /\.(js|wasm)$/.test(path)).sort()).toEqual(['/keys.js', '/texts.js', '/times.js']);
  const script = await page.request.get('/times.js');
  expect((await script.body()).length).toBeLessThan(1500);
});
