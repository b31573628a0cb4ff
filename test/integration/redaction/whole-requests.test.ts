import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** What stands between a caller's words and the upstream must not tear a secret in two, nor tear a request apart. */
const ADA = 'ada@example.com';
const sent = (upstream: ScriptedUpstream) => upstream.requests.map(({ body }) => JSON.stringify(body)).join('\n');
const MASK = { policy: { redact: 'mask' } } as const;
const BLOCK = { policy: { redact: 'block' } } as const;
const REVERSIBLE = { policy: { redact: 'reversible' } } as const;

async function start() {
  const upstream = await startScriptedUpstream({ prices: tieredPrices });
  const weir = await startWeir({ baseUrl: upstream.baseUrl });
  const stop = async () => {
    await weir[Symbol.asyncDispose]();
    await upstream.stop();
  };
  return { upstream, weir, [Symbol.asyncDispose]: stop };
}

test.each([18, 10, 4])(
  'D1 the router sees no part of a secret that its bounded opening would cut behind %i signs',
  async (at) => {
    await using here = await start();
    here.upstream.otherwise(choose(({ body }) => answer({ text: body['text'] ? '{"size":"small"}' : 'ok' })));
    const iban = 'DE89370400440532013000';
    const content = `${'x '.repeat(1_000).slice(0, 2_000 - at)}${iban} ${'and more '.repeat(500)}`;
    const reply = await here.weir.post('chat', { messages: [{ role: 'user', content }] }, MASK);
    expect(reply.status).toBe(200);
    expect(sent(here.upstream)).not.toContain(iban.slice(0, 8));
  },
);

test.each([30_300, 30_900, 31_500, 31_900])(
  'D1 a long text is split around a private key, which begins at %i',
  async (before) => {
    await using here = await start();
    here.upstream.otherwise(answer({ text: JSON.stringify({ value: { a: null } }) }));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const line = 'level=info msg=started n=1\n';
    const text = line.repeat(1_200).slice(-before) + pem + line.repeat(300);
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const reply = await here.weir.post('extract', { text, schema }, REVERSIBLE);
    expect([reply.status, here.upstream.requests.length]).toEqual([200, 2]);
    const told = sent(here.upstream);
    expect(pem.split('\n').filter((each) => each.length === 64 && told.includes(each))).toEqual([]);
  },
);

test('a model that sees placeholders is held to no form that they have not', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: JSON.stringify({ value: { mail: '[EMAIL_1]' } }) }));
  const schema = { type: 'object', properties: { mail: { type: 'string', format: 'email' } }, required: ['mail'] };
  const masked = await here.weir.post('extract', { text: `Write to ${ADA}`, schema }, REVERSIBLE);
  expect([masked.status, masked.body['value']]).toEqual([200, { mail: ADA }]);
  expect(sent(here.upstream)).not.toContain('"format":"email"');
  await here.weir.post('extract', { text: 'Write to nobody', schema }, REVERSIBLE);
  expect(sent(here.upstream)).toContain('"format":"email"');
});

test('what nobody can look into is refused where it would have to be masked: token ids, and files', async () => {
  await using here = await start();
  const tokens = { model: 'text-embedding-3-small', input: [[9906, 1917]] };
  const file = `data:application/pdf;base64,${Buffer.from(`mail ${ADA} `.repeat(20)).toString('base64')}`;
  const withFile = {
    model: 'gpt-6-luna',
    input: [{ role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: file }] }],
  };
  for (const [name, body] of [
    ['openai/embeddings', tokens],
    ['openai/responses', withFile],
  ] as const) {
    const reply = await here.weir.post(name, body, MASK);
    expect([name, reply.status, reply.raw.includes('must be text where secrets and personal data are masked')]).toEqual(
      [name, 400, true],
    );
  }
  expect(here.upstream.requests).toEqual([]);
});

test('a picture is no text: no chance likeness in its bytes blocks or changes it', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: 'A weir.' }));
  const image = `data:image/png;base64,iVBORw0KGgo${Buffer.from(` ${ADA} `.repeat(50)).toString('base64')}`;
  for (const options of [BLOCK, MASK, REVERSIBLE]) {
    expect((await here.weir.post('describe-image', { image }, options)).status).toBe(200);
  }
  expect(here.upstream.requests.every(({ body }) => JSON.stringify(body).includes(image))).toBe(true);
});

