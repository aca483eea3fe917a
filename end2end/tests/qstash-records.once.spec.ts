// What the queue keeps beside messages: schedules, and a log of everything that happened.
import { expect, refusal, test, type Broker } from '../fixtures/broker.ts';
import type { Endpoint } from '../fixtures/endpoint.ts';

/** Once a year, so that it does not fire while it is looked at. */
const CRON = '0 0 1 1 *';

test.describe('a schedule', () => {
  test('is kept as it was made', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const start = Date.now();
    const { scheduleId } = await client.schedules.create({
      destination: url,
      cron: `${CRON} `,
      body: '{"hello":"world"}',
      headers: { 'Test-Header': 'test-value', 'Upstash-Forward-X-Other': 'other' },
      method: 'PUT',
      delay: 10,
      retries: 5,
      retryDelay: '1000',
      callback: `${url}/callback`,
      failureCallback: `${url}/failure`,
      label: ['first', 'second'],
    });
    expect(scheduleId).toMatch(/^scd_/);
    const schedule = await client.schedules.get(scheduleId);
    expect(schedule).toMatchObject({
      scheduleId,
      cron: CRON,
      destination: url,
      method: 'PUT',
      body: '{"hello":"world"}',
      delay: 10,
      retries: 5,
      retryDelayExpression: '1000',
      callback: `${url}/callback`,
      failureCallback: `${url}/failure`,
      label: 'first',
      labels: ['first', 'second'],
      isPaused: false,
    });
    expect(schedule.header).toEqual({
      'Content-Type': ['application/json'],
      'Test-Header': ['test-value'],
      'X-Other': ['other'],
    });
    expect(schedule.createdAt).toBeGreaterThanOrEqual(start);
    expect(new Date(schedule.nextScheduleTime!).toISOString()).toMatch(/-01-01T00:00:00.000Z$/);
    expect(schedule.nextScheduleTime).toBeGreaterThan(start);
    expect(await client.schedules.list()).toContainEqual(schedule);

    await client.schedules.delete(scheduleId);
    expect(await refusal(client.schedules.get(scheduleId))).toMatchObject({ status: 404 });
    const left = (await client.schedules.list()).map((other) => other.scheduleId);
    expect(left).not.toContain(scheduleId);
  });

  test('is replaced by another of the same id', async ({ client, endpoints }) => {
    const [before, after] = [endpoints.open(), endpoints.open()];
    const scheduleId = 'Daily_report-1.0';
    const made = await client.schedules.create({
      destination: before.url,
      cron: CRON,
      scheduleId,
      body: 'payload',
      retries: 1,
    });
    expect(made).toEqual({ scheduleId });
    await client.schedules.create({ destination: after.url, cron: '0 9 * * *', scheduleId });
    const found = (await client.schedules.list()).filter((one) => one.scheduleId === scheduleId);
    expect(found).toMatchObject([
      { destination: after.url, cron: '0 9 * * *', method: 'POST', retries: 3 },
    ]);
    expect(found[0]!.body).toBeUndefined();
    await client.schedules.delete(scheduleId);
  });

  test('is made of what is published with a cron expression', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const headers = { 'Upstash-Cron': '@yearly', 'Upstash-Schedule-Id': 'published-1.0' };
    const made = await client.publish({ url, body: 'payload', retries: 1, headers });
    expect(made).toEqual({ scheduleId: 'published-1.0' });
    const schedule = await client.schedules.get('published-1.0');
    expect(schedule).toMatchObject({ destination: url, cron: '@yearly', body: 'payload', retries: 1 });
    expect(new Date(schedule.nextScheduleTime!).toISOString()).toMatch(/-01-01T00:00:00.000Z$/);
    const [inBatch] = await client.batch([{ url, headers: { 'Upstash-Cron': CRON } }]);
    const { scheduleId } = inBatch as unknown as { scheduleId: string };
    expect(await client.schedules.get(scheduleId)).toMatchObject({ destination: url, cron: CRON });
    for (const id of ['published-1.0', scheduleId]) {
      await client.schedules.delete(id);
    }
  });

  test('can be paused and resumed', async ({ broker, client, endpoints }) => {
    const { url } = endpoints.open();
    // Whether it fires meanwhile makes no difference.
    const { scheduleId } = await client.schedules.create({ destination: url, cron: '* * * * *' });
    const isPaused = async () => (await client.schedules.get(scheduleId)).isPaused;
    expect(await isPaused()).toBe(false);
    // Twice does no harm.
    for (const paused of [true, true, false, false]) {
      await client.schedules[paused ? 'pause' : 'resume']({ schedule: scheduleId });
      expect(await isPaused()).toBe(paused);
    }
    // The SDK says PATCH, the documentation POST.
    for (const [what, paused] of [['pause', true], ['resume', false]] as const) {
      const response = await broker.ask('POST', `/v2/schedules/${scheduleId}/${what}`);
      expect(response.status).toBe(200);
      expect(await isPaused()).toBe(paused);
    }
    await client.schedules.delete(scheduleId);
  });

  test('goes by the clock of its time zone', async ({ client, endpoints }) => {
    const { url } = endpoints.open();
    const cron = 'CRON_TZ=Asia/Tokyo 0 9 * * *';
    const { scheduleId } = await client.schedules.create({ destination: url, cron });
    const schedule = await client.schedules.get(scheduleId);
    expect(schedule.cron).toBe(cron);
    // Tokyo is nine hours ahead all year.
    expect(new Date(schedule.nextScheduleTime!).toISOString()).toMatch(/T00:00:00.000Z$/);
    await client.schedules.delete(scheduleId);
  });

  for (const cron of [
    '',
    'abc',
    '* * * *',
    '60 * * * *',
    '* * * * * *',
    'CRON_TZ=Atlantis/Centre 0 9 * * *',
  ]) {
    test(`is refused with the cron expression “${cron}”`, async ({ client, endpoints }) => {
      const { url } = endpoints.open();
      const refused = await refusal(client.schedules.create({ destination: url, cron }));
      expect(refused).toMatchObject({ status: 400 });
    });
  }

  test('is refused with an id that is none', async ({ client, endpoints }) => {
    const schedule = { destination: endpoints.open().url, cron: CRON };
    for (const scheduleId of ['a b', 'a/b', 'é']) {
      const refused = client.schedules.create({ ...schedule, scheduleId: encodeURI(scheduleId) });
      expect(await refusal(refused), scheduleId).toMatchObject({ status: 400 });
    }
  });

  test('that is unknown is not found', async ({ client }) => {
    const schedule = 'scd_unknown';
    for (const call of [
      () => client.schedules.get(schedule),
      () => client.schedules.pause({ schedule }),
      () => client.schedules.resume({ schedule }),
    ]) {
      expect(await refusal(call()), String(call)).toMatchObject({ status: 404 });
    }
  });
});

