import { afterAll, beforeAll, expect, test } from 'vitest';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { readParts } from '#test/support/read-parts.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const DAY_MS = 86_400_000;
const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;

let upstream: ScriptedUpstream;
let weir: Weir;
beforeAll(async () => {
  upstream = await startScriptedUpstream();
  weir = await startWeir({ baseUrl: upstream.baseUrl });
});
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await upstream.stop();
});

interface Part {
  readonly entries: readonly { readonly subject: string; readonly outcome: string }[];
  readonly next?: string;
}

async function read(query: Readonly<Record<string, string>>): Promise<Part> {
  const { status, body } = await weir.get('security/read-audit', query, asAdministrator);
  expect([status, body['detail']]).toEqual([200, undefined]);
  return body as unknown as Part;
}

const readAll = (query: Readonly<Record<string, string>>) => readParts(read, query);

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const idsOf = (parts: readonly Part[]) =>
  parts.flatMap(({ entries }) => entries.map(({ subject }) => subject.slice('caller:'.length)));

test('a trail of some days is read part by part: each entry once, in order, with its outcome, across midnights', async () => {
  const from = day(weir.clock.nowMs());
  const made: string[] = [];
  for (let at = 0; at < 9; at++) {
    const id = `shop-${at}`;
    expect((await weir.post('security/create-caller', { id }, asAdministrator)).status).toBe(201);
    made.push(id);
    await weir.clock.advance(at % 4 === 3 ? DAY_MS : 1);
  }
  const days = { from, to: day(weir.clock.nowMs()) };
  expect(days.to > days.from).toBe(true);
  for (const limit of ['1', '2', '4', '5', '9', '1000']) {
    const parts = await readAll({ ...days, limit });
    expect([limit, idsOf(parts)]).toEqual([limit, made]);
    expect(parts.slice(0, -1).every(({ entries }) => entries.length === Number(limit))).toBe(true);
    expect(parts.flatMap(({ entries }) => entries).every(({ outcome }) => outcome === 'done')).toBe(true);
  }

  // What is written meanwhile comes at the end, and nothing twice.
  const first = await read({ ...days, limit: '4' });
  await weir.post('security/create-caller', { id: 'meanwhile' }, asAdministrator);
  const rest = await readAll({ ...days, next: first.next! });
  expect(idsOf([first, ...rest])).toEqual([...made, 'meanwhile']);
});

test('large entries are fewer in a part: no reply grows with what was typed', async () => {
  await weir.clock.advance(40 * DAY_MS);
  const today = day(weir.clock.nowMs());
  const models = Array.from({ length: 3_000 }, (_, at) => `model-${at}-${'x'.repeat(80)}`);
  for (let at = 0; at < 6; at++) {
    await weir.clock.advance(1);
    const { status } = await weir.post(
      'security/create-caller',
      { id: `wordy-${at}`, policy: { models } },
      asAdministrator,
    );
    expect(status).toBe(201);
  }
  const parts = await readAll({ from: today, to: today });
  expect(idsOf(parts)).toEqual([0, 1, 2, 3, 4, 5].map((at) => `wordy-${at}`));
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(1_500_000);
});

test.each([
  ['another word', { next: 'garbage' }, 'next'],
  ['a place in a table', { next: Buffer.from('2026-11-22#x').toString('base64url') }, 'next'],
  [
    'one of other days',
    {
      next: Buffer.from(`2020-01-01T00:00:00.000Z#${'0'.repeat(36)}`).toString('base64url'),
      from: '2026-11-01',
      to: '2026-11-02',
    },
    'next',
  ],
  ['no limit at all', { limit: '0' }, 'limit'],
  ['a limit of thousands', { limit: '1001' }, 'limit'],
])('I7 %s is a 400 that names the field', async (_what, query, field) => {
  const { status, body } = await weir.get('security/read-audit', query, asAdministrator);
  expect([status, body['errors']]).toMatchObject([400, [{ field }]]);
});
