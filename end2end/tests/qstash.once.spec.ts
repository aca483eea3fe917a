// The queue as programs use it: QStash's official SDK publishes to it, and verifies what comes.
import { createHash, createHmac } from 'node:crypto';
import { Receiver, SignatureError } from '@upstash/qstash';
import { expect, refusal, test } from '../fixtures/broker.ts';

/** A second and an hour, in milliseconds. */
const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** Every byte there is, which is no text. */
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test.describe('a message', () => {
  test('is delivered as it was published, signed', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    const body = { greeting: 'Grüße, 世界', list: [1, 2.5, null] };
    const published = await client.publishJSON({
      url: endpoint.url,
      body,
      headers: { 'X-Tenant': 'kith', Authorization: 'Bearer theirs' },
    });
    expect(published).toMatchObject({
      messageId: expect.stringMatching(/^msg_/),
      url: endpoint.url,
    });
    expect(published.deduplicated ?? false).toBe(false);

    const delivery = await endpoint.only();
    expect(delivery.method).toBe('POST');
    expect(delivery.text).toBe(JSON.stringify(body));
    expect(delivery.headers).toMatchObject({
      'content-type': 'application/json',
      'x-tenant': 'kith',
      authorization: 'Bearer theirs',
      'user-agent': 'Upstash-QStash',
      'upstash-message-id': published.messageId,
      'upstash-retried': '0',
    });
    await broker.verify(delivery, endpoint.url);
  });

  test('brings nothing along that its publisher said to the queue alone', async ({
    client,
    endpoints,
  }) => {
    const endpoint = endpoints.open();
    await client.publishJSON({ url: endpoint.url, body: {}, retries: 1, label: 'private' });
    const { headers } = await endpoint.only();
    expect(headers['authorization']).toBeUndefined();
    const allowed = [
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'traceparent',
      'upstash-caller-ip',
      'upstash-message-id',
      'upstash-region',
      'upstash-retried',
      'upstash-signature',
      'user-agent',
    ];
    expect(Object.keys(headers).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  test('has a signature for its own body and address only', async ({
    broker,
    client,
    endpoints,
  }) => {
    const endpoint = endpoints.open();
    await client.publish({ url: endpoint.url, body: 'as it is' });
    const delivery = await endpoint.only();
    const { current, next } = await broker.keys();
    const signature = delivery.header('upstash-signature');
    const verify = (some: { body?: string; url?: string; key?: string }) => {
      const { body = delivery.text, url = endpoint.url, key } = some;
      const keys = { currentSigningKey: key ?? current, nextSigningKey: key ?? next };
      return new Receiver({ ...keys, devMode: false }).verify({ signature, body, url });
    };
    expect(await verify({})).toBe(true);
    await expect(verify({ body: 'as it is not' })).rejects.toThrow(SignatureError);
    await expect(verify({ url: `${endpoint.url}/` })).rejects.toThrow(SignatureError);
    await expect(verify({ key: 'sig_of_somebody_else' })).rejects.toThrow(SignatureError);
    // The next key signs nothing until it is the current one.
    await expect(verify({ key: next })).rejects.toThrow(SignatureError);
  });

  test('may be any text, of any type', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    const body = '<a>\r\n  é\u0000 </a>\n';
    await client.publish({
      url: endpoint.url,
      body,
      headers: { 'Content-Type': 'application/xml; charset=utf-8' },
    });
    const delivery = await endpoint.only();
    expect(delivery.text).toBe(body);
    expect(delivery.header('content-type')).toBe('application/xml; charset=utf-8');
    await broker.verify(delivery, endpoint.url);
  });

  test('may be bytes that are no text', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    await client.publish({ url: endpoint.url, body: new Blob([BYTES], { type: 'image/png' }) });
    const delivery = await endpoint.only();
    expect(delivery.body).toEqual(BYTES);
    expect(delivery.header('content-type')).toBe('image/png');

    // The SDK's receiver takes only text, so this is what it does, by hand.
    const [header, claims, signature] = delivery.header('upstash-signature').split('.');
    const { current } = await broker.keys();
    const signed = createHmac('sha256', current).update(`${header}.${claims}`);
    expect(signature).toBe(signed.digest('base64url'));
    const { body } = JSON.parse(Buffer.from(claims!, 'base64url').toString());
    const hash = createHash('sha256').update(BYTES).digest('base64url');
    expect(body.replace(/=+$/, '')).toBe(hash);
  });

  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
    test(`is sent by ${method} if it is told to`, async ({ broker, client, endpoints }) => {
      const endpoint = endpoints.open();
      await client.publish({ url: endpoint.url, method });
      const delivery = await endpoint.only();
      expect(delivery.method).toBe(method);
      expect(delivery.text).toBe('');
      await broker.verify(delivery, endpoint.url);
    });
  }

  test('goes to the very address that was asked for', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    const url = `${endpoint.url}//a%20b/%C3%A9;c?x=1&y=%2F&upstash=no&z=a+b`;
    expect((await client.publish({ url, body: 'here' })).url).toBe(url);
    const delivery = await endpoint.only();
    expect(new URL(url).href).toContain(delivery.target);
    expect(delivery.target).toMatch(/\/\/a%20b\/%C3%A9;c\?x=1&y=%2F&upstash=no&z=a\+b$/);
    await broker.verify(delivery, url);
  });

  test('waits as long as it is told to', async ({ client, endpoints }) => {
    const endpoint = endpoints.open();
    const start = Date.now();
    const { messageId } = await client.publish({ url: endpoint.url, body: 'later', delay: 1 });
    const delivery = await endpoint.only();
    expect(delivery.messageId).toBe(messageId);
    expect(delivery.at - start).toBeGreaterThanOrEqual(SECOND);
  });

  test('waits until a time, whatever else it is told', async ({ client, endpoints }) => {
    const endpoint = endpoints.open();
    const notBefore = Math.ceil(Date.now() / SECOND) + 1;
    await client.publish({ url: endpoint.url, body: 'then', notBefore, delay: '1h' });
    const delivery = await endpoint.only();
    expect(delivery.at).toBeGreaterThanOrEqual(notBefore * SECOND);
  });
});