test.describe('the log', () => {
  /** A message that is delivered, one that is given up, and one that is canceled. */
  async function happenings(broker: Broker, fine: Endpoint, broken: Endpoint) {
    const client = broker.client();
    const label = fine.url.slice(fine.url.lastIndexOf('/') + 1);
    const retry = { retries: 1, retryDelay: '1' };
    const publish = async (url: string, labels: string[], some: { delay?: number } = {}) => {
      const message = { url, body: 'x', label: labels, ...retry, ...some };
      return (await client.publish(message)).messageId;
    };
    const delivered = await publish(fine.url, [label, `${label}-fine`]);
    const failed = await publish(broken.url, [label]);
    const canceled = await publish(fine.url, [label], { delay: 3600 });
    await client.messages.cancel(canceled);
    await broker.deadLetter(failed);
    await expect.poll(() => broker.states(delivered)).toEqual(['CREATED', 'ACTIVE', 'DELIVERED']);
    return { label, delivered, failed, canceled };
  }

  test('says what became of each message', async ({ broker, client, endpoints }) => {
    const [fine, broken] = [endpoints.open(), endpoints.open({ status: 500 })];
    const start = Date.now();
    const { label, delivered, failed, canceled } = await happenings(broker, fine, broken);
    const failures = ['CREATED', 'ACTIVE', 'RETRY', 'ACTIVE', 'FAILED'];
    await expect.poll(() => broker.states(failed)).toEqual(failures);
    await expect.poll(() => broker.states(canceled)).toEqual(['CREATED', 'CANCELED']);

    const { logs } = await client.logs({ filter: { label } });
    expect(new Set(logs.map(({ messageId }) => messageId))).toEqual(
      new Set([delivered, failed, canceled]),
    );
    // Events of two messages may wait for each other's commits, those of one message never.
    for (const id of [delivered, failed, canceled]) {
      const times = logs.filter(({ messageId }) => messageId === id).map(({ time }) => time);
      expect(times, 'the newest first').toEqual([...times].sort((a, b) => b - a));
      expect(times.at(-1)).toBeGreaterThanOrEqual(start);
    }
    for (const entry of logs) {
      const url = entry.messageId === failed ? broken.url : fine.url;
      expect(entry).toMatchObject({ url, label, labels: expect.arrayContaining([label]) });
    }
    const known = [
      'CREATED', 'ACTIVE', 'RETRY', 'ERROR', 'IN_PROGRESS', 'DELIVERED', 'FAILED', 'CANCELED',
    ];
    expect(known).toEqual(expect.arrayContaining(logs.map(({ state }) => state)));

    const { events } = await client.events({ filter: { label } });
    expect(events).toEqual(logs);
    const described = await broker.ask('GET', `/v2/logs?label=${label}`);
    const { logs: documented } = (await described.json()) as { logs: { state: string }[] };
    expect(documented.map(({ state }) => state)).toEqual(logs.map(({ state }) => state));
  });

  test('can be searched', async ({ broker, client, endpoints }) => {
    const [fine, broken] = [endpoints.open(), endpoints.open({ status: 500 })];
    const { label, delivered, failed, canceled } = await happenings(broker, fine, broken);
    type Query = NonNullable<Parameters<typeof client.logs>[0]>;
    const found = async (query: Query) =>
      (await client.logs(query)).logs.map(({ messageId, state }) => `${messageId} ${state}`);

    expect((await found({ filter: { label, state: 'CREATED' } })).sort()).toEqual(
      [delivered, failed, canceled].map((id) => `${id} CREATED`).sort(),
    );
    for (const [state, id] of [
      ['DELIVERED', delivered],
      ['FAILED', failed],
      ['RETRY', failed],
      ['CANCELED', canceled],
    ] as const) {
      expect(await found({ filter: { label, state } })).toEqual([`${id} ${state}`]);
    }
    expect(await found({ filter: { messageId: delivered, state: 'ACTIVE' } })).toEqual([
      `${delivered} ACTIVE`,
    ]);
    const ids = async (query: Query) =>
      new Set((await client.logs(query)).logs.map(({ messageId }) => messageId));
    expect(await ids({ messageIds: [delivered, canceled] })).toEqual(
      new Set([delivered, canceled]),
    );
    expect(await ids({ filter: { label: `${label}-fine` } })).toEqual(new Set([delivered]));
    const labels = [`${label}-fine`, `${label}-nobody`];
    expect(await ids({ filter: { label: labels } })).toEqual(new Set([delivered]));
    expect(await ids({ filter: { url: broken.url } })).toEqual(new Set([failed]));
    expect(await ids({ filter: { label, toDate: 1 } })).toEqual(new Set());
    const everything = await ids({ filter: { label, fromDate: new Date(1) } });
    expect(everything).toEqual(new Set([delivered, failed, canceled]));
    expect(await ids({ messageIds: ['msg_unknown'] })).toEqual(new Set());
  });

  test('comes in pages', async ({ broker, client, endpoints }) => {
    const [fine, broken] = [endpoints.open(), endpoints.open({ status: 500 })];
    const { label } = await happenings(broker, fine, broken);
    const { logs: all } = await client.logs({ filter: { label } });
    for (const count of [1, 3]) {
      const paged = [];
      let cursor: string | undefined;
      do {
        const more = cursor === undefined ? {} : { cursor };
        const page = await client.logs({ filter: { label }, count, ...more });
        expect(page.logs.length).toBeLessThanOrEqual(count);
        paged.push(...page.logs);
        cursor = page.cursor || undefined;
      } while (cursor !== undefined);
      expect(paged).toEqual(all);
    }
  });
});
