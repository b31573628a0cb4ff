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

/** A row of CASES.md's failure table: what the upstream does each time it is asked, and all that may come of it. */
export interface FailureRow {
  readonly when: string;
  readonly step: Step;
  /** Requests for the question at hand, in an environment whose retry budget has its one token. `a model`: one each, the fallbacks included. */
  readonly attempts: number | 'a model';
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
  /** The attempt says what it used, and is paid for. */
  readonly isBilled?: true;
  /** Only where a model writes: embeddings and moderations have no such reply. */
  readonly isOfResponses?: true;
}

const invalid = { attempts: 1, status: 400, code: 'upstream_rejected' };
const policy = { attempts: 1, status: 400, code: 'content_policy' };
const configuration = { attempts: 1, status: 502, code: 'upstream_configuration', alarm: 'upstream-configuration' };
const credential = { attempts: 2, status: 502, code: 'upstream_credential', alarm: 'upstream-credential' };
const lost = { attempts: 2, status: 504, code: 'upstream_timeout', isFinal: true, isUnknown: true } as const;
const tooLarge = { attempts: 1, status: 413, code: 'too_large' };
const throttled = { attempts: 2, status: 429, code: 'upstream_throttled', retryAfter: '1' };
const failed = { attempts: 2, status: 502, code: 'upstream_failed' };
const protocol = { attempts: 2, status: 502, code: 'upstream_protocol', isUnknown: true } as const;

function upstreamCode<Code extends string>(code: Code): { readonly when: string; readonly upstreamCode: Code } {
  return { when: `400 ${code}`, upstreamCode: code };
}

function quotaRow(code: (typeof quotaCodes)[number]): FailureRow {
  const reply = { status: 503, code: 'upstream_quota', upstreamCode: code, isFinal: true } as const;
  return { when: `429 ${code}`, step: quotaExhausted(code), attempts: 1, ...reply, alarm: 'upstream-quota' };
}

/** Every row of the table "What an upstream failure means" that a plain reply can meet. */
export const FAILURE_ROWS: readonly FailureRow[] = [
  { when: '400', step: badRequest(), ...invalid },
  { ...upstreamCode('context_length_exceeded'), step: contextLengthExceeded(), ...invalid },
  { when: '422', step: unprocessable(), ...invalid, status: 422 },
  { ...upstreamCode('content_policy_violation'), step: contentPolicyViolation(), ...policy },
  { ...upstreamCode('content_filter'), step: contentFiltered(), ...policy },
  { when: '401 invalid_api_key', step: invalidApiKey(), ...credential },
  { when: '401 for another reason', step: unauthorized(), ...configuration },
  { when: '403', step: forbidden(), ...configuration },
  {
    when: '404 model_not_found, of the fallbacks too',
    step: modelNotFound(),
    attempts: 'a model',
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
  { when: '200 around a response that failed', step: failedResponse(), ...failed, isBilled: true, isOfResponses: true },
  { when: '503', step: unavailable(), attempts: 2, status: 503, code: 'upstream_overloaded' },
  { when: '200 with HTML', step: htmlWith200(), ...protocol },
  { when: '200 with half of the JSON', step: truncatedJson(), ...protocol },
  { when: '200 and a body that is cut', step: cutBody(), ...protocol },
  { when: '200 and no body', step: emptyBody(), ...protocol },
  { when: '200 with JSON that is no answer', step: failure({ status: 200, body: { hello: 'there' } }), ...protocol },
];
