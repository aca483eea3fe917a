// What the queue does when deliveries fail: it tries again, tells who asked to be told, and keeps
// what it had to give up.
import { expect, refusal, test, type Broker } from '../fixtures/broker.ts';
import { DEAF_ORIGIN, SILENCE, type Delivery, type Endpoint } from '../fixtures/endpoint.ts';

const SECOND = 1000;

/** The broker's waits end at whole milliseconds, so that a part of one may be missing. */
const ROUNDING = 1;

const BROKEN = { status: 500, headers: { 'X-Reason': 'broken' }, body: 'no, sorry' };

/** A wait that no test outlasts. */
const NEVER = '3600000';

/** What a callback says, as QStash's documentation has it. */
interface Report {
  status: number;
  header: Record<string, string[]>;
  body: string;
  retried: number;
  maxRetries: number;
  sourceMessageId: string;
  url: string;
  method: string;
  sourceHeader: Record<string, string[]>;
  sourceBody: string;
  createdAt: number | string;
  notBefore: number | string;
  dlqId?: string;
}

const report = (delivery: Delivery) => JSON.parse(delivery.text) as Report;
const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();
const retried = (deliveries: Delivery[]) =>
  deliveries.map((delivery) => delivery.header('upstash-retried'));

/** A word for the labels of one test. */
const word = (endpoint: Endpoint) => endpoint.url.slice(endpoint.url.lastIndexOf('/') + 1);

