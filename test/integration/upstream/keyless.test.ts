import { expect, onTestFinished, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { dropAnswer, dropRequest, holdAnswer, holdRequest, type Fault } from '#test/support/fault-proxy.ts';
import { IDENTITY_PROVIDER, SERVICE_ACCOUNT, stsError } from '#test/support/identity-server.ts';
import { cutInHalf, replyWith, startKeylessWeir, type KeylessWeir } from '#test/support/keyless-weir.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { invalidApiKey, unauthorized } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };
const HOUR_MS = 3_600_000;
/** A token is renewed 20 minutes before its end, less a tenth where the random source gives 0. */
const EARLY_MS = 0.9 * 20 * 60_000;
const FRESH_MS = HOUR_MS - EARLY_MS;

const throttled = replyWith(400, stsError('Throttling', 'Rate exceeded'));

/** Nothing of a proof or a token stands in what Weir wrote or answered, nor the half of one. */
function expectNoTrace({ weir, identity }: KeylessWeir, ...replies: readonly string[]): void {
  const seen = [...weir.lines, ...replies, ...weir.dynamoDb.requests.map((request) => request.body)].join('\n');
  for (const secret of [...identity.proofs, ...identity.tokens]) {
    expect(seen).not.toContain(secret.slice(0, secret.length / 2));
    expect(seen).not.toContain(secret.slice(secret.length / 2));
  }
}

function alarms({ weir }: KeylessWeir, name: string): number {
  return weir.lines.filter((line) => (JSON.parse(line) as { alarm?: string }).alarm === name).length;
}

test('a function without a key proves who it is, and calls with the token that it gets for that', async () => {
  await using keyless = await startKeylessWeir();
  const { weir, upstream, identity } = keyless;
  const reply = await weir.post('summarize', body, uncached);
  expect([reply.status, reply.headers['x-weir-attempts']]).toEqual([200, '1']);

  const [proof] = identity.proofRequests;
  expect(proof!.form).toEqual({
    Action: 'GetWebIdentityToken',
    Version: '2011-06-15',
    'Audience.member.1': 'https://api.openai.com/v1',
    SigningAlgorithm: 'RS256',
    DurationSeconds: '300',
  });
  expect(proof!.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/us-east-1\/sts\/aws4_request, /);
  expect(identity.tokenRequests).toEqual([
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: identity.proofs[0],
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      identity_provider_id: IDENTITY_PROVIDER,
      service_account_id: SERVICE_ACCOUNT,
    },
  ]);
  expect(upstream.requests.map(({ key }) => key)).toEqual(identity.tokens);
  expect(weir.secrets.counts).toEqual({});
  expectNoTrace(keyless, reply.raw);
  await expectBooksToAgree(weir, upstream);
});

test('K3 fifty first calls, plain and streamed, make one exchange; another environment makes its own', async () => {
  await using keyless = await startKeylessWeir();
  const { weir, upstream, identity } = keyless;
  const environment = patientEnvironment(weir);
  const streamed = async () => {
    const reply = await environment.stream('summarize', { ...body, stream: true }, uncached);
    await reply.text();
    await reply.settled;
    return reply.status;
  };
  const plain = async () => (await environment.post('summarize', body, uncached)).status;
  const statuses = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? plain() : streamed())));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect([identity.proofRequests.length, keyless.exchanges]).toEqual([1, 1]);
  await weir.newEnvironment().post('summarize', body, uncached);
  expect(new Set(upstream.requests.map(({ key }) => key))).toEqual(new Set(identity.tokens));
  expect(identity.tokens).toHaveLength(2);
});

test.each([
  ['of an hour, 20 minutes before its end', 3_600, FRESH_MS],
  ['whose life is not told, as one of an hour', undefined, FRESH_MS],
  ['of ten minutes, at half of its life', 600, 600_000 - 0.9 * 300_000],
  ['of a day, as late', 86_400, 24 * HOUR_MS - EARLY_MS],
])('K2 a token %s is renewed, and no earlier', async (_which, seconds, freshMs) => {
  await using keyless = await startKeylessWeir();
  const { weir, identity } = keyless;
  identity.expiresInSeconds = seconds;
  await weir.post('summarize', body, uncached);
  await weir.clock.advance(freshMs - 1);
  await weir.post('summarize', body, uncached);
  expect(keyless.exchanges).toBe(1);
  await weir.clock.advance(1);
  await Promise.all(Array.from({ length: 20 }, () => weir.post('summarize', body, uncached)));
  expect(keyless.exchanges).toBe(2);
  expect(keyless.upstream.requests.at(-1)?.key).toBe(identity.tokens[1]);
});

