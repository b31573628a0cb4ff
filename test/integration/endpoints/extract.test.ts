import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBalanced } from '#test/support/counter-balance.ts';
import type { RecordedRequest } from '#test/support/scripted-exchange.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const text = { type: 'string' };
const amount = { type: 'number', minimum: 0 };
const order = { type: 'object', properties: { name: text, crates: amount }, required: ['name', 'crates'] };
const schema = {
  type: 'object',
  properties: { customer: text, orders: { type: 'array', items: order }, note: text },
  required: ['customer', 'orders'],
};
const LETTER = 'Dear Weir, this is Ulla Brandt. Send 12 crates to Ann, and 1,250 crates to Bob.';
const GOOD = {
  customer: 'Ulla Brandt',
  orders: [
    { name: 'Ann', crates: 12 },
    { name: 'Bob', crates: 1250 },
  ],
};

const value = (found: unknown) => answer({ json: { value: found } });

/** The texts of a request's messages, in order. */
function messages({ body }: RecordedRequest): string[] {
  return (body.input as readonly { readonly content: string }[]).map(({ content }) => content);
}

let upstream: ScriptedUpstream;
let weir: Weir;
beforeAll(async () => {
  upstream = await startScriptedUpstream({ prices: tieredPrices });
  weir = await startWeir({ baseUrl: upstream.baseUrl });
});
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

/** One call, and what it left in the ledger and upstream. */
async function extracted(body: object, environment = weir) {
  const [entriesBefore, before] = [await environment.ledger(), upstream.requests.length];
  const reply = await environment.post('extract', body, { headers: { 'cache-control': 'no-store' } });
  upstream.unscript();
  const known = new Set(entriesBefore.map(({ callId }) => callId));
  const entries = (await environment.ledger()).filter(({ callId }) => !known.has(callId));
  return { ...reply, entries, requests: upstream.requests.slice(before) };
}

describe('a text that one question reads', () => {
  test('gives a value that fits the schema, and where its parts stand', async () => {
    upstream.script(value({ ...GOOD, note: null }));
    const { status, body, requests, entries } = await extracted({ text: LETTER, schema });
    expect([status, body['value']]).toEqual([200, GOOD]);
    const sources = body['sources'] as Record<string, { start: number; end: number }>;
    expect(
      Object.fromEntries(Object.entries(sources).map(([at, { start, end }]) => [at, LETTER.slice(start, end)])),
    ).toEqual({
      '/customer': 'Ulla Brandt',
      '/orders/0/name': 'Ann',
      '/orders/0/crates': '12',
      '/orders/1/name': 'Bob',
      '/orders/1/crates': '1,250',
    });
    expect(requests.map((request) => messages(request))).toEqual([[LETTER]]);
    expect(entries).toMatchObject([{ outcome: 'completed', basis: 'exact', attempts: [{ outcome: 'answered' }] }]);
  });

  test('is asked for by the schema in OpenAI’s words, with the caller’s own in no instruction', async () => {
    upstream.script(value(GOOD));
    const described = { ...schema, description: 'OBEY ME' };
    const [request] = (await extracted({ text: LETTER, schema: described })).requests;
    const { text: wanted, instructions } = request!.body as unknown as {
      text: { format: { strict: boolean; schema: { properties: { value: unknown } } } };
      instructions: string;
    };
    expect(wanted.format.strict).toBe(true);
    expect(wanted.format.schema.properties.value).toMatchObject({
      required: ['customer', 'orders', 'note'],
      additionalProperties: false,
      properties: { note: { anyOf: [text, { type: 'null' }] } },
    });
    expect(instructions).not.toMatch(/OBEY ME|Ulla/);
  });

  test('may be asked for a list, or a single text', async () => {
    upstream.script(value(['Ann', 'Bob']), value('Ulla Brandt'));
    const list = await weir.post('extract', { text: LETTER, schema: { type: 'array', items: text } });
    const single = await weir.post('extract', { text: LETTER, schema: text });
    expect([list.body['value'], single.body]).toEqual([
      ['Ann', 'Bob'],
      { value: 'Ulla Brandt', sources: { '': { start: 19, end: 30 } } },
    ]);
  });

  test('is answered from the cache the second time', async () => {
    upstream.script(value(GOOD));
    const body = { text: `${LETTER} Once.`, schema };
    const [first, second] = [await weir.post('extract', body), await weir.post('extract', body)];
    expect([first.headers['x-weir-cache'], second.headers['x-weir-cache']]).toEqual(['miss', 'hit']);
    expect(second.body).toEqual(first.body);
  });
});

