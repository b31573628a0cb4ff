import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpReply } from '#edge/http-call.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { eventOf } from './events.ts';
import { fuzz, oneOf } from './fuzz.ts';
import { leaksIn, secretsIn } from './leaks.ts';
import { mutations, strangeText, strangeValue } from './strange.ts';
import { allTargets } from './targets.ts';

/** The handlers themselves, without a gateway that would have mended or refused what comes. */
const targets = await allTargets();
const queued = targets.filter(({ spec }) => spec.kind === 'endpoint' && spec.hasQueue);
const secrets = { upstream: testKey('first').slice(0, 20) };

let upstream: ScriptedUpstream;
let weir: Weir;
beforeAll(async () => {
  upstream = await startScriptedUpstream();
  upstream.otherwise(plainAnswers);
  weir = await startWeir({ baseUrl: upstream.baseUrl });
});
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await upstream.stop();
});

const members = fc.dictionary(strangeText, strangeText, { maxKeys: 4 });
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.oneof(fc.constant(null), arbitrary);

/** A body that no endpoint takes: no JSON in any encoding, or nothing. */
const noBody = maybe(
  fc.oneof(
    fc.constantFrom('', '{', 'null', '[]', '%%%'),
    strangeText.map((text) => `{${text}`),
  ),
);

const authorizer = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  maybe(
    fc.record({ callerId: strangeText, roles: fc.oneof(strangeText, fc.constantFrom('caller', 'finance,,caller')) }),
  ),
);

fuzz('no event of the gateway’s makes a handler throw, or answer a 5xx or what is no reply', {
  share: 0.1,
  given: fc.record({
    target: oneOf(targets),
    method: fc.oneof(fc.constant(undefined), strangeText),
    headers: maybe(members),
    query: maybe(members),
    parameters: fc.oneof(fc.constant(undefined), maybe(members)),
    body: noBody,
    isBase64: fc.boolean(),
    authorizer,
  }),
  async holds({ target, authorizer: said, ...facts }) {
    const before = upstream.requests.length;
    const event = eventOf(target, said, { ...facts, nowMs: weir.clock.nowMs() });
    const reply = (await weir.invoke(target.name, event)) as HttpReply;
    const where = [target.name, JSON.stringify(event).slice(0, 800), JSON.stringify(reply).slice(0, 400)];
    const { statusCode, headers, body } = reply;
    expect([...where, statusCode >= 200 && statusCode < 500]).toEqual([...where, true]);
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    expect(headers['x-request-id']).toBe('attack-1');
    if (statusCode >= 400) {
      expect(() => JSON.parse(body) as unknown).not.toThrow();
      expect([...where, leaksIn(body, secrets, JSON.stringify(event))]).toEqual([...where, []]);
    }
    expect(upstream.requests.length - before).toBe(0);
  },
});

/** A message, and whether it is one of which no endpoint may make a call. */
const message = fc.record({
  spoil: fc.constantFrom('no JSON', 'a member too many', 'no id', 'a hostile name', 'another queue'),
  change: fc.oneof(mutations(0, 0), mutations(1, 3)),
  text: strangeText,
  other: strangeValue,
});

/** A message's body, spoiled in one way. */
function spoiledBody(
  example: unknown,
  { spoil, change, text, other }: typeof message extends fc.Arbitrary<infer M> ? M : never,
): string {
  const good = { id: 'one', input: change(example) };
  if (spoil === 'no JSON') return `${JSON.stringify(good).slice(0, -1)}${text.replaceAll('}', '')}`;
  if (spoil === 'a member too many') return JSON.stringify({ ...good, [`${text} that nobody knows`]: other });
  if (spoil === 'no id') return JSON.stringify({ input: good.input });
  if (spoil === 'a hostile name')
    return `{"id":"one","__proto__":${JSON.stringify(other)},"input":${JSON.stringify(example)}}`;
  return JSON.stringify({ ...good, replyTo: `${text} of nobody` });
}

fuzz('no record of a queue makes a handler throw, or a call that is not a good one', {
  share: 0.1,
  given: fc.record({
    target: oneOf(queued),
    messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    // Seldom the last time: what is buried has to be read at the end.
    receives: fc.oneof(
      { weight: 19, arbitrary: fc.constantFrom(1, 2) },
      { weight: 1, arbitrary: fc.constantFrom(3, 1_000) },
    ),
  }),
  async holds({ target, messages, receives }) {
    const before = upstream.requests.length;
    const bodies = messages.map((one) => spoiledBody(target.body, one));
    const { failed, raw } = await weir.sqs(target.name, bodies, { receives });
    expect(Object.keys(raw)).toEqual(['batchItemFailures']);
    // At the last receive a message is buried with its reason; until then it comes again.
    const mayBeBuried = receives >= 3;
    expect([bodies, mayBeBuried || failed.length === bodies.length]).toEqual([bodies, true]);
    expect(upstream.requests.length - before).toBe(0);
  },
});

// As many letters as were buried have to be read.
test('nothing was spent, and neither logs nor queues hold a key', { timeout: 120_000 }, async () => {
  expect(await weir.ledger()).toEqual([]);
  expect(secretsIn(weir.lines.join('\n'), secrets)).toEqual([]);
  expect(weir.lines.filter((line) => line.includes('an unplanned error'))).toEqual([]);
  expect(secretsIn(JSON.stringify(await weir.queues.deadLetters()), secrets)).toEqual([]);
});