test.describe('a delivery that fails', () => {
  test('is repeated, each time after the wait that was asked for', async ({
    broker,
    client,
    endpoints,
  }) => {
    const endpoint = endpoints.open(BROKEN, { status: 404 }, { status: 204 });
    const { messageId } = await client.publishJSON({
      url: endpoint.url,
      body: { try: 'again' },
      retryDelay: '100 * (1 + retried)',
    });
    const deliveries = await endpoint.received(3);
    expect(retried(deliveries)).toEqual(['0', '1', '2']);
    for (const delivery of deliveries) {
      expect(delivery.messageId).toBe(messageId);
      expect(delivery.text).toBe('{"try":"again"}');
      await broker.verify(delivery, endpoint.url);
    }
    const [first, second, third] = deliveries.map(({ at }) => at);
    expect(second! - first!).toBeGreaterThanOrEqual(100 - ROUNDING);
    expect(third! - second!).toBeGreaterThanOrEqual(200 - ROUNDING);
    await expect
      .poll(() => broker.states(messageId))
      .toEqual(['CREATED', 'ACTIVE', 'RETRY', 'ACTIVE', 'RETRY', 'ACTIVE', 'DELIVERED']);
    expect((await client.dlq.listMessages({ filter: { messageId } })).messages).toEqual([]);
  });

  test('is repeated when the receiver asks for it', async ({ client, endpoints }) => {
    // By itself the queue would wait much longer, the second time minutes.
    const endpoint = endpoints.open(
      { status: 429, headers: { 'Retry-After': '1' } },
      { status: 503, headers: { 'Retry-After': '1s' } },
      {},
    );
    await client.publish({ url: endpoint.url, body: 'busy' });
    const deliveries = await endpoint.received(3);
    const [first, second, third] = deliveries.map(({ at }) => at);
    expect(second! - first!).toBeGreaterThanOrEqual(SECOND - ROUNDING);
    expect(third! - second!).toBeGreaterThanOrEqual(SECOND - ROUNDING);
    expect(retried(deliveries)).toEqual(['0', '1', '2']);
  });

  test('is repeated as often as was asked for', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN);
    const { messageId } = await client.publish({
      url: endpoint.url,
      body: 'twice',
      retries: 1,
      retryDelay: '1',
    });
    await broker.deadLetter(messageId);
    expect(retried(endpoint.deliveries)).toEqual(['0', '1']);
    await expect
      .poll(() => broker.states(messageId))
      .toEqual(['CREATED', 'ACTIVE', 'RETRY', 'ACTIVE', 'FAILED']);
  });

  test('is not repeated if there are no retries', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN);
    const { messageId } = await client.publish({
      url: endpoint.url,
      method: 'PUT',
      body: 'once',
      headers: { 'Test-Header': 'test-value' },
      retries: 0,
      label: 'once',
    });
    expect(await broker.deadLetter(messageId)).toMatchObject({
      dlqId: expect.stringMatching(/./),
      messageId,
      url: endpoint.url,
      method: 'PUT',
      header: { 'Test-Header': ['test-value'] },
      body: 'once',
      maxRetries: 0,
      createdAt: expect.any(Number),
      label: 'once',
      labels: ['once'],
      responseStatus: 500,
      responseHeader: { 'X-Reason': ['broken'] },
      responseBody: 'no, sorry',
    });
    expect(endpoint.deliveries).toHaveLength(1);
    await expect.poll(() => broker.states(messageId)).toEqual(['CREATED', 'ACTIVE', 'FAILED']);
  });

  test('is not repeated if the receiver says that it need not be', async ({
    broker,
    client,
    endpoints,
  }) => {
    const headers = { 'Upstash-NonRetryable-Error': 'true' };
    const endpoint = endpoints.open({ status: 489, headers, body: 'never' });
    const { messageId } = await client.publish({ url: endpoint.url, body: 'x', retries: 3 });
    const dead = await broker.deadLetter(messageId);
    expect(dead).toMatchObject({ responseStatus: 489, responseBody: 'never' });
    expect(endpoint.deliveries).toHaveLength(1);
    await expect.poll(() => broker.states(messageId)).toEqual(['CREATED', 'ACTIVE', 'FAILED']);
  });

  test('may have had an answer that is no text', async ({ broker, client, endpoints }) => {
    const answer = Buffer.from([0xff, 0x00, 0xfe]);
    const endpoint = endpoints.open({ status: 500, body: answer });
    const { messageId } = await client.publish({ url: endpoint.url, body: 'x', retries: 0 });
    const dead = await broker.deadLetter(messageId);
    expect(dead.responseBodyBase64).toBe(answer.toString('base64'));
    expect(dead.responseBody).toBeUndefined();
  });

  test('may have had no answer in time', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(SILENCE);
    const { messageId } = await client.publish({
      url: endpoint.url,
      body: 'is there anybody?',
      retries: 1,
      retryDelay: '1',
      timeout: 1,
    });
    await broker.deadLetter(messageId);
    const [first, second] = endpoint.deliveries.map(({ at }) => at);
    expect(endpoint.deliveries).toHaveLength(2);
    // The time begins with the connection, which is a little earlier than what arrives on it.
    expect(second! - first!).toBeGreaterThanOrEqual(SECOND / 2);
    await expectErrors(broker, messageId);
  });

  test('may have reached nobody', async ({ broker, client }) => {
    const url = `${DEAF_ORIGIN}/nobody`;
    const { messageId } = await client.publish({ url, body: 'x', retries: 1, retryDelay: '1' });
    const dead = await broker.deadLetter(messageId);
    expect(dead).toMatchObject({ url, body: 'x', maxRetries: 1 });
    // There was no answer, so there is nothing to show of it.
    expect(dead.responseStatus ?? 0).toBe(0);
    await expect
      .poll(() => broker.states(messageId))
      .toEqual(['CREATED', 'ACTIVE', 'RETRY', 'ACTIVE', 'FAILED']);
    await expectErrors(broker, messageId);
  });

  test('may have been led elsewhere, where it does not go', async ({
    broker,
    client,
    endpoints,
  }) => {
    const elsewhere = endpoints.open();
    for (const status of [301, 302, 303, 307, 308]) {
      const endpoint = endpoints.open({ status, headers: { Location: elsewhere.url } });
      const { messageId } = await client.publish({ url: endpoint.url, body: 'x', retries: 0 });
      const dead = await broker.deadLetter(messageId);
      expect(dead).toMatchObject({ url: endpoint.url, responseStatus: status });
      expect(endpoint.deliveries).toHaveLength(1);
    }
    expect(elsewhere.deliveries).toEqual([]);
  });

  test('says when it will be repeated, and can be called off', async ({
    broker,
    client,
    endpoints,
  }) => {
    const endpoint = endpoints.open(BROKEN);
    const { messageId } = await client.publish({
      url: endpoint.url,
      body: 'x',
      retryDelay: NEVER,
    });
    await expect.poll(() => broker.states(messageId)).toEqual(['CREATED', 'ACTIVE', 'RETRY']);
    const { logs } = await client.logs({ filter: { messageId, state: 'RETRY' } });
    expect(logs).toHaveLength(1);
    expect(logs[0]!.nextDeliveryTime! - logs[0]!.time).toBeGreaterThanOrEqual(3599 * SECOND);
    expect(await client.messages.get(messageId)).toMatchObject({ messageId, body: 'x' });
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    await expect
      .poll(() => broker.states(messageId))
      .toEqual(['CREATED', 'ACTIVE', 'RETRY', 'CANCELED']);
    expect((await client.dlq.listMessages({ filter: { messageId } })).messages).toEqual([]);
  });
});

