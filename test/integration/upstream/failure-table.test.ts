import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import {
  badGateway,
  badRequest,
  conflict,
  contentFiltered,
  contentPolicyViolation,
  contextLengthExceeded,
  failure,
  forbidden,
  invalidApiKey,
  modelNotFound,
  payloadTooLarge,
  quotaCodes,
  quotaExhausted,
  rateLimited,
  requestTimeout,
  requestTooLarge,
  serverError,
  siteOverloaded,
  slowDown,
  unauthorized,
  unavailable,
  unprocessable,
} from '#test/support/scripted-failures.ts';
import {
  cutBody,
  emptyBody,
  failedResponse,
  htmlWith200,
  reset,
  resetAfterBilling,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** A row of CASES.md's failure table: what the upstream does each time, and all that may come of it. */
interface Row {
  readonly when: string;
  readonly step: Step;
  /** Upstream requests, in an environment whose retry budget has its one token. */
  readonly attempts: number;
  readonly status: number;
  readonly code: string;
  /** OpenAI's code, passed on to the caller. */
  readonly upstreamCode?: string;
  /** `x-should-retry: false`. */
  readonly isFinal?: true;
  readonly retryAfter?: string;
  /** May have been billed: each attempt stands in the ledger as `unknown`. */
  readonly isUnknown?: true;
  readonly alarm?: string;
}

const invalid = { attempts: 1, status: 400, code: 'upstream_rejected' };
const policy = { attempts: 1, status: 400, code: 'content_policy' };
const configuration = {
  attempts: 1,
  status: 502,
  code: 'upstream_configuration',
  alarm: 'upstream-configuration',
};
const lost = { attempts: 2, status: 504, code: 'upstream_timeout', isFinal: true, isUnknown: true } as const;
const tooLarge = { attempts: 1, status: 413, code: 'too_large' };
const throttled = { attempts: 2, status: 429, code: 'upstream_throttled', retryAfter: '1' };
const failed = { attempts: 2, status: 502, code: 'upstream_failed' };
const protocol = { attempts: 2, status: 502, code: 'upstream_protocol', isUnknown: true } as const;

function quotaRow(code: (typeof quotaCodes)[number]): Row {
  const step = quotaExhausted(code);
  const reply = { status: 503, code: 'upstream_quota', upstreamCode: code, isFinal: true } as const;
  return { when: `429 ${code}`, step, attempts: 1, ...reply, alarm: 'upstream-quota' };
}

const rows: readonly Row[] = [
  { when: '400', step: badRequest(), ...invalid },
  {
    when: '400 context_length_exceeded',
    step: contextLengthExceeded(),
    ...invalid,
    upstreamCode: 'context_length_exceeded',
  },
  { when: '422', step: unprocessable(), ...invalid, status: 422 },
  {
    when: '400 content_policy_violation',
    step: contentPolicyViolation(),
    ...policy,
    upstreamCode: 'content_policy_violation',
  },
  { when: '400 content_filter', step: contentFiltered(), ...policy, upstreamCode: 'content_filter' },
  {
    when: '401 invalid_api_key',
    step: invalidApiKey(),
    attempts: 2,
    status: 502,
    code: 'upstream_credential',
    alarm: 'upstream-credential',
  },
  { when: '401 for another reason', step: unauthorized(), ...configuration },
  { when: '403', step: forbidden(), ...configuration },
  {
    when: '404 model_not_found, of the fallback too',
    step: modelNotFound(),
    attempts: 2,
    status: 502,
    code: 'model_not_found',
    upstreamCode: 'model_not_found',
  },
  { when: '404 for another reason', step: failure({ status: 404 }), ...configuration },
  { when: '408', step: requestTimeout(), ...lost },
  { when: '408 after the work was billed', step: requestTimeout({ billed: true }), ...lost },
  { when: 'a reset connection', step: reset(), ...lost },
  { when: 'a connection reset after the work was billed', step: resetAfterBilling(), ...lost },
  { when: '409', step: conflict(), attempts: 2, status: 502, code: 'upstream_conflict' },
  { when: '413', step: payloadTooLarge(), ...tooLarge },
  { when: '429 request too large', step: requestTooLarge(), ...tooLarge },
  { when: '429 rate_limit_exceeded', step: rateLimited(), ...throttled },
  { when: '429 slow_down', step: slowDown(), ...throttled },
  ...quotaCodes.map(quotaRow),
  { when: '500', step: serverError(), ...failed },
  { when: '502 in HTML', step: badGateway(), ...failed },
  { when: '529', step: siteOverloaded(), ...failed },
  { when: '200 around a response that failed', step: failedResponse(), ...failed },
  { when: '503', step: unavailable(), attempts: 2, status: 503, code: 'upstream_overloaded' },
  { when: '200 with HTML', step: htmlWith200(), ...protocol },
  { when: '200 with half of the JSON', step: truncatedJson(), ...protocol },
  { when: '200 and a body that is cut', step: cutBody(), ...protocol },
  { when: '200 and no body', step: emptyBody(), ...protocol },
  { when: '200 with JSON that is no response', step: failure({ status: 200, body: { hello: 'there' } }), ...protocol },
];

test.each(rows)('R1 $when: $attempts upstream requests, and $status $code', async (row) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(row.step);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });

  const reply = await weir.post('summarize', { text: 'A weir is a low wall across a river.' });

  expect([upstream.requests.length, reply.status, reply.body['code']]).toEqual([row.attempts, row.status, row.code]);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'x-weir-attempts': String(row.attempts),
  });
  expect(reply.headers['x-should-retry']).toBe(row.isFinal && 'false');
  expect(reply.headers['retry-after']).toBe(row.retryAfter);
  if (row.upstreamCode !== undefined) expect(reply.body['upstreamCode']).toBe(row.upstreamCode);

  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ outcome: row.code, basis: row.isUnknown ? 'unknown' : 'exact' });
  expect(entry?.attempts.map(({ basis }) => basis)).toEqual(
    upstream.requests.map(() => (row.isUnknown ? 'unknown' : 'exact')),
  );
  await expectBooksToAgree(weir, upstream);

  const alarms = weir.lines.flatMap((line) => (JSON.parse(line) as { alarm?: string }).alarm ?? []);
  expect(alarms).toEqual(row.alarm === undefined ? [] : [row.alarm]);
  expectNothingLeaks(reply.raw, weir.lines);
});