test('ids of tool calls that look generated pair calls with their results as before', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: 'ok' }));
  const ids = ['V1StGXR8_Z5jdHi6B-myT7q', 'Qk3mB9xZ_7TfW2pLsH-dN4v'];
  const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: `{"to":"${ADA}"}` } }));
  const results = ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'done' }));
  const messages = [{ role: 'user', content: 'go' }, { role: 'assistant', tool_calls: calls }, ...results];
  const reply = await here.weir.post('openai/chat-completions', { model: 'gpt-6-luna', messages }, MASK);
  expect(reply.status).toBe(200);
  for (const id of ids) expect(sent(here.upstream).split(id)).toHaveLength(3);
  expect(sent(here.upstream)).not.toContain(ADA);
});

test('D1 a value that its name alone tells for a password is found under its name', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: 'ok' }));
  const metadata = { password: 'hunter2!Xy', api_key: 'a8f5f167f44f4964e6c998dee827110c', colour: 'hunter green' };
  const body = { model: 'gpt-6-luna', input: 'hi', metadata };
  expect((await here.weir.post('openai/responses', body, BLOCK)).status).toBe(422);
  expect((await here.weir.post('openai/responses', body, MASK)).status).toBe(200);
  const [request] = here.upstream.requests;
  expect(request!.body['metadata']).toEqual({ password: '[PASSWORD]', api_key: '[SECRET]', colour: 'hunter green' });
});

test('D11 a placeholder in a later question’s words means nothing either', async () => {
  await using here = await start();
  here.upstream.otherwise(
    choose(({ body }) => answer({ text: body['text'] ? '{"size":"small"}' : 'You said [EMAIL_1].' })),
  );
  const messages = [
    { role: 'user', content: `I am ${ADA}` },
    { role: 'assistant', content: 'Hello.' },
    { role: 'user', content: 'The form says [EMAIL_1].' },
  ];
  const reply = await here.weir.post('chat', { messages }, REVERSIBLE);
  expect(reply.body).toMatchObject({ message: { content: 'You said [EMAIL_1].' } });
});

test('a refusal of very much names the first of it, and how much there is', async () => {
  await using here = await start();
  const topic = Array.from({ length: 20_000 }, (_, at) => `u${at}@example.com`).join(' ');
  const environment = serving(here.weir, { summarize: haiku({ redact: 'block' }) });
  const reply = await environment.post('summarize', { topic });
  expect([reply.status, reply.body['count'], (reply.body['found'] as unknown[]).length]).toEqual([422, 20_000, 20]);
  await environment.sqs('summarize', [{ id: 'one', input: { topic } }], { receives: 3 });
  expect(await here.weir.queues.deadLetters()).toHaveLength(1);
});

test('an endpoint that begins to mask its model’s words gives none of those it kept before', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: `Ask ${ADA}.` }));
  const deterministic = { ttlSeconds: 3_600 };
  const before = await serving(here.weir, { haiku: haiku({ deterministic }) }).post('haiku', { topic: 'one' });
  const after = await serving(here.weir, { haiku: haiku({ deterministic, redactOutput: true }) }).post('haiku', {
    topic: 'one',
  });
  expect([before.body, after.body]).toEqual([{ haiku: `Ask ${ADA}.` }, { haiku: 'Ask [EMAIL].' }]);
});

test('L7 a reply that was kept under another policy is given as it was', async () => {
  await using here = await start();
  here.upstream.otherwise(answer({ text: 'Rain.' }));
  const environment = serving(here.weir, { haiku: haiku() });
  const replies = [];
  for (const redact of ['off', 'mask', 'off'] as const) {
    const options = { policy: { redact }, headers: { 'Idempotency-Key': 'one' } };
    replies.push(await environment.post('haiku', { topic: 'rain' }, options));
  }
  expect(replies.map(({ status, body }) => [status, body])).toEqual([
    [200, { haiku: 'Rain.' }],
    [200, { haiku: 'Rain.' }],
    [200, { haiku: 'Rain.' }],
  ]);
});
