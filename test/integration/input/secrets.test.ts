import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '#test/support/scripted-failures.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { replyLine } from '#infra/local/tour.ts';

/** Nothing here opens anything, and no file holds one whole. */
const SECRETS: Readonly<Record<string, string>> = {
  openai: ['sk', 'proj', 'Zq8vN2rT6yB1mK4xW9cL3pD7'].join('-'),
  anthropic: ['sk', 'ant', 'api03', 'Zq8vN2rT6yB1mK4xW9cL3pD7'].join('-'),
  weir: ['weir', '9f1c7be04d2a8e6f9f1c7be04d2a8e6f'].join('_'),
  aws: ['AKIA', 'Q3EGVZ7LXW5NT2RB'].join(''),
  github: ['ghp', 'k2Vb9QxT4mNz7RcW1yLd8FsJ5hPg3aUe6oSi'].join('_'),
  slack: ['xoxb', '918273645546', 'kQwZmXnVbTrYpLcD'].join('-'),
  stripe: ['sk', 'live', 'k2Vb9QxT4mNz7RcW1yLd8FsJ'].join('_'),
  google: ['AIza', 'k2Vb9QxT4mNz7RcW1yLd8FsJ5hPg3aUe6oS'].join(''),
  jwt: ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'k2Vb9QxT4mNz7RcW1yLd8FsJ5hPg3aUe6oSi'].join('.'),
  password: ['postgres://admin', 'k2Vb9QxT4mNz7RcW@db.internal/weir'].join(':'),
};

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The recognisable part of a secret of which a text holds half its length or more; undefined if it holds none. */
function leakIn(text: string, secret: string): string | undefined {
  const half = Math.ceil(secret.length / 2);
  const parts = Array.from({ length: secret.length - half + 1 }, (_, at) => secret.slice(at, at + half));
  // A header every JWT has, or a scheme and a user, are no secret.
  return parts.find((part) => text.includes(part) && !/^(eyJ|postgres)/.test(part));
}

/** A picture at an address that is none. */
function image(url: string): object {
  return { type: 'image_url', image_url: { url } };
}

async function expectNoLeak(secret: string, replyText: string): Promise<void> {
  expect(leakIn(replyText, secret)).toBeUndefined();
  expect(leakIn(await gateway.log(), secret)).toBeUndefined();
}

test.each(Object.entries(SECRETS))(
  'D6 malformed JSON with a %s secret is a 422 that holds nothing of it',
  async (_kind, secret) => {
    for (const body of [`{"text":"${secret}`, `{"text":${secret}}`, secret, `{"text":"a"}${secret}`, `{"${secret}`]) {
      const { status, text } = await gateway.send({ path: '/v1/summarize', body });
      expect(status).toBe(422);
      await expectNoLeak(secret, text);
    }
  },
);

test.each(Object.entries(SECRETS))(
  'D6 a %s secret as a value or a name in the wrong place is not said again',
  async (_kind, secret) => {
    const padded = ['x'.repeat(24), secret].join(' ');
    const afterEscape = `line\n${secret}`;
    for (const given of [secret, padded, afterEscape, `"${secret}"`, `\t${secret}`]) {
      for (const body of [
        { text: 'a', style: given },
        { text: 'a', sentences: given },
        { text: 'a', language: given },
        { text: 'a', [given]: 1 },
        { text: 'a', [given]: { [given]: given } },
      ]) {
        const { status, text } = await gateway.send({ path: '/v1/summarize', body });
        expect(status).toBe(400);
        await expectNoLeak(secret, text);
      }
    }
  },
);