test('R1 after a failure that passes, the second attempt answers', async () => {
  for (const step of [
    requestTimeout(),
    reset(),
    conflict(),
    rateLimited(),
    serverError(),
    unavailable(),
    htmlWith200(),
  ]) {
    await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
    upstream.script(step);
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const reply = await weir.post('summarize', { text: 'A weir is a low wall across a river.' });
    expect([reply.status, reply.headers['x-weir-attempts'], upstream.requests.length]).toEqual([200, '2', 2]);
    await expectBooksToAgree(weir, upstream);
  }
});

test('R1 an upstream that cannot be reached was sent nothing, and costs nothing: 2 attempts, and 504', async () => {
  const upstream = await startScriptedUpstream();
  await upstream.stop();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', { text: 'A weir is a low wall across a river.' });
  expect([reply.status, reply.body['code'], reply.headers['x-should-retry']]).toEqual([
    504,
    'upstream_unreachable',
    'false',
  ]);
  const unsent = { outcome: 'unreachable', costPico: 0n, basis: 'exact' };
  expect(await weir.ledger()).toMatchObject([{ costPico: 0n, attempts: [unsent, unsent] }]);
});

test('R1 401 invalid_api_key: the secret is read again once, and no more', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(invalidApiKey());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', { text: 'A weir is a low wall across a river.' });
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 2 });
});

test('R1 404 model_not_found of an endpoint without a fallback: one attempt, 502', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(modelNotFound());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('embed', { texts: ['a'] });
  expect([upstream.requests.length, reply.status, reply.body['code']]).toEqual([1, 502, 'model_not_found']);
});

/** The upstream quotes keys and names its organisation; neither goes anywhere. */
function expectNothingLeaks(...texts: readonly (string | readonly string[])[]): void {
  for (const text of texts.flat()) expect(text).not.toMatch(/org-scripted|sk-proj|first0/);
}