/** Where no answer tells why an attempt failed, the log has to. */
async function expectErrors(broker: Broker, messageId: string): Promise<void> {
  const { logs } = await broker.client().logs({ messageIds: [messageId] });
  expect(logs.filter(({ error }) => /\w/.test(error ?? ''))).not.toEqual([]);
}

test.describe('a callback', () => {
  test('tells of every attempt', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN, { headers: { 'X-Result': 'done' }, body: 'thanks ü' });
    const [callback, failure] = [endpoints.open(), endpoints.open()];
    const { messageId } = await client.publish({
      url: endpoint.url,
      method: 'PUT',
      body: 'work ß',
      headers: { 'X-Job': '7' },
      retries: 2,
      retryDelay: '1',
      callback: callback.url,
      failureCallback: failure.url,
    });
    const deliveries = await callback.received(2);
    for (const delivery of deliveries) {
      expect(delivery.method).toBe('POST');
      expect(delivery.header('content-type')).toMatch(/^application\/json/);
      expect(delivery.messageId).not.toBe(messageId);
      await broker.verify(delivery, callback.url);
    }
    // Each is delivered by itself, so the second may come first.
    const reports = deliveries.map(report).sort((a, b) => a.retried - b.retried);
    const same = {
      maxRetries: 2,
      sourceMessageId: messageId,
      url: endpoint.url,
      method: 'PUT',
      sourceHeader: { 'X-Job': ['7'] },
      sourceBody: Buffer.from('work ß').toString('base64'),
    };
    expect(reports).toMatchObject([
      { ...same, status: 500, retried: 0, header: { 'X-Reason': ['broken'] } },
      { ...same, status: 200, retried: 1, header: { 'X-Result': ['done'] } },
    ]);
    expect(reports.map(({ body }) => decoded(body))).toEqual(['no, sorry', 'thanks ü']);
    for (const { createdAt, notBefore, dlqId } of reports) {
      expect(Number(createdAt)).toBeGreaterThan(0);
      expect(Number(notBefore)).toBeGreaterThan(0);
      expect(dlqId).toBeUndefined();
    }
    expect(callback.deliveries).toHaveLength(2);
    expect(failure.deliveries).toEqual([]);
  });

  test('for failures tells once, at the end', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN);
    const failure = endpoints.open();
    const { messageId } = await client.publish({
      url: endpoint.url,
      body: 'work',
      retries: 1,
      retryDelay: '1',
      failureCallback: failure.url,
    });
    const { dlqId } = await broker.deadLetter(messageId);
    const delivery = await failure.only();
    const told = report(delivery);
    expect(told).toMatchObject({
      status: 500,
      header: { 'X-Reason': ['broken'] },
      retried: 1,
      maxRetries: 1,
      sourceMessageId: messageId,
      url: endpoint.url,
      method: 'POST',
      dlqId,
    });
    expect(decoded(told.body)).toBe('no, sorry');
    expect(decoded(told.sourceBody)).toBe('work');
    await broker.verify(delivery, failure.url);
  });

  test('can have settings of its own', async ({ client, endpoints }) => {
    const endpoint = endpoints.open({ body: 'done' });
    const callback = endpoints.open(BROKEN, {});
    await client.publish({
      url: endpoint.url,
      body: 'work',
      callback: callback.url,
      retries: 0,
      headers: {
        'Upstash-Callback-Method': 'PUT',
        'Upstash-Callback-Forward-X-Trace': 'trace',
        'Upstash-Callback-Retries': '1',
        'Upstash-Callback-Retry-Delay': '1',
      },
    });
    const deliveries = await callback.received(2);
    for (const delivery of deliveries) {
      expect(delivery.method).toBe('PUT');
      expect(delivery.header('x-trace')).toBe('trace');
      expect(report(delivery).status).toBe(200);
    }
    expect(retried(deliveries)).toEqual(['0', '1']);
    const { headers } = await endpoint.only();
    expect(headers['x-trace']).toBeUndefined();
  });
});

