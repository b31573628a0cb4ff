import { expect, test } from 'vitest';
import type { ScopeName } from '#budgets/budget.ts';
import type { PartState } from '#budgets/part.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { awsError, dropAnswer, dropRequest, type Fault, type ProxiedRequest } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer, choose, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

/** What the caller gets, and how often the upstream was asked before. */
type Outcome = readonly [status: number, code: string | undefined, asked: number];

const ANSWER = answer({ usage: { inputTokens: 20, outputTokens: 10 } });

const ANSWERED: Outcome = [200, undefined, 2];
const CLOSED: Outcome = [503, 'budget_unavailable', 0];
const CLOSED_AT_TOP_UP: Outcome = [503, 'budget_unavailable', 1];

/**
 * Every request of a miss on a cached endpoint, of a caller with a budget, in a window that nobody has opened: the first attempt
 * is billed and lost, so that the second needs a top-up. What comes of it when that request fails, however it fails: before
 * anything was sent the call is refused (L4), a cache is done without (C7), and an answer that was paid for is given.
 */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'cache read': ANSWERED,
  'cache lead': ANSWERED,
  'settings of the endpoint': CLOSED,
  'settings of the caller': CLOSED,
  'settings of the account': CLOSED,
  'directory of the endpoint': CLOSED,
  'directory of the caller': CLOSED,
  'read of the endpoint': CLOSED,
  'read of the caller': CLOSED,
  'open of the endpoint': CLOSED,
  'open of the caller': CLOSED,
  'reserve of the endpoint': CLOSED,
  'reserve of the caller': CLOSED,
  'top-up of the endpoint': CLOSED_AT_TOP_UP,
  'top-up of the caller': CLOSED_AT_TOP_UP,
  'ledger entry': ANSWERED,
  'ledger announcement': ANSWERED,
  'settlement of the endpoint': ANSWERED,
  'settlement of the caller': ANSWERED,
  'cache write': ANSWERED,
};

/** What was opened unheard is there in the next round. */
const OUTCOMES_UNHEARD = { ...OUTCOMES, 'open of the endpoint': ANSWERED, 'open of the caller': ANSWERED };

/** Without the database there is more to fail than the request itself. */
const OUTCOMES_WHEN_GONE = { ...OUTCOMES, 'cache read': CLOSED, 'cache lead': CLOSED };

/** Names a request by what it is for. */
function kindOf({ operation, body }: ProxiedRequest): string {
  const {
    TableName,
    Key,
    Item,
    UpdateExpression = '',
  } = JSON.parse(body) as {
    readonly TableName: string;
    readonly Key?: { readonly pk: { readonly S: string } };
    readonly Item?: { readonly pk: { readonly S: string }; readonly body?: unknown };
    readonly UpdateExpression?: string;
  };
  const pk = (Key ?? Item)!.pk.S;
  if (TableName.endsWith('-cache')) return `cache ${operation === 'GetItem' ? 'read' : Item?.body ? 'write' : 'lead'}`;
  if (TableName.endsWith('-ledger')) return `ledger ${pk.startsWith('endpoints#') ? 'announcement' : 'entry'}`;
  const owner = /caller:/.test(body) && !/endpoint:/.test(body) ? 'caller' : 'endpoint';
  if (pk.startsWith('settings#')) return `settings of the ${/^settings#(\w+)/.exec(pk)?.[1]}`;
  if (pk.startsWith('open#')) return `directory of the ${owner}`;
  const whose = `of the ${pk.startsWith('caller:') ? 'caller' : 'endpoint'}`;
  if (operation === 'GetItem') return `read ${whose}`;
  if (operation === 'PutItem') return `open ${whose}`;
  if (UpdateExpression.includes(':max')) return `reserve ${whose}`;
  if (UpdateExpression.includes(':more')) return `top-up ${whose}`;
  return `${UpdateExpression.includes(':heldMinusActual') ? 'settlement' : UpdateExpression} ${whose}`;
}

/** A Weir with a caller of its own for each kind of request, and a way to make the call that is described above. */
async function callersOf(weir: Weir, upstream: ScriptedUpstream, kinds: readonly string[]) {
  const nameOf = (kind: string) => kind.replaceAll(' ', '-');
  for (const kind of kinds) {
    // The settings alone: whoever sets a limit as an administrator does opens the window too.
    const settings = { limitsPico: { month: 5_000_000_000_000n }, revision: 0 };
    expect(await weir.budgetStores.settings.replace(`caller:${nameOf(kind)}`, settings)).toBe(true);
  }
  const deterministic = { ttlSeconds: 3600 };
  const endpoints = kinds.map((kind) => [
    nameOf(kind),
    haiku({ deterministic, budget: { monthlyUsd: '5', shards: 2 } }),
  ]);
  const environment = serving(weir, Object.fromEntries(endpoints));
  /** @param losses attempts that are billed and lost before one is answered */
  return async (kind: string, topic: string, losses: number): Promise<Outcome> => {
    const askedBefore = upstream.requests.length;
    let lost = 0;
    upstream.otherwise(choose(() => (lost++ < losses ? resetAfterBilling() : ANSWER)));
    const { status, body } = await environment.post(nameOf(kind), { topic }, { caller: nameOf(kind) });
    return [status, body['code'] as string | undefined, upstream.requests.length - askedBefore];
  };
}

