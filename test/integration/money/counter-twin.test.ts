import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { createPartStore, type PartStore } from '#budgets/part-store.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { FatedParts } from '#test/support/fated-parts.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

/** Few values, so that conditions meet often. */
const amount = fc.constantFrom<bigint>(0n, 5n, 20n);
const signed = fc.bigInt({ min: -10n, max: 10n });
const call = fc.nat(2);
const shard = fc.nat(2);
const revision = fc.nat(3);
/** Whether a request is made by what stands, or by something older. */
const knows = fc.boolean();

/** A request of any kind, to one of three counters: a head and two shards, which may not be open. */
const request = fc.oneof(
  fc.record({ kind: fc.constant('open'), shard, pico: amount, frozen: fc.option(revision, { nil: undefined }) }),
  fc.record({ kind: fc.constant('reserve'), shard, call, pico: amount }),
  fc.record({ kind: fc.constant('topUp'), shard, call, knows, pico: amount, next: amount }),
  fc.record({ kind: fc.constant('settle'), shard, call, knows, pico: amount, actual: amount }),
  fc.record({ kind: fc.constant('freeze'), shard, revision }),
  fc.record({ kind: fc.constant('takeRevision'), shard, revision, source: revision, freezes: fc.boolean() }),
  fc.record({ kind: fc.constant('share'), shard, knows, revision, delta: signed, staysFrozen: fc.boolean() }),
  fc.record({ kind: fc.constant('adjust'), shard, call, delta: signed }),
  fc.record({ kind: fc.constant('renew'), shard, call }),
  fc.record({ kind: fc.constant('clear'), shard, call }),
  fc.record({ kind: fc.constant('noteRefusal') }),
  fc.record({ kind: fc.constant('noteNotice'), percent: fc.constantFrom(50, 80, 100) }),
  fc.record({
    kind: fc.constant('forgetNotice'),
    percent: fc.constantFrom(50, 80, 100),
    before: fc.constantFrom(0, 50),
  }),
);
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

/** The same request to either store; what it is worth depends on nothing but what stands there. */
async function send(store: PartStore, budget: { readonly key: string }, asked: Request): Promise<unknown> {
  const key = partKey(budget, 'shard' in asked ? asked.shard : 0);
  const pieceOf = (of: number, pico: bigint) => ({ part: key, id: `expiry.call${of}.0`, value: `${pico}|summarize` });
  const markOf = (of: number) => ({ part: key, id: `~call${of}`, value: '0|made' });
  switch (asked.kind) {
    case 'open': {
      const { pico, frozen } = asked;
      const head = { totalPico: pico, shards: 1, source: 1 };
      const fresh = { key, limitPico: pico, availablePico: pico, spentPico: 0n, holds: new Map<string, string>() };
      return store.open({ ...fresh, ...(asked.shard === 0 ? { head } : frozen !== undefined && { frozen }) });
    }
    case 'reserve':
      return store.reserve(pieceOf(asked.call, asked.pico));
    case 'topUp':
    case 'settle': {
      const guess = pieceOf(asked.call, asked.pico);
      const value = (asked.knows && (await store.read(key))?.holds.get(guess.id)) || guess.value;
      if (asked.kind === 'settle') return store.settle({ ...guess, value }, asked.actual);
      return store.topUp({ ...guess, value }, pieceOf(asked.call, asked.next).value);
    }
    case 'freeze':
      return store.freeze(key, asked.revision);
    case 'takeRevision':
      return store.takeRevision(key, { ...asked, most: 3 });
    case 'share': {
      const standing = await store.read(key);
      const oldPico = asked.knows && standing ? standing.limitPico : 1n;
      const change = (asked.knows ? (standing?.head?.revision ?? standing?.frozen) : undefined) ?? asked.revision;
      const whole = asked.shard === 0 && { whole: { totalPico: oldPico, shards: 2 } };
      const { delta, staysFrozen } = asked;
      return store.share(key, { oldPico, newPico: oldPico + delta, revision: change, staysFrozen, ...whole });
    }
    case 'adjust':
      return store.adjust(markOf(asked.call), asked.delta);
    case 'renew':
      return store.renew({ ...markOf(asked.call), value: '0|anew' });
    case 'clear':
      return store.clear(markOf(asked.call));
    case 'noteRefusal':
      return store.noteRefusal(key);
    case 'noteNotice':
      return store.noteNotice(key, asked.percent);
    case 'forgetNotice':
      return store.forgetNotice(key, asked.percent, asked.before);
  }
}

test(
  'the counters in memory, on which other tests stand, answer and stand as those in DynamoDB, whatever is asked',
  { timeout: 60_000 },
  async () => {
    const endpoint = await sharedDynamoDb();
    const prefix = `twins-${randomUUID()}`;
    await createTables(endpoint, prefix);
    const real = createPartStore(patientDynamoDb(endpoint), localTableName('budgets', prefix));
    const inMemory = new FatedParts();
    let budgets = 0;
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 10, maxLength: 40 }), async (requests) => {
        const budget = { key: `account#twin-${budgets++}` };
        for (const asked of [{ kind: 'open', shard: 0, pico: 60n, frozen: undefined } as const, ...requests]) {
          const answer = await send(real, budget, asked);
          expect(await send(inMemory, budget, asked), asked.kind).toEqual(answer);
          const outcome = `${asked.kind} ${answer === false || answer === undefined || answer === 'refused' ? 'no' : 'yes'}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
        for (const at of [0, 1, 2]) {
          const standing = await real.read(partKey(budget, at));
          expect(await inMemory.read(partKey(budget, at))).toEqual(standing);
          if (standing) expectBalanced(standing);
        }
      }),
      { seed: 20_261_122, numRuns: 80 },
    );
    // Each kind of request was both granted and refused.
    const kinds =
      'open reserve topUp settle freeze takeRevision share adjust renew clear noteRefusal noteNotice forgetNotice';
    expect([...outcomes.keys()].sort()).toEqual(
      kinds
        .split(' ')
        .flatMap((kind) => [`${kind} no`, `${kind} yes`])
        .sort(),
    );
  },
);