test.describe('dead letters', () => {
  /** Lets a message fail for good. */
  async function bury(broker: Broker, endpoint: Endpoint, label: string[], path = '') {
    const url = endpoint.url + path;
    const body = `letter to ${url}`;
    const { messageId } = await broker.client().publish({ url, body, retries: 0, label });
    return broker.deadLetter(messageId);
  }

  test('are found by what they were', async ({ broker, client, endpoints }) => {
    const [one, two] = [endpoints.open(BROKEN), endpoints.open({ status: 418 })];
    const [all, odd] = [word(one), `${word(one)}-odd`];
    const letters = [
      await bury(broker, one, [all, odd]),
      await bury(broker, two, [all]),
      await bury(broker, one, [all, odd], '/elsewhere'),
    ];
    const [a, b, c] = letters.map(({ dlqId }) => dlqId);
    type Query = NonNullable<Parameters<typeof client.dlq.listMessages>[0]>;
    const found = async (query: Query) => {
      const { messages, cursor } = await client.dlq.listMessages(query);
      expect(cursor ?? '').toBe('');
      return messages.map(({ dlqId }) => dlqId).sort();
    };
    const listed = await client.dlq.listMessages({ filter: { label: all } });
    expect(listed.messages).toHaveLength(3);
    expect(listed.messages).toEqual(expect.arrayContaining(letters));
    expect(await found({ filter: { label: odd } })).toEqual([a, c].sort());
    expect(await found({ filter: { label: [odd, all] } })).toEqual([a, b, c].sort());
    expect(await found({ filter: { label: all, responseStatus: 418 } })).toEqual([b]);
    const either = [418, 500, 503];
    expect(await found({ filter: { label: all, responseStatus: either } })).toHaveLength(3);
    expect(await found({ filter: { url: one.url } })).toEqual([a]);
    expect(await found({ filter: { url: [one.url, two.url] } })).toEqual([a, b].sort());
    expect(await found({ filter: { url: two.url, label: odd } })).toEqual([]);
    expect(await found({ filter: { messageId: letters[2]!.messageId } })).toEqual([c]);
    expect(await found({ dlqIds: [a!, c!] })).toEqual([a, c].sort());
    expect(await found({ filter: { label: all, toDate: letters[0]!.createdAt - 1 } })).toEqual([]);
    const since = new Date(letters[0]!.createdAt);
    expect(await found({ filter: { label: all, fromDate: since } })).toHaveLength(3);

    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.dlq.listMessages({
        filter: { label: all },
        count: 1,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.messages.length).toBeLessThanOrEqual(1);
      paged.push(...page.messages.map(({ dlqId }) => dlqId));
      cursor = page.cursor || undefined;
    } while (cursor !== undefined);
    expect(paged.sort()).toEqual([a, b, c].sort());

    const alone = await broker.ask('GET', `/v2/dlq/${a}`);
    expect(await alone.json()).toMatchObject({ dlqId: a, messageId: letters[0]!.messageId });
  });

  test('can be thrown away', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN);
    const label = word(endpoint);
    const letters = [];
    for (let number = 0; number < 6; number += 1) {
      letters.push(await bury(broker, endpoint, [label]));
    }
    const [a, b, c, ...rest] = letters.map(({ dlqId }) => dlqId);
    const left = async () =>
      (await client.dlq.listMessages({ filter: { label } })).messages.map(({ dlqId }) => dlqId);

    expect(await client.dlq.delete(a!)).toEqual({ deleted: 1 });
    expect(await refusal(client.dlq.delete(a!))).toMatchObject({ status: 404 });
    expect((await broker.ask('GET', `/v2/dlq/${a}`)).status).toBe(404);
    expect((await left()).sort()).toEqual([b, c, ...rest].sort());

    expect(await client.dlq.deleteMany({ dlqIds: [b!, c!] })).toMatchObject({ deleted: 2 });
    expect((await left()).sort()).toEqual([...rest].sort());

    const some = await client.dlq.delete({ filter: { label }, count: 2 });
    expect(some.deleted).toBe(2);
    expect(await left()).toHaveLength(1);
    const last = await client.dlq.delete({ filter: { label } });
    expect(last.deleted).toBe(1);
    expect(last.cursor ?? '').toBe('');
    expect(await left()).toEqual([]);
    expect(endpoint.deliveries).toHaveLength(6);
  });

  test('can be sent again', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN, { body: 'at last' });
    const { messageId, dlqId } = await bury(broker, endpoint, ['again']);
    const { responses, cursor } = await client.dlq.retry(dlqId);
    expect(cursor).toBeUndefined();
    expect(responses).toHaveLength(1);
    const again = responses[0]!.messageId;
    expect(again).not.toBe(messageId);

    const [first, second] = await endpoint.received(2);
    expect([first!.messageId, second!.messageId]).toEqual([messageId, again]);
    expect(second!.text).toBe(first!.text);
    expect(second!.header('upstash-retried')).toBe('0');
    await broker.verify(second!, endpoint.url);
    await expect.poll(() => broker.states(again)).toEqual(['CREATED', 'ACTIVE', 'DELIVERED']);
    expect((await client.dlq.listMessages({ dlqIds: [dlqId] })).messages).toEqual([]);
    expect((await client.dlq.retry(dlqId)).responses).toEqual([]);
  });

  test('can be sent again together', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN, BROKEN, BROKEN, BROKEN, {});
    const label = word(endpoint);
    const letters = [];
    for (let number = 0; number < 4; number += 1) {
      letters.push(await bury(broker, endpoint, [label]));
    }
    const [a, b] = letters.map(({ dlqId }) => dlqId);
    const two = await client.dlq.retry([a!, b!]);
    const others = await client.dlq.retry({ filter: { label } });
    expect([two.responses.length, others.responses.length]).toEqual([2, 2]);
    const again = [...two.responses, ...others.responses].map(({ messageId }) => messageId);
    const delivered = (await endpoint.received(8)).slice(4).map(({ messageId }) => messageId);
    expect(delivered.sort()).toEqual(again.sort());
    expect((await client.dlq.listMessages({ filter: { label } })).messages).toEqual([]);
  });

  test('that fail again are dead letters again', async ({ broker, client, endpoints }) => {
    const endpoint = endpoints.open(BROKEN);
    const label = word(endpoint);
    const { dlqId } = await bury(broker, endpoint, [label]);
    const { responses } = await client.dlq.retry(dlqId);
    const dead = await broker.deadLetter(responses[0]!.messageId);
    expect(dead.dlqId).not.toBe(dlqId);
    expect(dead).toMatchObject({ url: endpoint.url, maxRetries: 0, labels: [label] });
    const { messages } = await client.dlq.listMessages({ filter: { label } });
    expect(messages.map((letter) => letter.dlqId)).toEqual([dead.dlqId]);
  });

  test('that are unknown are not found', async ({ client }) => {
    expect(await refusal(client.dlq.delete('0-0'))).toMatchObject({ status: 404 });
    expect((await client.dlq.retry('0-0')).responses).toEqual([]);
    const label = 'nobody-has-this-one';
    expect((await client.dlq.retry({ filter: { label } })).responses).toEqual([]);
    expect((await client.dlq.listMessages({ dlqIds: ['0-0'] })).messages).toEqual([]);
  });
});