test.each(Object.entries(SECRETS))(
  'D6 nor is a %s secret on the compatible routes, wherever a request is at fault',
  async (_kind, secret) => {
    const model = 'gpt-6-luna';
    const unpriced = { type: 'input_audio' };
    for (const given of [secret, ['x'.repeat(24), secret].join(' '), `line\n${secret}`, `"${secret}"`]) {
      for (const [api, body, headers] of [
        ['chat/completions', { model: given, messages: [] }],
        ['chat/completions', { model, messages: given }],
        ['chat/completions', { model, messages: [], n: given }],
        ['chat/completions', { model, messages: [], service_tier: given }],
        ['chat/completions', { model, messages: [{ role: 'user', content: { [given]: unpriced } }] }],
        ['chat/completions', { model, messages: [], tools: [{ type: given }] }],
        ['chat/completions', { model, messages: [{ role: 'user', content: [image(given)] }] }],
        ['responses', { model, input: [], max_output_tokens: given }],
        ['responses', { model, input: [{ type: 'input_file', file_url: `http://10.0.0.1/${given}` }] }],
        ['responses', { model, input: 'a', safety_identifier: given.padEnd(200, ' x') }],
        ['responses', { model, input: 'a', reasoning: { mode: given } }],
        ['responses', { model, input: 'a', moderation: { model: given } }],
        ['embeddings', { model: 'text-embedding-3-small', input: [1, given] }],
        ['moderations', { input: [{ type: given }], model: given }],
        ['moderations', { input: 'a' }, { 'x-weir-cache': given.replaceAll(/[^ -~]/g, ' ') }],
      ] as const) {
        const { status, text } = await gateway.send({ path: `/openai/v1/${api}`, body, ...(headers && { headers }) });
        expect([body, status, leakIn(text, secret)]).toEqual([body, 400, undefined]);
      }
    }
    for (const body of [`{"model":"${secret}`, `{"model":${secret}}`, secret]) {
      const { status, text } = await gateway.send({ path: '/openai/v1/responses', body });
      expect([body, status, leakIn(text, secret)]).toEqual([body, 422, undefined]);
    }
    expect(leakIn(await gateway.log(), secret)).toBeUndefined();
  },
);

test.each(Object.entries(SECRETS))(
  'D1 a %s secret in path, query or header comes back in no error',
  async (_kind, secret) => {
    const encoded = encodeURIComponent(secret);
    const key = gateway.weir.keys.administrator;
    const replies = await Promise.all([
      gateway.send({ path: `/v1/${secret.replaceAll(/[^\x21-\x7e]/g, '')}`, body: {} }),
      gateway.send({ method: 'GET', path: `/v1/spend?by=${encoded}`, key }),
      gateway.send({ method: 'GET', path: `/v1/spend?from=${'x'.repeat(20)}%20${encoded}`, key }),
      gateway.send({ method: 'GET', path: `/v1/spend?${encoded}=1`, key }),
      gateway.send({ path: '/v1/summarize', body: { text: 'a' }, headers: { 'x-weir-timeout-ms': secret } }),
      gateway.send({ path: '/v1/summarize', body: { text: 'a' }, key: secret.replaceAll(' ', '') }),
    ]);
    for (const { status, text } of replies) {
      expect([400, 401, 404]).toContain(status);
      await expectNoLeak(secret, text);
    }
    const line = replyLine({ method: 'GET', path: `/v1/${secret}?key=${secret}` }, { statusCode: 404, headers: {} }, 1);
    expect(leakIn(line, secret)).toBeUndefined();
  },
);

test('D1 a secret in the text of a call that is made, answered, refused or failed is in no log line and no ledger entry', async () => {
  const all = Object.values(SECRETS).join('\n');
  for (const step of [
    undefined,
    failure({ status: 400, message: `Invalid: ${all}`, code: 'context_length_exceeded' }),
    failure({ status: 403, message: all, code: 'forbidden' }),
    failure({ status: 413, body: all }),
  ]) {
    if (step) gateway.upstream.script(step);
    const body = { texts: [all], dimensions: 16 };
    const reply = await gateway.send({ path: '/v1/embed', body, headers: { 'cache-control': 'no-cache' } });
    if (step) expect(reply.status).toBeGreaterThanOrEqual(400);
    else expect(reply.status).toBe(200);
    for (const secret of Object.values(SECRETS)) await expectNoLeak(secret, reply.text);
  }
  const entries = JSON.stringify(await gateway.ledger(), (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  for (const secret of Object.values(SECRETS)) expect(leakIn(entries, secret)).toBeUndefined();
  // The log was written, or the test would prove nothing.
  expect(await gateway.log()).toContain('"message":"call"');
});

test('A3 the keys of this machine stand in no log line', async () => {
  const log = await gateway.log();
  for (const key of Object.values(gateway.weir.keys)) expect(leakIn(log, key)).toBeUndefined();
});
