import { WeirError } from '#platform/errors.ts';
import { redactLine } from './redact-line.ts';

/** What a caller is told of an error that nobody planned. */
const UNPLANNED = new WeirError('internal', 500, 'something went wrong inside; the request id tells us what');

/** The error that a caller is told of: a planned one itself, and for any other a plain 500. */
export function knownError(error: unknown): WeirError {
  return error instanceof WeirError ? error : UNPLANNED;
}

/** The headers that tell a client whether and when to ask again, whatever form the error has. */
export function retryHeaders(error: WeirError): Record<string, string> {
  return {
    ...(error.shouldRetry === false && { 'x-should-retry': 'false' }),
    ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
  };
}

/** Masks secrets in a text. */
export type Mask = (text: string) => string;

/**
 * An error in the form in which it goes out, masked. Where the redactor itself fails it is a plain 500 in place of the error: its
 * words are ours alone, and quote nobody (D8).
 */
export function maskedForm<Form>(error: unknown, print: (known: WeirError, mask: Mask) => Form): Form {
  try {
    return print(knownError(error), redactLine);
  } catch {
    return print(UNPLANNED, (text) => text);
  }
}

/** JSON that goes out, masked: each text by itself, because JSON's escapes hide where a secret begins (`\nsk-…`). */
export function maskedJson(document: unknown, mask: Mask): string {
  return JSON.stringify(document, (_name, value: unknown) => (typeof value === 'string' ? mask(value) : value));
}
