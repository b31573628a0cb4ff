import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { awsError } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const ADMINISTRATOR = { roles: ['administrator'] } as const;
const SUMMARIZE = { params: { scope: 'endpoint:summarize' }, ...ADMINISTRATOR };

test('a budget is shown with its limit, what is spent and held, and when it resets', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const untouched = await weir.get('finance/read-budget', {}, SUMMARIZE);
  expect(untouched.body).toEqual({
    scope: 'endpoint:summarize',
    window: 'month',
    limitUsd: '50',
    spentUsd: '0',
    heldUsd: '0',
    resetsAt: '2026-12-01T00:00:00.000Z',
  });
  upstream.otherwise(answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
  await weir.post('summarize', { text: 'A weir is a low wall.' });
  const spent = await weir.get('finance/read-budget', {}, SUMMARIZE);
  expect(spent.body).toMatchObject({ spentUsd: '0.000007', heldUsd: '0' });
  const listed = await weir.get('finance/list-budgets', {}, ADMINISTRATOR);
  expect(listed.body['budgets']).toContainEqual(spent.body);
});

test('a changed limit holds at once, up and down, while calls are under way; nothing is lost', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
  const gate = new Gate();
  upstream.script(answer({ gate, usage: { inputTokens: 20, outputTokens: 10 } }));
  const under = weir.post('summarize', { text: 'One.' });
  await gate.reached();

  const set = (limitUsd: string | null) => weir.put('finance/set-budget', { window: 'month', limitUsd }, SUMMARIZE);
  const lowered = await set('0.0000001');
  expect([lowered.status, lowered.body['limitUsd']]).toEqual([200, '0.0000001']);
  expect((await weir.post('summarize', { text: 'Two.' })).status).toBe(402);
  const debt = expectBalanced(await weir.budget('summarize'));
  expect(debt.availablePico).toBeLessThan(0n);

  expect((await set('0.0100')).body).toMatchObject({ limitUsd: '0.01' });
  expect((await weir.post('summarize', { text: 'Three.' })).status).toBe(200);
  gate.open();
  expect((await under).status).toBe(200);
  // What the spec says holds again.
  expect((await set(null)).body).toMatchObject({ limitUsd: '50', spentUsd: '0.000014', heldUsd: '0' });
  expectBalanced(await weir.budget('summarize'));
});

test('a first limit on a scope counts within 30 s, also in an environment that has just looked', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const scope = { params: { scope: 'caller:ada' }, ...ADMINISTRATOR };
  await weir.put('finance/set-budget', { window: 'month', limitUsd: '0' }, scope);
  await weir.clock.advance(30_000);
  const refused = await environment.post('haiku', { topic: 'snow' });
  expect([refused.status, refused.body['scope']]).toEqual([402, 'caller:ada']);
});

test('a limit that the spec names otherwise after a deployment is brought in order by the sweeper; one that was set stays', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // An earlier deployment, with another limit, opened the month.
  const earlier = serving(weir, { summarize: haiku({ budget: { monthlyUsd: '7' } }) });
  await earlier.post('summarize', { topic: 'rain' });
  expect((await weir.get('finance/read-budget', {}, SUMMARIZE)).body['limitUsd']).toBe('7');
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ changed: 1, failed: 0 });
  expect((await weir.get('finance/read-budget', {}, SUMMARIZE)).body['limitUsd']).toBe('50');
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ changed: 0, failed: 0 });

  await weir.put('finance/set-budget', { limitUsd: '9' }, SUMMARIZE);
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ changed: 0, failed: 0 });
  expect((await weir.get('finance/read-budget', {}, SUMMARIZE)).body['limitUsd']).toBe('9');
});

test('a limit set just before midnight holds in the new day, also for who has not heard of it', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 23, 59, 50));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock });
  const environment = serving(weir, { summarize: haiku({ budget: { dailyUsd: '1' } }) });
  expect((await environment.post('summarize', { topic: 'rain' })).status).toBe(200);
  await weir.put('finance/set-budget', { window: 'day', limitUsd: '0' }, SUMMARIZE);
  await clock.advance(15_000);
  const refused = await environment.post('summarize', { topic: 'snow' });
  expect([refused.status, refused.body['window'], refused.body['resetsAt']]).toEqual([
    402,
    'day',
    '2026-11-24T00:00:00.000Z',
  ]);
});

test.each([
  ['an amount that is no text', { limitUsd: 5 }, 'limitUsd must be a text, but 5 was provided'],
  ['an amount that is none', { limitUsd: '1e3' }, 'limitUsd must be decimal US dollars'],
  ['less than nothing', { limitUsd: '-1' }, 'limitUsd must be decimal US dollars'],
  ['another window', { limitUsd: '1', window: 'week' }, 'window'],
  ['too many shards', { limitUsd: '1', shards: 65 }, 'shards must be'],
  ['an unknown field', { limitUsd: '1', limit: '1' }, 'limit'],
])('%s is refused by name, and nothing is set', async (_, body, message) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.put('finance/set-budget', body, SUMMARIZE);
  expect([reply.status, reply.body['code']]).toEqual([400, 'invalid_request']);
  expect(reply.body['detail']).toContain(message);
  expect((await weir.get('finance/read-budget', {}, SUMMARIZE)).body['limitUsd']).toBe('50');
});

test.each([
  ['endpoint:nobody', 404],
  ['caller:', 400],
  ['team:red', 400],
  ['caller:ghost', 404],
  ['account', 404],
])('the budget of %s is a %i', async (scope, status) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.get('finance/read-budget', {}, { params: { scope }, ...ADMINISTRATOR });
  expect(reply.status).toBe(status);
});

test('only an administrator sees and sets budgets', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (const roles of [['caller'], ['finance']] as const) {
    const options = { params: { scope: 'account' }, roles };
    expect((await weir.get('finance/read-budget', {}, options)).status).toBe(403);
    expect((await weir.put('finance/set-budget', { limitUsd: '1' }, options)).status).toBe(403);
  }
});

test('L4 settings that cannot be read: 503, nothing goes upstream, and it passes when they can', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const rule = {
    operation: 'GetItem',
    bodyIncludes: 'settings#account',
    fault: awsError('InternalServerError', { status: 500 }),
  };
  weir.dynamoDb.rules.push(rule);
  const refused = await environment.post('haiku', { topic: 'rain' });
  expect([refused.status, refused.body['code'], upstream.requests.length]).toEqual([503, 'budget_unavailable', 0]);
  weir.dynamoDb.reset();
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  expect(heldIn(expectBalanced(await weir.budget('haiku')))).toBe(0n);
});