test.describe('while it waits, a message', () => {
  test('can be looked at', async ({ client, endpoints }) => {
    const endpoint = endpoints.open();
    const start = Date.now();
    const { messageId } = await client.publishJSON({
      url: endpoint.url,
      method: 'PUT',
      body: { hello: 'world' },
      headers: { 'Test-Header': 'test-value' },
      delay: '1h',
      retries: 5,
      retryDelay: '1000 * (1 + retried)',
      callback: `${endpoint.url}/callback`,
      failureCallback: `${endpoint.url}/failure`,
      label: ['first', 'second'],
    });
    const message = await client.messages.get(messageId);
    expect(message).toMatchObject({
      messageId,
      url: endpoint.url,
      method: 'PUT',
      header: { 'Content-Type': ['application/json'], 'Test-Header': ['test-value'] },
      body: '{"hello":"world"}',
      maxRetries: 5,
      retryDelayExpression: '1000 * (1 + retried)',
      callback: `${endpoint.url}/callback`,
      failureCallback: `${endpoint.url}/failure`,
      label: 'first',
      labels: ['first', 'second'],
    });
    expect(message.bodyBase64).toBeUndefined();
    expect(message.createdAt).toBeGreaterThanOrEqual(start);
    expect(message.notBefore! - message.createdAt).toBeGreaterThanOrEqual(HOUR);
    await client.messages.cancel(messageId);
  });

  test('shows bytes that are no text in base64', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const { messageId } = await client.publish({ url, body: new Blob([BYTES]), delay: '1h' });
    const message = await client.messages.get(messageId);
    expect(message.bodyBase64).toBe(BYTES.toString('base64'));
    expect(message.body).toBeUndefined();
    await client.messages.cancel(messageId);
  });

  test('shows a hash for what is redacted, and is delivered with it', async ({
    broker,
    client,
    endpoints,
  }) => {
    const endpoint = endpoints.open();
    const { messageId } = await client.publish({
      url: endpoint.url,
      body: 'secret body',
      headers: { 'X-Secret': 'secret header', 'X-Open': 'open' },
      redact: { body: true, header: ['X-Secret'] },
      delay: 2,
    });
    const message = await client.messages.get(messageId);
    expect(message.body).toMatch(/^REDACTED:\S+$/);
    expect(message.header).toMatchObject({ 'X-Open': ['open'] });
    expect(JSON.stringify(message.header)).toContain('REDACTED:');
    const { logs } = await client.logs({ messageIds: [messageId] });
    expect(JSON.stringify([message, logs])).not.toContain('secret header');

    const delivery = await endpoint.only();
    expect(delivery.text).toBe('secret body');
    expect(delivery.headers).toMatchObject({ 'x-secret': 'secret header', 'x-open': 'open' });
    await broker.verify(delivery, endpoint.url);
  });

  test('can be canceled', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    const { messageId } = await client.publish({ url: endpoint.url, body: 'never', delay: 3 });
    const later = await client.publish({ url: endpoint.url, body: 'always', delay: 4 });
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    expect(await refusal(client.messages.get(messageId))).toMatchObject({ status: 404 });
    expect(await refusal(client.messages.cancel(messageId))).toMatchObject({ status: 404 });
    await expect.poll(() => broker.states(messageId)).toEqual(['CREATED', 'CANCELED']);
    // By the time that a later one comes, it would have come.
    expect((await endpoint.only()).messageId).toBe(later.messageId);
  });

  test('can be canceled by the method of older programs', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const { messageId } = await client.publish({ url, body: 'never', delay: '1h' });
    await client.messages.delete(messageId);
    expect(await refusal(client.messages.get(messageId))).toMatchObject({ status: 404 });
  });

  test('can be canceled together with others', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const publish = async (label: string[], path = '') =>
      (await client.publish({ url: url + path, body: 'never', delay: '1h', label })).messageId;
    const word = url.slice(url.lastIndexOf('/') + 1);
    const [a, b, both, elsewhere, other] = [
      await publish([`${word}-a`]),
      await publish([`${word}-b`]),
      await publish([`${word}-a`, `${word}-b`]),
      await publish([`${word}-a`], '/elsewhere'),
      await publish([`${word}-other`]),
    ];
    const waiting = async () => {
      const known = await Promise.all(
        [a, b, both, elsewhere, other].map((id) =>
          client.messages.get(id).then(() => id, () => undefined),
        ),
      );
      return known.filter((id) => id !== undefined);
    };
    expect(await waiting()).toEqual([a, b, both, elsewhere, other]);

    // Each filter has to fit.
    const there = { label: `${word}-a`, url: `${url}/elsewhere` };
    expect(await client.messages.cancel({ filter: there })).toEqual({ cancelled: 1 });
    expect(await waiting()).toEqual([a, b, both, other]);
    // Of several values one is enough.
    const labels = { label: [`${word}-a`, `${word}-b`] };
    expect(await client.messages.cancel({ filter: labels, count: 1 })).toEqual({ cancelled: 1 });
    expect(await waiting()).toHaveLength(3);
    expect(await client.messages.cancel({ filter: labels })).toEqual({ cancelled: 2 });
    expect(await waiting()).toEqual([other]);
    expect(await client.messages.cancel({ filter: { label: `${word}-nobody` } })).toEqual({
      cancelled: 0,
    });

    const more = [await publish([]), await publish([])];
    expect(await client.messages.cancel([...more, 'msg_unknown'])).toEqual({ cancelled: 2 });
    expect(await waiting()).toEqual([other]);
    await publish([]);
    expect(await client.messages.deleteAll()).toBeGreaterThanOrEqual(2);
    expect(await waiting()).toEqual([]);
  });
});