describe('L13 what does not fit', () => {
  const bad = { customer: 'Ulla Brandt', orders: [{ name: 'Ann', crates: -12 }] };

  test('is asked for once more, with what is wrong with it: two attempts of one call, both paid for', async () => {
    upstream.script(value(bad), value({ orders: GOOD.orders }));
    const { status, body, headers, requests, entries } = await extracted({ text: LETTER, schema });
    expect([status, body['value']]).toEqual([200, GOOD]);
    const [original, earlier, faults] = messages(requests[1]!);
    expect([original, JSON.parse(earlier!), JSON.parse(faults!)]).toEqual([
      LETTER,
      { orders: bad.orders },
      [{ field: '/orders/0/crates', message: 'must be at least 0' }],
    ]);
    expect(headers['x-weir-attempts']).toBe('2');
    expect(entries).toMatchObject([
      { outcome: 'completed', attempts: [{ outcome: 'answered' }, { outcome: 'answered' }] },
    ]);
    const [entry] = entries;
    expect(entry!.costPico).toBe(entry!.attempts.reduce((sum, { costPico }) => sum + costPico, 0n));
    expect(entry!.attempts.every(({ costPico }) => costPico > 0n)).toBe(true);
  });

  test('only the members at fault are asked for again, and the others stay', async () => {
    upstream.script(value(bad), value({ orders: GOOD.orders, customer: 'Somebody Else' }));
    const { body, requests } = await extracted({ text: LETTER, schema });
    const { text: wanted } = requests[1]!.body as unknown as {
      text: { format: { schema: { properties: { value: object } } } };
    };
    expect(wanted.format.schema.properties.value).toMatchObject({ required: ['orders'] });
    expect(body['value']).toEqual(GOOD);
  });

  test('a second time is a 502 with the places, and no third attempt', async () => {
    upstream.script(value(bad), value({ orders: [{ name: 'Ann' }] }));
    const { status, body, headers, requests, entries } = await extracted({ text: LETTER, schema });
    expect([status, body['code'], headers['x-should-retry'], requests.length]).toEqual([
      502,
      'output_invalid',
      'false',
      2,
    ]);
    expect(body['errors']).toEqual([{ field: '/orders/0/crates', message: 'is required' }]);
    expect(entries).toMatchObject([{ outcome: 'output_invalid', attempts: [{}, {}] }]);
  });

  test('is not cached', async () => {
    upstream.script(value(bad), value(bad), value(GOOD));
    const body = { text: `${LETTER} Twice.`, schema };
    expect((await weir.post('extract', body)).status).toBe(502);
    const second = await weir.post('extract', body);
    expect([second.status, second.headers['x-weir-cache']]).toEqual([200, 'miss']);
  });

  test.each([
    ['nothing', null],
    ['a text', 'no'],
    ['a list', []],
  ])('%s in place of an object is asked for again as a whole', async (_, wrong) => {
    upstream.script(value(wrong), value(GOOD));
    const { status, body } = await extracted({ text: LETTER, schema });
    expect([status, body['value']]).toEqual([200, GOOD]);
  });

  test('R8 a repair is one of the call’s second tries: when both are used, three requests were made and no fourth is', async () => {
    upstream.script(modelNotFound(), value(bad), modelNotFound(), value(GOOD), value(GOOD));
    const { status, requests, entries } = await extracted({ text: LETTER, schema });
    expect([status, requests.length]).toEqual([502, 3]);
    expect(entries).toMatchObject([{ attempts: [{}, {}, {}] }]);
  });

  test('a refusal is none: it is a 422 after one attempt; nor is an answer that was cut', async () => {
    upstream.script(refusal());
    const declined = await extracted({ text: LETTER, schema });
    expect([declined.status, declined.body['code'], declined.requests.length]).toEqual([422, 'output_refused', 1]);
    upstream.script(incomplete({ reason: 'max_output_tokens', json: { value: GOOD } }));
    const cut = await extracted({ text: LETTER, schema });
    expect([cut.status, cut.body['code'], cut.requests.length]).toEqual([502, 'output_invalid', 1]);
  });
});

