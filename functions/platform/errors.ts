/**
 * Every error that Weir raises on purpose: a code, the HTTP status it becomes, whether asking again can help, and a
 * message that is safe to show. Details hold limits, counts, ids and names of fields, never a prompt, a body or a key.
 */
export class WeirError extends Error {
  /** Machine-readable, stable: the last part of the problem's `type`. */
  readonly code: string;
  /** HTTP status of the reply. */
  readonly status: number;
  /** `false` tells the caller's SDK not to multiply the loss (`x-should-retry: false`). */
  readonly shouldRetry: boolean | undefined;
  /** Extra members of the RFC 9457 problem document. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Seconds that the caller should wait, for the `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, status: number, message: string, options: WeirErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.status = status;
    this.shouldRetry = options.shouldRetry;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export interface WeirErrorOptions {
  readonly shouldRetry?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** One fault in the input: where, and what is wrong with it (limit and value received). */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** 400: the request is well-formed but not what the endpoint takes. Names every field at fault. */
export class InvalidRequest extends WeirError {
  constructor(faults: readonly FieldFault[]) {
    super('invalid_request', 400, faults.map((fault) => fault.message).join('; '), { details: { errors: faults } });
  }
}

/** 422: the body is not JSON. Carries the place of the fault, never a snippet. */
export class MalformedBody extends WeirError {
  constructor(message: string) {
    super('malformed_body', 422, message);
  }
}

/** 413: a body, a reply or a model request over its limit. */
export class TooLarge extends WeirError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('too_large', 413, message, { details });
  }
}

/** 401: nobody proved who is calling. */
export class Unauthenticated extends WeirError {
  constructor() {
    super('unauthenticated', 401, 'a valid key is required: Authorization: Bearer <key>');
  }
}

/** 403: the caller is known, and may not do this. */
export class Forbidden extends WeirError {
  constructor(message: string) {
    super('forbidden', 403, message);
  }
}

/** 403: the caller is known, and may use other models only. */
export class ModelNotAllowed extends WeirError {
  /** @param model as a message may show it */
  constructor(model: string, allowed: readonly string[]) {
    const message = `model ${model} is not allowed to this caller; allowed are ${allowed.join(', ') || 'none'}`;
    super('model_not_allowed', 403, message, { details: { errors: [{ field: 'model', message }], allowed } });
  }
}

/** 400: nobody here knows what the model costs, so that no budget could hold its calls (L9). */
export class ModelNotPriced extends WeirError {
  /** @param model as a message may show it */
  constructor(model: string) {
    const message = `model ${model} has no price, so its calls could not be paid for`;
    super('model_not_priced', 400, message, { details: { errors: [{ field: 'model', message }] } });
  }
}

/** 404: no such thing, or not the caller's. */
export class NotFound extends WeirError {
  constructor(message: string) {
    super('not_found', 404, message);
  }
}

/** 409: it stands otherwise than the request takes for granted: a name is taken, a thing is over for good, others changed it. */
export class Conflict extends WeirError {
  constructor(message: string) {
    super('conflict', 409, message);
  }
}

/** 503: what was about to be done could not be written down, so it was not done. */
export class AuditUnavailable extends WeirError {
  constructor(cause: unknown) {
    super('audit_unavailable', 503, 'the audit trail could not be written, so nothing was changed', { cause });
  }
}

/** 429: more requests a second than the caller, or the whole API, may make. API Gateway says the same in the same words. */
export class Throttled extends WeirError {
  constructor() {
    const message = 'more requests a second than this key, or the whole API, may make';
    super('throttled', 429, message, { retryAfterSeconds: 1 });
  }
}

/** 503: the request could not be counted, so it was not made. */
export class RateUnavailable extends WeirError {
  constructor(cause: unknown) {
    const message = 'the request could not be counted against the rate of this caller, so it was not made';
    super('rate_unavailable', 503, message, { cause });
  }
}

/** 402: a budget would be overspent. Asking again before `resetsAt` cannot help. */
export class BudgetExceeded extends WeirError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('budget_exceeded', 402, message, { shouldRetry: false, details });
  }
}

/** 503: the counter could not be read or written, so nothing was let through unmetered. */
export class BudgetUnavailable extends WeirError {
  constructor(cause: unknown) {
    super('budget_unavailable', 503, 'the budget could not be checked, so the call was not made', { cause });
  }
}

/** 504: `only-if-cached` was asked and nothing is cached (RFC 9111, 5.2.1.7). */
export class NotCached extends WeirError {
  constructor() {
    super('not_cached', 504, 'only-if-cached was asked, and no fresh cached reply exists', { shouldRetry: false });
  }
}