test('an unknown message is not found', async ({ client }) => {
  expect(await refusal(client.messages.get('msg_unknown'))).toMatchObject({ status: 404 });
  expect(await refusal(client.messages.cancel('msg_unknown'))).toMatchObject({ status: 404 });
  expect(await client.messages.cancel(['msg_unknown'])).toEqual({ cancelled: 0 });
});

test('a message with the id of another is taken once', async ({ broker, client, endpoints }) => {
  const endpoint = endpoints.open();
  const deduplicationId = `order ${endpoint.url}`;
  const publish = (body: string) => client.publish({ url: endpoint.url, body, deduplicationId });
  const first = await publish('first');
  await endpoint.received(1);
  expect(await publish('second')).toMatchObject({
    messageId: first.messageId,
    deduplicated: true,
  });
  // Neither does a third, while a message without an id goes its way.
  expect((await publish('third')).messageId).toBe(first.messageId);
  await client.publish({ url: endpoint.url, body: 'last' });
  const texts = (await endpoint.received(2)).map(({ text }) => text);
  expect(texts).toEqual(['first', 'last']);
  const states = () => broker.states(first.messageId);
  await expect.poll(states).toEqual(['CREATED', 'ACTIVE', 'DELIVERED']);
});

test('a message with the content of another is taken once', async ({ client, endpoints }) => {
  const endpoint = endpoints.open();
  const publish = (body: object, path = '') =>
    client.publishJSON({ url: endpoint.url + path, body, contentBasedDeduplication: true });
  const first = await publish({ order: 1 });
  expect(await publish({ order: 1 })).toMatchObject({
    messageId: first.messageId,
    deduplicated: true,
  });
  const others = [await publish({ order: 2 }), await publish({ order: 1 }, '/elsewhere')];
  for (const other of others) {
    expect(other.deduplicated ?? false).toBe(false);
    expect(other.messageId).not.toBe(first.messageId);
  }
  const delivered = (await endpoint.received(3)).map(({ messageId }) => messageId);
  expect(delivered.sort()).toEqual([first, ...others].map(({ messageId }) => messageId).sort());
});