test('a token does not live longer by coming late', async () => {
  await using keyless = await startKeylessWeir();
  const { weir, identity } = keyless;
  identity.expiresInSeconds = 600;
  const gate = new Gate();
  keyless.tokens.rules.push({ fault: holdAnswer(gate), nth: 1 });
  const late = weir.post('summarize', body, { headers: { ...uncached.headers, 'x-weir-timeout-ms': '20000' } });
  await gate.reached();
  // Longer than the call may take: it ends, and the exchange goes on.
  await weir.clock.advance(400_000);
  await late;
  gate.open();
  await keyless.weir.post('summarize', body, uncached);
  await weir.clock.advance(200_000 - 0.9 * 100_000);
  await weir.post('summarize', body, uncached);
  expect(keyless.exchanges).toBe(2);
});

test.each([
  ['invalid_api_key', invalidApiKey()],
  ['another code', unauthorized()],
])('K3 fifty concurrent 401s with %s: one more exchange, and all fifty succeed', async (_code, refusal) => {
  await using keyless = await startKeylessWeir();
  const { weir, upstream, identity } = keyless;
  const gate = new Gate();
  upstream.otherwise(async (exchange) => {
    await gate.pass();
    await (exchange.request.key === identity.tokens[0] ? refusal : answer())(exchange);
  });
  const environment = patientEnvironment(weir);
  const pending = Array.from({ length: 50 }, () => environment.post('summarize', body, uncached));
  await gate.reached(50);
  gate.open();
  const statuses = (await Promise.all(pending)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(50);
  expect([identity.proofRequests.length, keyless.exchanges, upstream.requests.length]).toEqual([2, 2, 100]);
  await expectBooksToAgree(weir, upstream);
});

test('K3 a new token that is refused too: 502 after two attempts, and no further exchange for 30 s', async () => {
  await using keyless = await startKeylessWeir();
  const { weir, upstream } = keyless;
  upstream.otherwise(unauthorized());
  const attempts = async () => {
    const reply = await weir.post('summarize', body, uncached);
    expect(reply.body['code']).toBe('upstream_credential');
    return reply.headers['x-weir-attempts'];
  };
  expect([await attempts(), keyless.exchanges]).toEqual(['2', 2]);
  await weir.clock.advance(29_999);
  expect([await attempts(), keyless.exchanges]).toEqual(['1', 2]);
  await weir.clock.advance(1);
  upstream.otherwise(answer());
  upstream.validKeys.delete(keyless.identity.tokens[1]!);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
  expect(keyless.exchanges).toBe(3);
});

type Outage = readonly [how: string, part: 'sts' | 'tokens', fault: Fault | 'gone'];
const outages: readonly Outage[] = [
  ['STS refuses connections', 'sts', 'gone'],
  ['STS throttles', 'sts', throttled],
  ['STS fails', 'sts', replyWith(500, 'no XML')],
  ['STS loses its answers', 'sts', dropAnswer],
  ['STS answers without a token', 'sts', replyWith(200, '<GetWebIdentityTokenResponse/>')],
  ['OpenAI’s token endpoint refuses connections', 'tokens', 'gone'],
  ['OpenAI’s token endpoint throttles', 'tokens', replyWith(429, '{"error":"slow_down"}')],
  ['OpenAI’s token endpoint fails', 'tokens', replyWith(503, '<html>')],
  ['OpenAI’s token endpoint loses requests', 'tokens', dropRequest],
  ['OpenAI’s token endpoint cuts its answers', 'tokens', cutInHalf],
  ['OpenAI’s token endpoint no longer knows the function', 'tokens', replyWith(401, '{"error":"invalid_grant"}')],
];

test.each(outages)(
  'K9 while %s, the token in memory serves on, with an alarm, until its end',
  async (_how, part, fault) => {
    await using keyless = await startKeylessWeir();
    const { weir, upstream } = keyless;
    await weir.post('summarize', body, uncached);
    const rule = fault === 'gone' ? undefined : { fault };
    if (rule) keyless[part].rules.push(rule);
    else await keyless[part].gone();

    await weir.clock.advance(FRESH_MS);
    expect((await weir.post('summarize', body, uncached)).status).toBe(200);
    expect(alarms(keyless, 'key-stale')).toBe(1);
    const asked = keyless.sts.requests.length;
    await weir.post('summarize', body, uncached);
    // At most every ten seconds.
    expect(keyless.sts.requests.length).toBe(asked);

    await weir.clock.advance(HOUR_MS - FRESH_MS - 1);
    expect((await weir.post('summarize', body, uncached)).status).toBe(200);
    await weir.clock.advance(1);
    const refused = await weir.post('summarize', body, uncached);
    expect([refused.status, refused.body['code'], upstream.requests.length]).toEqual([503, 'key_unavailable', 4]);
    expect(alarms(keyless, 'key-unavailable')).toBe(1);
    expectNoTrace(keyless, refused.raw);

    if (rule) keyless[part].rules.length = 0;
    else await keyless[part].listen();
    expect((await weir.post('summarize', body, uncached)).status).toBe(200);
    await expectBooksToAgree(weir, upstream);
  },
);

test.each<Outage>([
  ['STS throttles', 'sts', throttled],
  ['STS cuts the line', 'sts', dropRequest],
  ['the token endpoint cuts the line', 'tokens', dropAnswer],
  ['the token endpoint answers 502', 'tokens', replyWith(502, '<html>')],
])('K9 %s once: the first call of an environment succeeds all the same', async (_how, part, fault) => {
  await using keyless = await startKeylessWeir();
  keyless[part].rules.push({ fault: fault as Fault, nth: 1 });
  const reply = await keyless.weir.post('summarize', body);
  expect([reply.status, keyless[part].requests.length]).toEqual([200, 2]);
});

test('K9 a token endpoint that hangs does not outlast the deadline, and its answer serves the next call', async () => {
  await using keyless = await startKeylessWeir();
  const { weir } = keyless;
  const gate = new Gate();
  keyless.tokens.rules.push({ fault: holdRequest(gate) });
  const pending = weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': '1000' } });
  await gate.reached();
  await weir.clock.advance(800);
  expect((await pending).body['code']).toBe('deadline_exceeded');
  gate.open();
  expect((await weir.post('summarize', body)).status).toBe(200);
  expect(keyless.exchanges).toBe(1);
});

test.each([
  ['the account has not switched federation on', 'sts', 400, stsError('OutboundWebIdentityFederationDisabled', 'Off.')],
  ['the role may not ask for a proof', 'sts', 403, stsError('AccessDenied', 'is not authorized to perform')],
] as const)('%s: 503 after one request, and the log says so', async (_why, part, status, reply) => {
  await using keyless = await startKeylessWeir();
  keyless[part].rules.push({ fault: replyWith(status, reply) });
  const refused = await keyless.weir.post('summarize', body);
  expect([refused.status, refused.body['code']]).toEqual([503, 'key_unavailable']);
  expect(keyless[part].requests).toHaveLength(1);
  const [line] = keyless.weir.logged('the key could not be read, and none that may serve is in memory');
  expect(line).toMatchObject({ alarm: 'key-unavailable', source: `${IDENTITY_PROVIDER}/${SERVICE_ACCOUNT}` });
  expect(JSON.stringify(line)).toMatch(/OutboundWebIdentityFederationDisabled|AccessDenied/);
  expect(refused.raw).not.toContain(IDENTITY_PROVIDER);
});

test('an account that the provider may not use: 503 after one exchange; the log has the code, and nothing that was quoted', async () => {
  await using keyless = await startKeylessWeir({ workloadIdentity: `${IDENTITY_PROVIDER}/user_other` });
  const refused = await keyless.weir.post('summarize', body);
  expect([refused.status, refused.body['code'], keyless.exchanges]).toEqual([503, 'key_unavailable', 1]);
  const [line] = keyless.weir.logged('the key could not be read, and none that may serve is in memory');
  expect(line).toMatchObject({ error: { message: 'the token endpoint answered 403 (access_denied)' } });
  expectNoTrace(keyless, refused.raw);
});

test.each([
  ['an end that is none', JSON.stringify({ access_token: 'planted', expires_in: -1 })],
  ['an end in words', JSON.stringify({ access_token: 'planted', expires_in: 'soon' })],
  ['no token', JSON.stringify({ expires_in: 60 })],
  ['an empty one', JSON.stringify({ access_token: '', expires_in: 60 })],
  ['a token that no header carries', JSON.stringify({ access_token: 'planted\r\nx: y', expires_in: 60 })],
  ['a list', '["planted"]'],
  ['nothing', 'null'],
  ['no JSON', '{"access_token":"planted'],
])(
  'a token endpoint that answers 200 with %s: 503, no call upstream, and no word of it in the log',
  async (_what, reply) => {
    await using keyless = await startKeylessWeir();
    const { weir, upstream } = keyless;
    keyless.tokens.rules.push({ fault: replyWith(200, reply) });
    const refused = await weir.post('summarize', body);
    expect([refused.status, refused.body['code'], upstream.requests.length]).toEqual([503, 'key_unavailable', 0]);
    expect(weir.lines.join('\n')).not.toContain('planted');
  },
);

test('K9 no rejection goes unheard when a call is gone before its token', async () => {
  await using keyless = await startKeylessWeir();
  const { weir } = keyless;
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));
  await keyless.tokens.gone();
  const question = { text: 'My parcel is late.', labels: ['refund', 'delivery'] };
  const reply = await weir.post('classify', question, { requestTimeMs: weir.clock.nowMs() - 60_000 });
  expect(reply.status).toBe(504);
  await weir.newEnvironment().post('summarize', body);
  expect(unheard).toEqual([]);
});
