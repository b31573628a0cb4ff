import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fromAttributes, type AttributeValue, type Stored, type StoredItem } from '#platform/aws/attributes.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const BODY = { text: 'A weir is a low wall across a river.' };
/** The end of the cache table's name, as it stands in a request. */
const CACHE_TABLE = '-cache"';

/** The item that a call put into the cache, with its body inflated by nobody. */
function storedItem(weir: Weir, at = -1): StoredItem {
  const puts = weir.dynamoDb.requests.filter(
    ({ operation, body }) => operation === 'PutItem' && body.includes(CACHE_TABLE),
  );
  const { Item: item } = JSON.parse(puts.at(at)?.body ?? '') as { Item: Record<string, AttributeValue> };
  return fromAttributes(item);
}

/** An item with another body, whose digest is right all the same. */
function withBody(item: StoredItem, body: Buffer): StoredItem {
  const digest = createHash('sha256')
    .update(item['pk'] as string)
    .update(body)
    .digest('base64url');
  return { ...item, body, digest };
}

const answerOf = (value: unknown) => deflateRawSync(JSON.stringify(value));
const without = (item: StoredItem, name: string): StoredItem =>
  Object.fromEntries(Object.entries(item).filter(([other]) => other !== name)) as Record<string, Stored>;

const poisons: readonly (readonly [string, (item: StoredItem) => StoredItem])[] = [
  ['a digest that is not its body’s', (item) => ({ ...item, digest: 'x'.repeat(43) })],
  ['a body that is not its digest’s', (item) => ({ ...item, body: answerOf({ events: [], modelServed: 'x' }) })],
  ['a body changed by one bit', (item) => ({ ...item, body: flipped(item['body'] as Buffer) })],
  ['another form', (item) => ({ ...item, form: 99n })],
  ['no form', (item) => without(item, 'form')],
  ['no body', (item) => without(item, 'body')],
  ['no digest', (item) => without(item, 'digest')],
  ['no expiry', (item) => without(item, 'expiresAt')],
  ['no date', (item) => without(item, 'storedAtMs')],
  ['no cost', (item) => without(item, 'costPico')],
  ['a body that is text', (item) => ({ ...item, body: 'not bytes' })],
  ['a body that does not inflate', (item) => withBody(item, Buffer.from('not deflated'))],
  ['a body that inflates to no JSON', (item) => withBody(item, deflateRawSync('{"events":['))],
  ['a body that inflates to another document', (item) => withBody(item, answerOf({ hello: 'world' }))],
  ['a body that inflates to null', (item) => withBody(item, answerOf(null))],
  ['events that are no list', (item) => withBody(item, answerOf({ events: 'text', modelServed: 'gpt-6-luna' }))],
  ['no model', (item) => withBody(item, answerOf({ events: [{ type: 'finish', reason: 'stop' }] }))],
  [
    'an answer that was cut',
    (item) => withBody(item, answerOf({ events: [{ type: 'text', text: 'Half' }], modelServed: 'gpt-6-luna' })),
  ],
  ['a body that inflates without end', (item) => withBody(item, deflateRawSync(Buffer.alloc(64 * 1024 * 1024)))],
];

test.each(poisons)('C8 a cached item with %s is a miss', async (_, poison) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const first = await weir.post('summarize', BODY);
  await weir.platform.dynamo.put(weir.platform.config.tables.cache, poison(storedItem(weir)));
  const reply = await weir.post('summarize', BODY);
  expect([reply.status, reply.headers['x-weir-cache'], reply.body]).toEqual([200, 'miss', first.body]);
  // It was replaced by a sound one.
  expect((await weir.post('summarize', BODY)).headers['x-weir-cache']).toBe('hit');
});

test('C8 an item under the key of another is a miss: one caller cannot be given the answer of the next', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ text: 'For Ada.' }), answer({ text: 'For Bob.' }), answer({ text: 'For Bob, again.' }));
  await weir.post('summarize', BODY, { caller: 'ada' });
  const adas = storedItem(weir);
  await weir.post('summarize', BODY, { caller: 'bob' });
  const bobs = storedItem(weir);
  await weir.platform.dynamo.put(weir.platform.config.tables.cache, { ...adas, pk: bobs['pk'] });
  const reply = await weir.post('summarize', BODY, { caller: 'bob' });
  expect([reply.headers['x-weir-cache'], reply.body['summary']]).toEqual(['miss', 'For Bob, again.']);
});

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  changed[5] = (changed[5] ?? 0) ^ 1;
  return changed;
}