test.describe('a batch', () => {
  test('is delivered message by message', async ({ broker, client, endpoints }) => {
    const [one, two] = [endpoints.open(), endpoints.open()];
    const published = await client.batchJSON([
      { url: one.url, body: { number: 1 }, headers: { 'X-Number': '1' } },
      { url: two.url, body: { number: 2 }, method: 'PUT', label: 'of-a-batch', delay: 1 },
    ]);
    const deliveries = [await one.only(), await two.only()];
    expect(published.map(({ messageId }) => messageId)).toEqual(
      deliveries.map(({ messageId }) => messageId),
    );
    expect(deliveries.map(({ method, text }) => [method, text])).toEqual([
      ['POST', '{"number":1}'],
      ['PUT', '{"number":2}'],
    ]);
    expect(deliveries[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-number': '1',
    });
    await broker.verify(deliveries[0]!, one.url);
    await broker.verify(deliveries[1]!, two.url);
  });

  test('holds any text', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open();
    const body = ' "quoted"\n\u2028é ';
    await client.batch([{ url: endpoint.url, body, headers: { 'Content-Type': 'text/csv' } }]);
    const delivery = await endpoint.only();
    expect(delivery.text).toBe(body);
    expect(delivery.header('content-type')).toBe('text/csv');
    await broker.verify(delivery, endpoint.url);
  });

  test('goes on after a message that is refused', async ({ client, endpoints }) => {
    const [first, last] = [endpoints.open(), endpoints.open()];
    const published = await client.batchJSON([
      { url: first.url, body: 'first' },
      { url: 'ftp://127.0.0.1/', body: 'no such protocol' },
      { url: 'http://127.0.0.1:2/', body: 'not allowed' },
      { url: first.url, body: 'wrong', headers: { 'Upstash-Delay': 'abc' } },
      { url: first.url, body: 'queued', queueName: 'orders' },
      { url: last.url, body: 'last' },
    ]);
    const said = { error: expect.stringMatching(/\w/) };
    expect(published).toEqual([
      expect.objectContaining({ messageId: (await first.only()).messageId }),
      said,
      { error: expect.stringContaining('queue.allow') },
      said,
      said,
      expect.objectContaining({ messageId: (await last.only()).messageId }),
    ]);
  });
});

