import { expect, test } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir } from '#test/support/weir.ts';
import { hear } from '../streaming/ways.ts';
import { CHAT_PROMPTS } from './chat-prompts.ts';
import { assistant, chatPrices, isRouting, MODELS, routesBy, user } from './chat-upstream.ts';

const sizes = new Map(CHAT_PROMPTS.map(([size, prompt]) => [prompt, size]));

test('C6 of ten conversations that begin alike at once, in two environments, one is routed, and all pay for it once', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  const gate = new Gate();
  upstream.otherwise(choose((request) => (isRouting(request) ? answer({ json: { size: 'large' }, gate }) : answer())));
  // Who waits in another environment looks again by the clock.
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock: systemClock });
  const environments = [weir, weir.newEnvironment()];
  const asked = Array.from({ length: 10 }, (_, at) =>
    environments[at % 2]!.post('chat', { messages: [user('Hello.'), assistant(`Hello ${at}.`), user('And then?')] }),
  );
  await gate.reached();
  gate.open();
  for (const { status, body } of await Promise.all(asked)) expect([status, body['size']]).toEqual([200, 'large']);
  expect(upstream.requests.map(isRouting).filter(Boolean)).toHaveLength(1);

  const entries = await weir.ledger();
  const routed = entries.filter(({ attempts }) => attempts.some(({ modelAsked }) => modelAsked === MODELS.small));
  expect([entries.length, routed.length]).toEqual([10, 1]);
  const [routing] = routed[0]!.attempts;
  const saved = entries.filter((entry) => entry !== routed[0]).map(({ savedPico }) => savedPico);
  expect(saved).toEqual(Array.from({ length: 9 }, () => routing!.costPico));
  await expectBooksToAgree(weir, upstream, 'chat');
});

test('L13 40 conversations that go on in another environment, as a stream, are none of them routed again', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(({ user: prompt }) => sizes.get(prompt)!));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const other = weir.newEnvironment();
  for (const [size, prompt] of CHAT_PROMPTS) {
    const first = await weir.post('chat', { messages: [user(prompt)] });
    await weir.clock.advance(80_000);
    const messages = [user(prompt), first.body['message'], user('And then?')];
    const { receipt } = await hear(await other.stream('chat', { messages, stream: true }));
    expect([prompt, receipt?.['output']]).toMatchObject([prompt, { size, chosenBy: 'router' }]);
    const [routed, kept] = (await weir.ledger()).slice(-2);
    expect(kept!.attempts.map(({ modelAsked }) => modelAsked)).toEqual([MODELS[size]]);
    expect(kept!.savedPico).toBe(routed!.attempts[0]!.costPico);
    await weir.clock.advance(1_000);
  }
  expect(upstream.requests.filter(isRouting)).toHaveLength(40);
  await expectBooksToAgree(weir, upstream, 'chat');
});

test('a conversation is routed anew when an hour is over, for each caller once', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(() => 'medium'));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const routings = async (caller: string) => {
    const before = upstream.requests.filter(isRouting).length;
    for (const environment of [weir, weir.newEnvironment()]) {
      expect((await environment.post('chat', { messages: [user('Hello.')] }, { caller })).status).toBe(200);
    }
    return upstream.requests.filter(isRouting).length - before;
  };
  expect([await routings('ada'), await routings('bob'), await routings('ada')]).toEqual([1, 1, 0]);
  await weir.clock.advance(3_599_999);
  expect([await routings('ada'), await routings('bob')]).toEqual([0, 0]);
  await weir.clock.advance(1);
  expect([await routings('ada'), await routings('bob'), await routings('ada')]).toEqual([1, 1, 0]);
});

test('a routing that failed is none: the next call is routed', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.script(serverError(), serverError());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect((await weir.post('chat', { messages: [user('Hello.')] })).status).toBe(502);
  expect((await weir.post('chat', { messages: [user('Hello.')] })).status).toBe(200);
  expect(upstream.requests.map(isRouting)).toEqual([true, true, true, false]);
});

test.each(['no-cache', 'no-store', 'max-age=0'])('C10 who says %s has a conversation routed anew', async (wish) => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(() => 'medium'));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('chat', { messages: [user('Hello.')] });
  await weir.clock.advance(1_000);
  await weir.post('chat', { messages: [user('Hello.')] }, { headers: { 'cache-control': wish } });
  expect(upstream.requests.map(isRouting)).toEqual([true, false, true, false]);
});