/** 504: the deadline came before the answer. */
export class DeadlineExceeded extends WeirError {
  /** @param details the deadline that passed, or the least time that an attempt needs and that is not left */
  constructor(details: { readonly limitMs?: number; readonly leastMs?: number } = {}) {
    const { limitMs, leastMs } = details;
    const limit = limitMs === undefined ? 'in time' : `within the deadline of ${limitMs} ms`;
    const message = leastMs === undefined ? `no answer came ${limit}` : `no answer can come in less than ${leastMs} ms`;
    super('deadline_exceeded', 504, message, { shouldRetry: false, details });
  }
}

/** 499: the caller went away before the answer. */
export class CallerGone extends WeirError {
  constructor() {
    super('caller_gone', 499, 'the caller closed the connection before the answer');
  }
}

/** 502: the model's answer is not what the endpoint promises. */
export class OutputInvalid extends WeirError {
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    // Its answer was paid for, and the same question is likely to get the same.
    super('output_invalid', 502, message, { shouldRetry: false, details });
  }
}

/** 422: the model refused to answer, or a filter cut its answer. */
export class OutputRefused extends WeirError {
  constructor(message: string) {
    super('output_refused', 422, message, { shouldRetry: false });
  }
}

/** 504: a question was given less time than its call, and that is over. */
export class OutputLate extends WeirError {
  constructor(withinMs: number) {
    const details = { limitMs: withinMs };
    super('output_late', 504, 'the upstream gave no answer in time', { shouldRetry: false, details });
  }
}

/** 422: the caller's words were flagged by the moderation that this endpoint asks for. */
export class InputFlagged extends WeirError {
  constructor(categories: readonly string[]) {
    const named = categories.length === 0 ? '' : `: ${categories.join(', ')}`;
    super('input_flagged', 422, `the input was flagged by moderation${named}`, {
      shouldRetry: false,
      details: { categories },
    });
  }
}

/** One secret, or one piece of personal data: its kind and place, never its value. */
export interface BlockedFinding {
  /** `text`, `messages.0.content`, `input.3`. */
  readonly place: string;
  readonly kind: string;
  /** UTF-16 offsets, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A refusal is read by a person, and must fit a message. */
const MOST_TOLD = 20;

/** 422: the request holds what this endpoint, or this caller, lets no model see. */
export class InputBlocked extends WeirError {
  /** @param count of all that was found, of which the first are told */
  constructor(found: readonly BlockedFinding[], count = found.length) {
    const first = found.slice(0, MOST_TOLD);
    const told = first.map(({ place, kind, start, end }) => `${place} holds ${kind} at ${start} to ${end}`);
    const more = count > first.length ? `; and ${count - first.length} more` : '';
    super('input_blocked', 422, `nothing of the kind may be sent: ${told.join('; ')}${more}`, {
      shouldRetry: false,
      details: { found: first, count },
    });
  }
}

/** 422: the idempotency key stands for another input. The same request will always meet it. */
export class IdempotencyMismatch extends WeirError {
  constructor() {
    const message = 'the idempotency key was used before, for another request to this endpoint';
    super('idempotency_mismatch', 422, message, { shouldRetry: false });
  }
}

/** 409: the first request with this idempotency key is not over yet; a repeat gets its reply once it is. */
export class IdempotencyConflict extends WeirError {
  constructor() {
    super('idempotency_conflict', 409, 'a request with this idempotency key is under way', { retryAfterSeconds: 1 });
  }
}

/** 503: whether the call was made before cannot be told, or not be written down, so it was not made. */
export class IdempotencyUnavailable extends WeirError {
  constructor(cause: unknown) {
    const message = 'the idempotency record could not be read or written, so the call was not made';
    super('idempotency_unavailable', 503, message, { cause });
  }
}

/**
 * 422: the call was made and paid for, and its reply was too large to be kept for a repeat. Not a 409, which SDKs take for
 * a thing that passes and ask again.
 */
export class IdempotencyReplyTooLarge extends WeirError {
  constructor(details: { readonly callId: string; readonly replyBytes: number }) {
    const message =
      `the call with this idempotency key was made, but its reply of ${details.replyBytes} bytes was too large to be kept; ` +
      'under another key it would be made, and paid for, again';
    super('idempotency_reply_too_large', 422, message, { shouldRetry: false, details });
  }
}

/** 500: the deployment is wrong: a missing setting, an unpriced model, a malformed key. Never holds the value. */
export class ConfigurationError extends WeirError {
  constructor(message: string, options: WeirErrorOptions = {}) {
    super('configuration', 500, message, { shouldRetry: false, ...options });
  }
}
