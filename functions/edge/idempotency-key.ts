import { InvalidRequest } from '#platform/errors.ts';
import { showValue } from './shown.ts';

/** What an idempotency key looks like, in a header as in a message. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** The same in words, for whoever sent another. */
export const IDEMPOTENCY_KEY_RULE = 'must be 1 to 255 visible ASCII characters';

/** Reads `Idempotency-Key`. @throws InvalidRequest */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || IDEMPOTENCY_KEY.test(header)) return header;
  const size = `${showValue(header)} (${header.length} characters)`;
  const message = `Idempotency-Key ${IDEMPOTENCY_KEY_RULE}, but ${size} was provided`;
  throw new InvalidRequest([{ field: 'Idempotency-Key', message }]);
}
