import { expect, test } from 'vitest';
import * as errors from '#platform/errors.ts';

const subclasses: readonly (readonly [string, errors.WeirError, number, boolean | undefined])[] = [
  ['InvalidRequest', new errors.InvalidRequest([{ field: 'a', message: 'a is wrong' }]), 400, undefined],
  ['MalformedBody', new errors.MalformedBody('m'), 422, undefined],
  ['TooLarge', new errors.TooLarge('m', {}), 413, undefined],
  ['Unauthenticated', new errors.Unauthenticated(), 401, undefined],
  ['Forbidden', new errors.Forbidden('m'), 403, undefined],
  ['ModelNotAllowed', new errors.ModelNotAllowed("'m'", ['a']), 403, undefined],
  ['ModelNotPriced', new errors.ModelNotPriced("'m'"), 400, undefined],
  ['NotFound', new errors.NotFound('m'), 404, undefined],
  ['Conflict', new errors.Conflict('m'), 409, undefined],
  ['AuditUnavailable', new errors.AuditUnavailable(new Error('c')), 503, undefined],
  ['Throttled', new errors.Throttled(), 429, undefined],
  ['RateUnavailable', new errors.RateUnavailable(new Error('c')), 503, undefined],
  ['BudgetExceeded', new errors.BudgetExceeded('m', {}), 402, false],
  ['BudgetUnavailable', new errors.BudgetUnavailable(new Error('c')), 503, undefined],
  ['NotCached', new errors.NotCached(), 504, false],
  ['DeadlineExceeded', new errors.DeadlineExceeded({ limitMs: 5 }), 504, false],
  ['CallerGone', new errors.CallerGone(), 499, undefined],
  ['OutputLate', new errors.OutputLate(5), 504, false],
  ['OutputInvalid', new errors.OutputInvalid('m'), 502, false],
  ['OutputRefused', new errors.OutputRefused('m'), 422, false],
  ['InputFlagged', new errors.InputFlagged(['violence']), 422, false],
  ['InputBlocked', new errors.InputBlocked([{ place: 'text', kind: 'EMAIL', start: 0, end: 1 }]), 422, false],
  ['IdempotencyMismatch', new errors.IdempotencyMismatch(), 422, false],
  ['IdempotencyConflict', new errors.IdempotencyConflict(), 409, undefined],
  ['IdempotencyUnavailable', new errors.IdempotencyUnavailable(new Error('c')), 503, undefined],
  ['IdempotencyReplyTooLarge', new errors.IdempotencyReplyTooLarge({ callId: 'c', replyBytes: 1 }), 422, false],
  ['ConfigurationError', new errors.ConfigurationError('m'), 500, false],
];

test('every error of the file is in this table', () => {
  const exported = Object.keys(errors).filter((name) => name !== 'WeirError');
  expect(exported.sort()).toEqual(subclasses.map(([name]) => name).sort());
});

test.each(subclasses)(
  '%s has its code as its name, its status, and says whether asking again can help',
  (className, error, status, shouldRetry) => {
    expect(error).toBeInstanceOf(errors.WeirError);
    expect(error.name).toBe(error.code);
    expect(error.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    const words = className
      .replace(/Error$/, '')
      .replaceAll(/(?!^)[A-Z]/g, (letter) => `_${letter}`)
      .toLowerCase();
    expect(error.code).toBe(words);
    expect([error.status, error.shouldRetry]).toEqual([status, shouldRetry]);
  },
);

test('no two errors share a code', () => {
  expect(new Set(subclasses.map(([, { code }]) => code)).size).toBe(subclasses.length);
});

test('InvalidRequest says all faults in its message, and lists them', () => {
  const faults = [
    { field: 'a', message: 'a is wrong' },
    { field: 'b', message: 'b is missing' },
  ];
  expect(new errors.InvalidRequest(faults)).toMatchObject({
    message: 'a is wrong; b is missing',
    details: { errors: faults },
  });
});

test('a cause is kept for the log and told to nobody', () => {
  const cause = new Error('inside');
  const error = new errors.BudgetUnavailable(cause);
  expect([error.cause, error.message.includes('inside'), error.details]).toEqual([cause, false, {}]);
});
