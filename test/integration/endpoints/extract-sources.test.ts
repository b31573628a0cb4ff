import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import type { RecordedRequest } from '#test/support/scripted-exchange.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

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

const uncached = { headers: { 'cache-control': 'no-store' } };

interface Order {
  readonly name: string;
  readonly crates: number;
}
type Sources = Readonly<Record<string, { readonly start: number; readonly end: number }>>;

const schema = {
  type: 'object',
  properties: {
    orders: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, crates: { type: 'number' } },
        required: ['name', 'crates'],
      },
    },
  },
  required: ['orders'],
};

/** Characters of every length in UTF-8 and UTF-16, and marks that are written over a letter. */
const FILLERS = [
  'The river rose. ',
  'Wasser fällt über die Stufe. ',
  '河水上涨了，门开了。',
  '🚚🌊𝐖𐍈 ',
  'é̂ç ',
  'नदी बढ़ी। ',
];
const NAMES = ['Ann', 'José', '王芳', '𝐀nna', 'Zoë 🚢', "D'Arcy-Ōno", 'नदीम'];
const ORDER = /‹(?<name>[^›]+)› ordered (?<crates>[\d.,]+) crates/gu;

/** A text of 300,000 characters in UTF-16 units or fewer, with an order every so often; names and numbers come again and again. */
function longText(): string {
  let text = '';
  for (let at = 0; ; at++) {
    const filler = FILLERS[at % FILLERS.length]!.repeat(40 + ((at * 7) % 60));
    const border = ['\n\n', '\n', ' ', ''][at % 4]!;
    const next = `${filler}‹${NAMES[at % NAMES.length]}› ordered ${1 + ((at * 37) % 90)} crates, ${at}.${border}`;
    if (text.length + next.length > 300_000) return text;
    text += next;
  }
}

/** What a good model reads in a piece: orders that stand there whole. */
function ordersIn(piece: string): Order[] {
  return [...piece.matchAll(ORDER)].map(({ groups }) => ({
    name: groups!['name']!,
    crates: Number(groups!['crates']),
  }));
}

function pieceOf({ body }: RecordedRequest): string {
  return (body.input as { readonly content: string }[])[0]!.content;
}

test('a text of 300,000 characters of many scripts: every value is where its source says, and it is done within its deadline', async () => {
  const text = longText();
  expect([text.length > 295_000, text.length <= 300_000, text.isWellFormed()]).toEqual([true, true, true]);
  upstream.otherwise(choose((request) => answer({ json: { value: { orders: ordersIn(pieceOf(request)) } } })));
  const startedMs = Date.now();
  const { status, body, headers } = await weir.post('extract', { text, schema });
  expect(status).toBe(200);
  // The endpoint has 28 s, nearly all of it for the model.
  expect(Date.now() - startedMs).toBeLessThan(14_000);

  const pieces = upstream.requests.map(pieceOf);
  expect(pieces.length).toBeGreaterThan(10);
  expect(headers['x-weir-attempts']).toBe(String(pieces.length));
  for (const piece of pieces) {
    expect([piece.isWellFormed(), text.includes(piece)]).toEqual([true, true]);
    expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(32_000);
  }

  const { orders } = body['value'] as { orders: Order[] };
  const sources = body['sources'] as Sources;
  // An order that comes again in a later piece is one order.
  expect(new Set(orders.map((order) => JSON.stringify(order)))).toEqual(
    new Set(ordersIn(text).map((order) => JSON.stringify(order))),
  );
  const all = new Map([...text.matchAll(ORDER)].map(({ index, groups }) => [index + 1, groups!] as const));
  for (const [at, { name, crates }] of orders.entries()) {
    const own = sources[`/orders/${at}/name`]!;
    expect(text.slice(own.start, own.end)).toBe(name);
    const order = all.get(own.start);
    expect([order?.['name'], Number(order?.['crates'])]).toEqual([name, crates]);
    const number = sources[`/orders/${at}/crates`]!;
    expect([text.slice(number.start, number.end), number.start - own.end]).toEqual([
      String(crates),
      '› ordered '.length,
    ]);
  }
  await expectBooksToAgree(weir, upstream, 'extract');
});

test.each([
  ['put a line’s end in place of a space', 'Signed by Ann\nLee in May.', 'Ann Lee'],
  ['put one space in place of two', 'Signed by Ann  Lee in May.', 'Ann Lee'],
  ['put a plain space in place of one that does not break', 'Signed by Ann\u00a0Lee in May.', 'Ann Lee'],
  ['put spaces around', 'Signed: (Ann Lee)', ' Ann Lee '],
  ['wrote in capitals', 'Signed by Ann Lee in May.', 'ANN LEE'],
  ['composed', 'Signed by Jose\u0301 in May.', 'José'],
  ['made up', 'Signed by Ann Lee in May.', 'Bob'],
  ['took for a word, and which is a part of another', 'Signed by Annabel in May.', 'Ann'],
  ['left without its mark', 'Signed by Jose\u0301 in May.', 'Jose'],
])('a value that the model %s has no source rather than a wrong one', async (_, text, name) => {
  upstream.otherwise(answer({ json: { value: { name } } }));
  const named = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
  const { status, body } = await weir.post('extract', { text, schema: named }, uncached);
  expect([status, body]).toEqual([200, { value: { name }, sources: {} }]);
});

test('a value of one piece has its source there, though other pieces say the same', async () => {
  const filler = 'The river rose in the night. '.repeat(1_000);
  const text = [filler, `Ann wrote first. ${filler}`, `Signed by Ann. ${filler}`, `Ann is back. ${filler}`].join(
    '\n\n',
  );
  const signed = (piece: string) => (piece.includes('Signed by') ? 'Ann' : null);
  upstream.otherwise(choose((request) => answer({ json: { value: { name: signed(pieceOf(request)) } } })));
  const named = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
  const { body } = await weir.post('extract', { text, schema: named });
  const start = text.indexOf('Signed by Ann') + 'Signed by '.length;
  expect(body).toEqual({ value: { name: 'Ann' }, sources: { '/name': { start, end: start + 3 } } });
});

test('a text of characters that are pairs, without any border, is sent in whole characters', async () => {
  const before = upstream.requests.length;
  upstream.otherwise(answer({ json: { value: { orders: [] } } }));
  const { status } = await weir.post('extract', { text: `aaaa${'𝐀'.repeat(20_000)}`, schema });
  const pieces = upstream.requests.slice(before).map(pieceOf);
  expect([status, pieces.length > 2, pieces.every((piece) => piece.isWellFormed())]).toEqual([200, true, true]);
});

test('values that are repeated have each its own place, in the order of the list', async () => {
  const text = '😀 Ann 5, Ann 5, Ann 6, Bob 5, Ann 5';
  const orders = ordersOf(['Ann', 5], ['Ann', 5], ['Ann', 6], ['Bob', 5], ['Ann', 5]);
  upstream.otherwise(answer({ json: { value: { orders } } }));
  const { body } = await weir.post('extract', { text, schema });
  const sources = body['sources'] as Sources;
  for (const [at, { index, 0: found }] of [...text.matchAll(/\w+ \d/g)].entries()) {
    const end = index + found.length;
    expect(sources[`/orders/${at}/name`]).toEqual({ start: index, end: end - 2 });
    expect(sources[`/orders/${at}/crates`]).toEqual({ start: end - 1, end });
  }
  expect(Object.keys(sources)).toHaveLength(2 * orders.length);
});

function ordersOf(...orders: readonly (readonly [name: string, crates: number])[]): Order[] {
  return orders.map(([name, crates]) => ({ name, crates }));
}
