import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readInventory } from '#infra/inventory.ts';
import { routedEntries } from '#infra/routes.ts';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import { CANARY, inPercents, traceIn } from '#test/support/canary.ts';
import { awsError, dropAnswer, dropRequest, type FaultRule } from '#test/support/fault-proxy.ts';
import { badRequest, rateLimited, serverError } from '#test/support/scripted-failures.ts';
import { answer, choose, htmlWith200, refusal, reset } from '#test/support/scripted-steps.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { storedTexts } from '#test/support/stored-texts.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import type { WeirEnvironment } from '#test/support/weir-environment.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

/**
 * D1: one secret in every field of every route and every event, while each step fails in turn. It is then looked for in all logs
 * and metrics, in every table and queue that may not hold it, and in every refusal, whole and in fragments, and encoded.
 */
const routed = routedEntries(await readInventory());
const endpoints = routed.filter(({ spec }) => spec.kind === 'endpoint');

/** An input with the canary in one place. */
interface Dose {
  readonly place: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The secret in the place of each value, at the end of each text, as the name of a member, and in the headers that Weir reads. */
function dosesOf(example: unknown): Dose[] {
  const doses: Dose[] = [];
  const walk = (value: unknown, place: string, put: (replaced: unknown) => unknown) => {
    doses.push({ place, body: put(CANARY) });
    if (typeof value === 'string') doses.push({ place: `${place}, within`, body: put(`${value} ${CANARY} and so on`) });
    if (value === null || typeof value !== 'object') return;
    doses.push({
      place: `${place}, a name`,
      body: put(Array.isArray(value) ? [...(value as unknown[]), { [CANARY]: 1 }] : { ...value, [CANARY]: CANARY }),
    });
    for (const [name, member] of Object.entries(value)) {
      const into = (replaced: unknown) =>
        put(Array.isArray(value) ? value.with(Number(name), replaced) : { ...value, [name]: replaced });
      walk(member, `${place}.${name}`, into);
    }
  };
  walk(example, 'body', (replaced) => replaced);
  const headers = [
    'idempotency-key',
    'x-weir-timeout-ms',
    'cache-control',
    'x-weir-cache',
    'openai-organization',
    'x-request-id',
  ];
  return [
    ...doses,
    ...headers.map((name) => ({ place: `header ${name}`, body: example, headers: { [name]: CANARY } })),
  ];
}

/** What fails, or is said, at each step. */
const upstreamSteps: Readonly<Record<string, Step>> = {
  'all is well': answer({ text: '{"sentences": "fine"}' }),
  'the model repeats all that it is told': choose(({ body }) => answer({ text: `You said ${JSON.stringify(body)}` })),
  'the model declines': refusal('Not with that.'),
  'a 400 that quotes it': badRequest({ message: `Invalid value: '${CANARY}'` }),
  'a 429 that quotes it': rateLimited({ message: `slow down, ${CANARY}`, retryAfterMs: 60_000 }),
  'a 500 that quotes it': serverError({ message: CANARY }),
  'a page of a proxy': htmlWith200(),
  'a cut line': reset(),
};
const tableFaults: Readonly<Record<string, FaultRule['fault']>> = {
  'requests are lost': dropRequest,
  'answers are lost': dropAnswer,
  'it refuses': awsError('ValidationException', { message: `One or more values: ${CANARY}` }),
};

/** What may never hold a trace: lines, and tables and queues where the endpoint masks. */
async function expectNoTrace(weir: Weir, isMasking: boolean, where: string): Promise<void> {
  expect([where, weir.lines.find((line) => traceIn(line) !== undefined)]).toEqual([where, undefined]);
  const stored = isMasking ? await storedTexts(weir) : await storedTexts(weir, ['ledger', 'budgets', 'callers']);
  expect([where, stored.filter((text) => traceIn(text) !== undefined)]).toEqual([where, []]);
  const letters = await weir.queues.deadLetters();
  const told = isMasking ? letters : letters.map(({ reason }) => reason);
  expect([where, traceIn(JSON.stringify(told))]).toEqual([where, undefined]);
}

async function start(): Promise<{ upstream: ScriptedUpstream; weir: Weir } & AsyncDisposable> {
  const upstream = await startScriptedUpstream({ prices: tieredPrices });
  const weir = await startWeir({ baseUrl: upstream.baseUrl });
  const stop = async () => {
    await weir[Symbol.asyncDispose]();
    // What the upstream was told to say twice, or never, is not what this is about.
    await upstream.stop().catch(() => undefined);
  };
  return { upstream, weir, [Symbol.asyncDispose]: stop };
}

/** Sends a dose, and looks at what comes back. */
async function send(environment: WeirEnvironment, name: string, dose: Dose, redact: RedactPolicy): Promise<void> {
  const reply = await environment.post(name, dose.body, { headers: dose.headers ?? {}, policy: { redact } });
  const where = `${name}, ${dose.place}, ${redact}: ${reply.status}`;
  // What the caller said may come back to the caller in an answer; in a refusal it has no business, nor where it is masked for good.
  if (reply.status >= 400 || redact === 'mask') expect([where, traceIn(reply.raw)]).toEqual([where, undefined]);
  expect([where, traceIn(JSON.stringify(reply.headers))]).toEqual([where, undefined]);
}

describe.each(endpoints.map((entry) => [entry.name, entry] as const))('%s', (name, { spec }) => {
  const doses = spec.kind === 'endpoint' ? dosesOf(spec.example) : [];

  test.each(['off', 'mask', 'reversible', 'block'] as const)(
    'D1 %s: the secret in each field, and each answer of the upstream',
    async (redact) => {
      await using here = await start();
      const steps = Object.entries(upstreamSteps);
      for (const [at, [what, step]] of steps.entries()) {
        here.upstream.otherwise(step);
        // What is masked is the same whatever comes of it: there, fields and answers take turns.
        const due = doses.filter((_, index) => redact === 'off' || at < 2 || index % steps.length === at);
        const environment = here.weir.newEnvironment();
        for (const dose of due) await send(environment, name, dose, redact);
        await expectNoTrace(here.weir, redact !== 'off', `${name}, ${redact}, ${what}`);
      }
    },
  );

  test('D1 each request to the tables fails in turn', async () => {
    await using here = await start();
    const within = doses.filter(({ place }) => place.endsWith('within'));
    for (const [what, fault] of Object.entries(tableFaults)) {
      for (const [at, redact] of [1, 2, 3, 4, 5, 6].flatMap((nth) => [[nth, 'off'] as const, [nth, 'mask'] as const])) {
        here.weir.dynamoDb.rules.splice(0, Infinity, { nth: at, fault });
        await send(here.weir.newEnvironment(), name, within[at % within.length]!, redact);
      }
      here.weir.dynamoDb.rules.splice(0);
      await expectNoTrace(here.weir, false, `${name}, ${what}`);
    }
  });

  test('D1 on its queue: the secret in each field of a message, at its last receive', async () => {
    if (spec.kind !== 'endpoint' || !spec.hasQueue) return;
    await using here = await start();
    const message = { id: 'one', input: spec.example, replyTo: `${name}-results`, idempotencyKey: 'key' };
    const messages = [
      ...doses.map(({ body: input }) => Object.assign({}, message, { input })),
      ...dosesOf(message).map(({ body }) => body),
    ];
    const steps = Object.values(upstreamSteps);
    for (const [at, step] of steps.entries()) {
      here.upstream.otherwise(step);
      const due = messages.filter((_, index) => index % steps.length === at);
      await here.weir.newEnvironment().sqs(name, due as object[], { receives: 3 });
    }
    const isMasking = spec.redact !== 'off';
    await expectNoTrace(here.weir, isMasking, `the queue of ${name}`);
    const results = await here.weir.queues.results(name);
    expect(results.length).toBeGreaterThan(messages.length / 2);
    const looked = isMasking ? results : results.filter(({ ok }) => ok !== true);
    // The sender's own id comes back as it was: by it the result is known.
    const told = looked.map(({ id: _own, ...result }) => JSON.stringify(result));
    expect([name, told.filter((result) => traceIn(result) !== undefined)]).toEqual([name, []]);
  });
});

test('D1 on every other route: the secret in each parameter and in the body', async () => {
  await using here = await start();
  const roles = ['administrator', 'finance'] as const;
  for (const { name, spec } of routed) {
    if (spec.kind !== 'route') continue;
    const names = Object.keys(z.toJSONSchema(spec.query, { io: 'input' }).properties ?? {});
    const params = { scope: CANARY, asset: CANARY, id: CANARY, keyId: CANARY };
    const queries = names.map((parameter) => ({ [parameter]: CANARY }));
    for (const query of [{}, { [CANARY]: CANARY }, ...queries]) {
      const options = { roles, params };
      const body = { window: CANARY, limitUsd: CANARY, [CANARY]: CANARY };
      const reply =
        spec.method === 'GET' ? await here.weir.get(name, query, options) : await here.weir.put(name, body, options);
      expect([name, reply.status, traceIn(reply.raw)]).toEqual([name, reply.status, undefined]);
    }
  }
  await expectNoTrace(here.weir, true, 'other routes');
});

test('D1 an audit line holds no secret that an administrator has typed for a name', async () => {
  await using here = await start();
  const body = { id: 'shop', name: CANARY, owner: `of ${CANARY}`, endpoints: ['summarize'] };
  const made = await here.weir.post('security/create-caller', body, { roles: ['administrator'] });
  expect(made.status).toBe(201);
  const trail = await here.weir.get('security/read-audit', {}, { roles: ['administrator'] });
  expect(trail.raw).toContain('caller.create');
  expect(traceIn(trail.raw)).toBeUndefined();
  const stored = await storedTexts(here.weir, ['audit', 'ledger', 'budgets']);
  expect(stored.filter((text) => traceIn(text) !== undefined)).toEqual([]);
});

test('the canary is found wherever it may hide, or this file proves nothing', () => {
  for (const text of [CANARY, `x${CANARY.slice(0, 21)}y`, CANARY.slice(-21), inPercents(CANARY)])
    expect(traceIn(text)).toBeDefined();
  for (const before of ['', 'a', 'ab']) expect(traceIn(btoa(`${before}${CANARY} and more`))).toBeDefined();
  expect(traceIn(CANARY.slice(0, 12))).toBeUndefined();
});
