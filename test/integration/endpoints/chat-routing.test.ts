import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { startLocalGateway } from '#test/support/local-gateway.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose, hang, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir } from '#test/support/weir.ts';
import { CHAT_PROMPTS } from './chat-prompts.ts';
import { assistant, chatPrices, isRouting, MODELS, openingIn, routesBy, system, user } from './chat-upstream.ts';

const sizes = new Map(CHAT_PROMPTS.map(([size, prompt]) => [prompt, size]));

test('L13 over 40 prompts the ledger shows each choice of the router, what it cost, and that no conversation is routed twice', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(({ user: prompt }) => sizes.get(prompt)!));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect(new Set(CHAT_PROMPTS.map(([, prompt]) => prompt)).size).toBe(40);

  for (const [size, prompt] of CHAT_PROMPTS) {
    const opening = [user(prompt)];
    const first = await weir.post('chat', { messages: opening });
    expect([prompt, first.status, first.body['size'], first.body['chosenBy']]).toEqual([prompt, 200, size, 'router']);
    await weir.clock.advance(1_000);
    const later = [...opening, first.body['message'], user('And then?')];
    const second = await weir.post('chat', { messages: later });
    expect([second.body['size'], second.body['chosenBy']]).toEqual([size, 'router']);

    const [routed, kept] = (await weir.ledger()).slice(-2);
    expect(routed!.attempts.map(({ modelAsked }) => modelAsked)).toEqual([MODELS.small, MODELS[size]]);
    expect(kept!.attempts.map(({ modelAsked }) => modelAsked)).toEqual([MODELS[size]]);
    const [routing, answering] = routed!.attempts;
    expect(routing!.costPico).toBeGreaterThan(0n);
    expect(routed!.costPico).toBe(routing!.costPico + answering!.costPico);
    expect([routed!.savedPico, kept!.savedPico]).toEqual([0n, routing!.costPico]);
    expect([routed!.model, kept!.model]).toEqual([MODELS[size], MODELS[size]]);
    await weir.clock.advance(1_000);
  }
  expect(upstream.requests).toHaveLength(120);
  expect(upstream.requests.filter(isRouting)).toHaveLength(40);
  await expectBooksToAgree(weir, upstream, 'chat');
});

test('the local server’s simulated upstream routes the same 40 prompts as a model should', async () => {
  await using gateway = await startLocalGateway({ simulated: true });
  for (const [size, prompt] of CHAT_PROMPTS) {
    const { json, headers } = await gateway.send({ path: '/v1/chat', body: { messages: [user(prompt)] } });
    expect([prompt, json['size'], headers['x-weir-model']]).toEqual([prompt, size, MODELS[size]]);
  }
});

test('a conversation is routed by its beginning: the system’s turns and the user’s first, and by nothing after them', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(({ system: told }) => (told === 'Be brief.' ? 'small' : 'large')));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const sizeOf = async (messages: object[], options = {}) =>
    (await weir.post('chat', { messages }, options)).body['size'];
  const routings = () => upstream.requests.filter(isRouting);

  const opening = [system('Be brief.'), user('What is a weir?')];
  expect(await sizeOf(opening)).toBe('small');
  expect(await sizeOf([...opening, assistant('A low wall.'), system('Be thorough.'), user('Prove it.')])).toBe('small');
  expect(await sizeOf([system('Be brief.'), assistant('Hello.'), user('What is a weir?')])).toBe('small');
  expect(routings()).toHaveLength(1);
  expect(openingIn(routings()[0]!)).toEqual({ system: 'Be brief.', user: 'What is a weir?' });
  expect(routings()[0]!.body).toMatchObject({
    max_output_tokens: 256,
    reasoning: { effort: 'low' },
    model: MODELS.small,
  });

  expect(await sizeOf([user('What is a weir?')])).toBe('large');
  expect(await sizeOf(opening, { caller: 'bob' })).toBe('small');
  expect(routings()).toHaveLength(3);

  await weir.clock.advance(3_599_000);
  await sizeOf(opening);
  expect(routings()).toHaveLength(3);
  await weir.clock.advance(1_000);
  await sizeOf(opening);
  expect(routings()).toHaveLength(4);
});

test('a long beginning is shown to the router by its head and its tail, and ends there', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(() => 'small'));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const text = `Head. ${'x'.repeat(100_000)} Tail?`;
  await weir.post('chat', { messages: [system(text), user(text)] });
  const opening = openingIn(upstream.requests.find(isRouting)!);
  for (const shown of Object.values(opening)) {
    expect(shown.length).toBeLessThan(4_010);
    expect(shown).toMatch(/^Head\. x+ … x+ Tail\?$/);
  }
});