test('every request of a call has its row: none is added without saying what its failure means', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const call = await callersOf(weir, upstream, ['any']);
  weir.dynamoDb.reset();
  expect(await call('any', 'rain', 1)).toEqual(ANSWERED);
  expect([...new Set(weir.dynamoDb.requests.map(kindOf))].sort()).toEqual(Object.keys(OUTCOMES).sort());
});

/** Faults that need the test's hand: what is to be done when the call is over. */
interface Prepared {
  readonly fault: Fault;
  readonly heal?: () => Promise<void>;
}

const always = (fault: Fault) => (): Prepared => ({ fault });

/** The client gives the request up, and it is done when the call is over. */
function slow(): Prepared {
  const landing: (() => Promise<unknown>)[] = [];
  return {
    fault(exchange) {
      exchange.cut();
      landing.push(() => exchange.forward());
    },
    async heal() {
      for (const land of landing) await land();
    },
  };
}

/** From this request on there is no DynamoDB. */
function gone({ dynamoDb }: Weir): Prepared {
  let going: Promise<void> | undefined;
  return {
    fault(exchange) {
      exchange.cut();
      going ??= dynamoDb.gone();
    },
    async heal() {
      await going;
      await dynamoDb.listen();
    },
  };
}

test.each<readonly [string, (weir: Weir) => Prepared, typeof OUTCOMES]>([
  ['throttled', always(awsError('ProvisionedThroughputExceededException')), OUTCOMES],
  ['failing inside', always(awsError('InternalServerError', { status: 500 })), OUTCOMES],
  ['not reached', always(dropRequest), OUTCOMES],
  ['not heard of', always(dropAnswer), OUTCOMES_UNHEARD],
  ['too slow', slow, OUTCOMES],
  ['gone', gone, OUTCOMES_WHEN_GONE],
])(
  'L4 C7 DynamoDB is %s, at each request of a call: the reply that belongs to it, and nothing is lost',
  async (_, prepare, outcomes) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const kinds = Object.keys(outcomes);
    const call = await callersOf(weir, upstream, kinds);
    const billed = new Map<string, bigint>();
    for (const kind of kinds) {
      const beforePico = upstream.bill.totalPico;
      const { fault, heal } = prepare(weir);
      weir.dynamoDb.reset();
      const pass: Fault = async (exchange) => exchange.reply(await exchange.forward());
      weir.dynamoDb.rules.push({
        fault: (exchange) => (kindOf(exchange.request) === kind ? fault(exchange) : pass(exchange)),
      });
      expect([kind, ...(await call(kind, 'rain', 1))]).toEqual([kind, ...outcomes[kind]!]);
      weir.dynamoDb.reset();
      await heal?.();
      // It has passed.
      expect([kind, ...(await call(kind, 'snow', 0))]).toEqual([kind, 200, undefined, 1]);
      billed.set(kind.replaceAll(' ', '-'), upstream.bill.totalPico - beforePico);
    }

    await weir.clock.advance(3_600_000);
    expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ failed: 0 });
    expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({
      settled: 0,
      writtenOff: 0,
      voided: 0,
      failed: 0,
    });
    const entries = await weir.ledger();
    for (const [name, pico] of billed) await expectNothingLost(weir, name, pico, entries);
  },
  60_000,
);

/** The ledger has what was billed, or more by what nobody could confirm; both budgets have spent the ledger's sum, and hold nothing. */
async function expectNothingLost(weir: Weir, name: string, billedPico: bigint, entries: readonly LedgerEntry[]) {
  const own = entries.filter(({ endpoint }) => endpoint === name);
  const costPico = own.reduce((sum, entry) => sum + entry.costPico, 0n);
  const surePico = costPico - own.reduce((sum, entry) => sum + entry.unknownPico, 0n);
  expect([name, costPico >= billedPico, surePico <= billedPico]).toEqual([name, true, true]);
  for (const scope of [`endpoint:${name}`, `caller:${name}`] satisfies ScopeName[]) {
    const state = await weir.budgetStores.book.read(`${scope}#2026-11`);
    const shards: readonly PartState[] = (state?.shards ?? []).map(expectBalanced);
    const spentPico = shards.reduce((sum, shard) => sum + shard.spentPico, 0n);
    expect([scope, spentPico]).toEqual([scope, costPico]);
    for (const { key, holds } of shards) expect([key, ...holds.keys()]).toEqual([key]);
  }
}