test.describe('nothing is published', () => {
  test('for whoever has not the token', async ({ broker, endpoints }) => {
    const endpoint = endpoints.open();
    const stranger = broker.client('wrong');
    for (const call of [
      () => stranger.publishJSON({ url: endpoint.url, body: {} }),
      () => stranger.batchJSON([{ url: endpoint.url, body: {} }]),
      () => stranger.messages.get('msg_unknown'),
      () => stranger.messages.deleteAll(),
      () => stranger.dlq.listMessages(),
      () => stranger.schedules.list(),
      () => stranger.logs(),
      () => stranger.queue().list(),
    ]) {
      expect(await refusal(call()), String(call)).toMatchObject({ status: 401 });
    }
    for (const Authorization of ['', 'Bearer', 'Basic a2l0aDpraXRo']) {
      for (const [method, path] of [['GET', '/v2/keys'], ['POST', '/v2/keys/rotate']] as const) {
        const response = await broker.ask(method, path, { headers: { Authorization } });
        expect(response.status, `${method} ${path} of ${Authorization}`).toBe(401);
        expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) });
      }
    }
    expect(endpoint.deliveries).toEqual([]);
  });

  test('to an address that is not on the list of those allowed', async ({ client, endpoints }) => {
    const endpoint = endpoints.open();
    const { url } = endpoint;
    const allowed = { url, body: 'news' };
    for (const address of [
      'http://127.0.0.1:2/',
      'https://example.com/hook',
      url.replace('http:', 'https:'),
      url.replace('127.0.0.1', 'localhost'),
      url.replace('127.0.0.1', '127.0.0.2'),
      `http://127.0.0.1:2/${url}`,
    ]) {
      const no = { status: 400, error: expect.stringContaining('queue.allow') };
      expect(await refusal(client.publish({ url: address })), address).toMatchObject(no);
      const told = client.publish({ ...allowed, callback: address });
      expect(await refusal(told), `callback ${address}`).toMatchObject(no);
      const failed = client.publish({ ...allowed, failureCallback: address });
      expect(await refusal(failed), `failure callback ${address}`).toMatchObject(no);
      const cron = '0 0 1 1 *';
      const planned = client.schedules.create({ destination: address, cron });
      expect(await refusal(planned), `schedule ${address}`).toMatchObject(no);
    }
    expect(endpoint.deliveries).toEqual([]);
  });

  for (const [what, headers] of [
    ['a delay that is none', { 'Upstash-Delay': 'abc' }],
    ['a delay without a unit', { 'Upstash-Delay': '10' }],
    ['a time that is none', { 'Upstash-Not-Before': 'tomorrow' }],
    ['retries that are no number', { 'Upstash-Retries': 'x' }],
    ['less than no retries', { 'Upstash-Retries': '-1' }],
    ['an unknown method', { 'Upstash-Method': 'BREW' }],
    ['a wait that is no expression', { 'Upstash-Retry-Delay': '100 * (1 + retries' }],
    ['a timeout that is none', { 'Upstash-Timeout': 'soon' }],
    ['a callback that is no address', { 'Upstash-Callback': 'callback' }],
    ['an unknown method for its callback', { 'Upstash-Callback-Method': 'BREW' }],
  ] as const) {
    test(`with ${what}`, async ({ broker, endpoints }) => {
      const endpoint = endpoints.open();
      // A callback has to be there for its settings to matter.
      const callback = { 'Upstash-Callback': endpoint.url };
      const response = await broker.ask('POST', `/v2/publish/${endpoint.url}`, {
        headers: { ...callback, ...headers },
        body: 'news',
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) });
      expect(endpoint.deliveries).toEqual([]);
    });
  }

  test('to an address of another kind', async ({ client, endpoints }) => {
    for (const url of [
      'ftp://127.0.0.1/',
      'file:///etc/passwd',
      'http://',
      `${endpoints.origin}@127.0.0.1:2/`,
    ]) {
      expect(await refusal(client.publish({ url })), url).toMatchObject({ status: 400 });
    }
  });

  test('that is too large', async ({ client, endpoints }) => {
    const endpoint = endpoints.open();
    const body = 'x'.repeat(3 << 20);
    const { status } = await refusal(client.publish({ url: endpoint.url, body }));
    expect([400, 413]).toContain(status);
    expect(endpoint.deliveries).toEqual([]);
  });
});