test.each([
  ['refuses', refusal('No.')],
  ['names no size', answer({ json: { size: 'huge' } })],
  ['writes no JSON', answer({ text: 'medium' })],
  ['is cut at its limit', incomplete({ reason: 'max_output_tokens', text: '{"si' })],
])('L13 a router that %s leaves the call to the medium model, and the reply says so', async (_, step) => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(choose((request) => (isRouting(request) ? step : answer({ text: 'A low wall.' }))));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('chat', { messages: [user('What is a weir?')] });
  expect([reply.status, reply.headers['x-weir-model']]).toEqual([200, MODELS.medium]);
  expect(reply.body).toMatchObject({ size: 'medium', chosenBy: 'default', message: { content: 'A low wall.' } });
  const [entry] = await weir.ledger();
  expect(entry?.attempts.map(({ modelAsked }) => modelAsked)).toEqual([MODELS.small, MODELS.medium]);
  await expectBooksToAgree(weir, upstream, 'chat');
});

test('R4 a router that hangs is cut after 5 s, paid at its bound, and leaves the call to the medium model', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  const routings = Promise.withResolvers<void>();
  const late: Step = (exchange) => (routings.resolve(), hang({ billed: true })(exchange));
  upstream.otherwise(choose((request) => (isRouting(request) ? late : answer({ text: 'A low wall.' }))));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const asked = weir.post('chat', { messages: [user('What is a weir?')] });
  await routings.promise;
  await weir.clock.advance(4_999);
  expect(upstream.requests).toHaveLength(1);
  await weir.clock.advance(1);
  const reply = await asked;
  expect([reply.status, reply.body['size'], reply.body['chosenBy']]).toEqual([200, 'medium', 'default']);
  expect(upstream.requests.map(isRouting)).toEqual([true, false]);
  const [entry] = await weir.ledger();
  const [routing, answering] = entry!.attempts;
  expect([routing!.outcome, routing!.basis, routing!.latencyMs]).toEqual(['timeout', 'unknown', 5_000]);
  expect(routing!.costPico).toBeGreaterThan(0n);
  expect(entry!.costPico).toBe(routing!.costPico + answering!.costPico);
});

test('a size that the caller names is asked at once: nothing is routed', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (const size of ['small', 'medium', 'large'] as const) {
    const { body, headers } = await weir.post('chat', { messages: [user('Hello.')], size });
    expect(body).toMatchObject({ size, chosenBy: 'caller' });
    expect([headers['x-weir-model'], headers['x-weir-cache']]).toEqual([MODELS[size], 'bypass']);
  }
  expect(upstream.requests).toHaveLength(3);
});

test('L2 a budget that has nothing left refuses the call at its routing: 402, and nothing goes upstream', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const scope = { roles: ['administrator'], params: { scope: 'endpoint:chat' } } as const;
  await weir.put('finance/set-budget', { window: 'month', limitUsd: '0.0000001' }, scope);
  const reply = await weir.post('chat', { messages: [user('Hello.')] });
  expect([reply.status, reply.body['code'], reply.body['scope']]).toEqual([402, 'budget_exceeded', 'endpoint:chat']);
  expect(upstream.requests).toEqual([]);
});

test('L2 a budget that pays for the routing and not for the answer refuses the call, and the routing is paid', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(() => 'large'));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const scope = { roles: ['administrator'], params: { scope: 'endpoint:chat' } } as const;
  // 1,000 output tokens of the large model, the least that an answer is cut to, are a cent.
  await weir.put('finance/set-budget', { window: 'month', limitUsd: '0.005' }, scope);
  const reply = await weir.post('chat', { messages: [user('Hello.')] });
  expect([reply.status, upstream.requests.map(isRouting)]).toEqual([402, [true]]);
  await expect(weir.ledger()).resolves.toMatchObject([
    { outcome: 'budget_exceeded', attempts: [{ outcome: 'answered' }] },
  ]);
});

test('C10 who wants only what is cached gets no answer, and none is asked for', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(() => 'small'));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { messages: [user('Hello.')] };
  const headers = { 'cache-control': 'only-if-cached' };
  expect((await weir.post('chat', body, { headers })).status).toBe(504);
  await weir.post('chat', body);
  expect((await weir.post('chat', body, { headers })).status).toBe(504);
  expect(upstream.requests).toHaveLength(2);
});

test('C6 of ten conversations that begin alike at once, one is routed', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  const gate = new Gate();
  const routing = answer({ json: { size: 'small' }, gate });
  upstream.otherwise(choose((request) => (isRouting(request) ? routing : answer())));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = patientEnvironment(weir);
  const asked = Array.from({ length: 10 }, (_, at) =>
    environment.post('chat', { messages: [user('Hello.'), assistant(`Hello ${at}.`), user('What is a weir?')] }),
  );
  await gate.reached();
  await environment.reads.answered(10);
  gate.open();
  for (const { status, body } of await Promise.all(asked)) expect([status, body['size']]).toEqual([200, 'small']);
  expect(upstream.requests.map(isRouting).filter(Boolean)).toHaveLength(1);
  expect(upstream.requests).toHaveLength(11);
});
