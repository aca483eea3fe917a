import { request as http } from 'node:http';
import { expect, test } from '../fixtures/app.ts';

const SAME_EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

test('pages say what they may do', async ({ request }) => {
  for (const address of ['/contacts', '/contacts/new', '/trash', '/nowhere']) {
    const headers = (await request.get(address)).headers();
    expect(headers, address).toMatchObject(SAME_EVERYWHERE);
    // The trash runs no script that could put right what "back" brings up again.
    const caching = address === '/trash' ? 'private, no-store' : 'private, no-cache';
    expect(headers['cache-control'], address).toBe(caching);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy, address).toMatch(/script-src 'self' ('sha256-[\w+/]{43}=' )+'wasm-unsafe-eval'(;|$)/);
    expect(policy, address).toMatch(/style-src 'self' 'sha256-[\w+/]{43}='(;|$)/);
    for (const rule of [
      "default-src 'none'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy.split('; '), address).toContain(rule);
    }
  }
});

test('answers of the API may do nothing in a browser', async ({ book, request }) => {
  const ada = await book.add();
  for (const address of ['/api/contacts', `/api/contacts/${ada.id}`, '/api/nowhere']) {
    const headers = (await request.get(address)).headers();
    expect(headers, address).toMatchObject(SAME_EVERYWHERE);
    expect(headers['content-security-policy'], address).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect(headers['cache-control'], address).toBe('private, no-cache');
  }
});

test('a form of another site changes nothing', async ({ book, request }) => {
  const ada = await book.add();
  const evil = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
  const old = { Origin: 'https://evil.example' };
  for (const headers of [evil, old, { 'Sec-Fetch-Site': 'cross-site' }]) {
    for (const [address, options] of [
      ['/contacts/new', { form: { ...book.draft({ name: `Evil ${book.word}` }), key: 'a'.repeat(32) } }],
      [`/contacts/${ada.id}/edit`, { form: { ...book.draft({ name: 'Evil' }), version: 1 } }],
      [`/contacts/${ada.id}/delete`, { form: {} }],
      [`/contacts/${ada.id}/restore`, { form: {} }],
      ['/api/contacts', { data: book.draft({ name: `Evil ${book.word}` }) }],
      ['/fn/contacts/save', { data: { id: null, inputs: [['name', 'Ada']], welcome: false } }],
      ['/fn/contacts/delete', { data: { id: ada.id } }],
    ] as const) {
      const response = await request.post(address, { ...options, headers, maxRedirects: 0 });
      expect(response.status(), `${address} ${JSON.stringify(headers)}`).toBe(403);
    }
  }
  expect(await book.names()).toEqual([ada.name]);
});

test('the same forms from here are accepted', async ({ baseURL, book, request }) => {
  const response = await request.post('/contacts/new', {
    form: { ...book.draft(), key: `key-of-${book.word}` },
    headers: { Origin: new URL(baseURL!).origin, 'Sec-Fetch-Site': 'same-origin' },
    maxRedirects: 0,
  });
  expect(response.status()).toBe(303);
  expect(await book.names()).toEqual([`Ada ${book.word}`]);
});

test('a name of another site for this machine is refused', async ({ baseURL }) => {
  const ask = (host: string, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const question = http(new URL(path, baseURL), { headers: { Host: host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      question.on('error', reject);
      question.end();
    });
  for (const path of ['/contacts', '/api/contacts', '/pkg/kith.css', '/nowhere']) {
    expect(await ask('evil.example', path), path).toBe(421);
  }
  expect(await ask('localhost:1', '/contacts')).toBe(200);
});

test('script in a page runs only if the policy names its hash', async ({ contacts, guard, page }) => {
  guard.expect(/^csp script-src/, /^console error: .*Content Security Policy/);
  await contacts.goto('/contacts');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.broken = 1';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.broken = 1">');
  });
  await expect.poll(() => guard.unexpected()).toEqual([]);
  expect(await page.evaluate(() => 'broken' in window)).toBe(false);
});