test('what the queue does not do yet it says', async ({ broker, client, endpoints }) => {
  const endpoint = endpoints.open();
  const { url } = endpoint;
  const flowControl = { key: 'key', parallelism: 1 };
  const endpointsOfGroup = { name: 'group', endpoints: [{ url }] };
  const schedule = { destination: url, cron: '0 0 1 1 *' };
  for (const [what, call] of Object.entries({
    'enqueue JSON': () => client.queue({ queueName: 'orders' }).enqueueJSON({ url, body: {} }),
    enqueue: () => client.queue({ queueName: 'orders' }).enqueue({ url, body: 'order' }),
    'create a queue': () => client.queue({ queueName: 'orders' }).upsert({ parallelism: 1 }),
    'look at a queue': () => client.queue({ queueName: 'orders' }).get(),
    'list queues': () => client.queue().list(),
    'pause a queue': () => client.queue({ queueName: 'orders' }).pause(),
    'resume a queue': () => client.queue({ queueName: 'orders' }).resume(),
    'delete a queue': () => client.queue({ queueName: 'orders' }).delete(),
    'a schedule in a queue': () => client.schedules.create({ ...schedule, queueName: 'orders' }),
    'create a group': () => client.urlGroups.addEndpoints(endpointsOfGroup),
    'make a group smaller': () => client.urlGroups.removeEndpoints(endpointsOfGroup),
    'look at a group': () => client.urlGroups.get('group'),
    'list groups': () => client.urlGroups.list(),
    'delete a group': () => client.urlGroups.delete('group'),
    'publish to a group': () => client.publishJSON({ urlGroup: 'group', body: {} }),
    'flow control': () => client.publishJSON({ url, body: {}, flowControl }),
    'a schedule with flow control': () => client.schedules.create({ ...schedule, flowControl }),
    'look at a flow': () => client.flowControl.get('key'),
    'pause a flow': () => client.flowControl.pause('key'),
    'look at all flows': () => client.flowControl.getGlobalParallelism(),
  })) {
    expect(await refusal(call()), what).toMatchObject({ status: 501 });
  }
  const flows = await broker.ask('GET', '/v2/flowControl');
  expect(flows.status).toBe(501);
  expect(endpoint.deliveries).toEqual([]);
});

test('keys can be exchanged without a gap', async ({ broker, client, endpoints }) => {
  const before = await broker.keys();
  expect(before).toEqual({
    current: expect.stringMatching(/^sig_/),
    next: expect.stringMatching(/^sig_/),
  });
  const rotated = await broker.ask('POST', '/v2/keys/rotate');
  expect(rotated.status).toBe(200);
  const after = await broker.keys();
  expect(await rotated.json()).toEqual(after);
  expect(after).toEqual({ current: before.next, next: expect.stringMatching(/^sig_/) });
  expect([before.current, before.next]).not.toContain(after.next);

  const endpoint = endpoints.open();
  await client.publish({ url: endpoint.url, body: 'after' });
  const delivery = await endpoint.only();
  await broker.verify(delivery, endpoint.url, after);
  // A receiver that has not heard of it yet knows the key as the next one.
  await broker.verify(delivery, endpoint.url, before);
});