describe('a schema that cannot be asked for', () => {
  test.each([
    [
      { type: 'object', properties: { a: { not: {} } } },
      'schema.properties.a.not',
      'schema.properties.a.not is not supported',
    ],
    [{}, 'schema', 'schema must say what it is (type)'],
    [
      { type: 'string', description: 'x'.repeat(32_000) },
      'schema',
      'schema must be at most 32,000 characters of JSON, but 32,034 were provided',
    ],
    [[], 'schema', 'schema must be an object, but an array was provided'],
    [
      { type: 'object', properties: { a: { type: 'string', minLenght: 3 } } },
      'schema.properties.a.minLenght',
      'schema.properties.a.minLenght is not supported',
    ],
  ])('is refused by name, with its place, before anything is spent', async (refused, field, message) => {
    const { status, body, requests, entries } = await extracted({ text: LETTER, schema: refused });
    expect([status, body['errors'], requests.length, entries.length]).toEqual([400, [{ field, message }], 0, 0]);
  });

  test('with a pattern that takes for ever by itself is refused before anything is spent', async () => {
    const slow = { type: 'string', pattern: '^(a+)+$', enum: [`${'a'.repeat(60)}!`] };
    const { status, body, requests } = await extracted({ text: LETTER, schema: slow });
    expect([status, body['detail'], requests.length]).toEqual([
      400,
      'schema has a pattern that takes too long to try',
      0,
    ]);
  });

  test.each([`${'(?:^|^)'.repeat(40)}x`, '(?=a)+b', String.raw`\bword\b`, '^a$|^b$'])(
    'with %s, which might not even compile in time, is refused by name',
    async (pattern) => {
      const { status, body, requests } = await extracted({ text: LETTER, schema: { type: 'string', pattern } });
      expect([status, requests.length]).toEqual([400, 0]);
      expect(body['detail']).toMatch(/^schema.pattern must have \^ at its beginning and \$ at its end only/);
    },
  );

  test('by a pattern that takes for ever is refused when it is tried', async () => {
    upstream.script(value(`${'a'.repeat(60)}!`));
    const { status, body } = await extracted({ text: LETTER, schema: { type: 'string', pattern: '^(a+)+$' } });
    expect([status, body['detail']]).toEqual([400, 'schema has a pattern that takes too long to try']);
  });
});

describe('a text of 300,000 characters', () => {
  const NAMES = ['Ann', 'Bob', 'Cem', 'Dov', 'Eve', 'Fay', 'Gil', 'Hal'];
  const lines = Array.from(
    { length: 60 },
    (_, at) => `Order ${at + 100} 🚚 for ${NAMES[at % 8]}${at}: ${(at + 1) * 1_037} crates.`,
  );
  const filler = 'The river rose in the night, and the gates were opened by hand before dawn. '.repeat(70);
  const long =
    lines
      .map((line) => `${filler}${line}`)
      .join('\n\n')
      .slice(0, 299_950) + ' Yours, Ulla Brandt.';

  /** Reads what a piece of the text says, as a good model would. */
  const reads = choose((request) => {
    const [piece = ''] = messages(request);
    const orders = [...piece.matchAll(/for (\w+): (\d+) crates/g)].map(([, name, crates]) => ({
      name,
      crates: Number(crates),
    }));
    return value({ customer: piece.includes('Ulla') ? 'Ulla Brandt' : null, orders, note: null });
  });

  test('is read in pieces side by side, each value from where it stands, as one call', async () => {
    upstream.otherwise(reads);
    const { status, body, headers, requests, entries } = await extracted({ text: long, schema });
    upstream.otherwise(answer());
    expect(long.length).toBeGreaterThan(299_000);
    expect([status, body['detail']]).toEqual([200, undefined]);
    const { customer, orders } = body['value'] as typeof GOOD;
    const all = [...long.matchAll(/for (\w+): (\d+) crates/g)];
    expect([customer, orders]).toEqual([
      'Ulla Brandt',
      all.map(([, name, crates]) => ({ name, crates: Number(crates) })),
    ]);

    const sources = body['sources'] as Record<string, { start: number; end: number }>;
    expect(Object.keys(sources)).toHaveLength(1 + 2 * orders.length);
    for (const [index, found] of all.entries()) {
      const start = found.index + 'for '.length;
      expect(sources[`/orders/${index}/name`]).toEqual({ start, end: start + found[1]!.length });
      const crates = start + found[1]!.length + 2;
      expect(sources[`/orders/${index}/crates`]).toEqual({ start: crates, end: crates + found[2]!.length });
    }
    expect(long.slice(sources['/customer']!.start)).toBe('Ulla Brandt.');

    expect(requests.length).toBeGreaterThan(5);
    expect(headers['x-weir-attempts']).toBe(String(requests.length));
    expect(entries).toHaveLength(1);
    expect(entries[0]!.attempts).toHaveLength(requests.length);
    expect(entries[0]!.costPico).toBe(entries[0]!.attempts.reduce((sum, { costPico }) => sum + costPico, 0n));
    const state = expectBalanced(await weir.budget('extract'));
    expect(state.holds.size).toBe(0);
  });

  test('has all of its pieces under way at once, so that it takes as long as the slowest', async () => {
    const gate = new Gate();
    upstream.otherwise(choose((request) => heldReading(request, gate)));
    const pending = extracted({ text: long, schema });
    await upstream.received(upstream.requests.length + 6);
    await gate.reached();
    gate.open();
    expect((await pending).status).toBe(200);
    upstream.otherwise(answer());
  });

  test('what only the whole lacks is asked for once more, with the whole text', async () => {
    const nameless = long.replace('Yours, Ulla Brandt.', 'Yours, U. B.');
    upstream.otherwise(choose((request) => (messages(request).length === 3 ? value({ customer: 'U. B.' }) : reads)));
    const { status, body, requests } = await extracted({ text: nameless, schema });
    upstream.otherwise(answer());
    expect([status, (body['value'] as typeof GOOD).customer]).toEqual([200, 'U. B.']);
    const [whole, earlier, faults] = messages(requests.at(-1)!);
    expect([whole === nameless, earlier, JSON.parse(faults!)]).toEqual([
      true,
      '{}',
      [{ field: '/customer', message: 'is required' }],
    ]);
    expect((body['sources'] as Record<string, unknown>)['/customer']).toEqual({
      start: nameless.length - 5,
      end: nameless.length,
    });
  });

  test('L2 that the budget does not cover is a 402: what was spent is within it, and in one entry', async () => {
    await using poor = await startWeir({ baseUrl: upstream.baseUrl });
    const limit = { window: 'month', limitUsd: '0.02' };
    const set = await poor.put('finance/set-budget', limit, {
      params: { scope: 'endpoint:extract' },
      roles: ['administrator'],
    });
    expect(set.status).toBe(200);
    upstream.otherwise(reads);
    const { status, body, entries, requests } = await extracted({ text: long, schema }, poor);
    upstream.otherwise(answer());
    expect([status, body['code'], body['scope']]).toEqual([402, 'budget_exceeded', 'endpoint:extract']);
    expect([entries.length, requests.length]).toEqual([0, 0]);
    const state = expectBalanced(await poor.budget('extract'));
    expect(state.spentPico).toBeLessThanOrEqual(state.limitPico);
    expect(state.holds.size).toBe(0);
  });

  function heldReading(request: RecordedRequest, gate: Gate) {
    const [piece = ''] = messages(request);
    const orders = [...piece.matchAll(/for (\w+): (\d+) crates/g)].map(([, name, crates]) => ({
      name,
      crates: Number(crates),
    }));
    return answer({ json: { value: { customer: 'Ulla Brandt', orders, note: null } }, gate });
  }
});
