import type * as z from 'zod';
import type { FieldFault } from '#platform/errors.ts';

/** The given value is shown up to this length: enough to recognise it, too little to spill a text. */
const MAX_SHOWN_CHARS = 40;

/**
 * What is wrong with an input, in words that name the field, the limit and the value received:
 * `sentences must be at most 10, but 40 was provided`.
 */
export function fieldFaults(error: z.ZodError, input: unknown): FieldFault[] {
  return error.issues.flatMap((issue) => faultsOf(issue, input));
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): FieldFault[] {
  const field = issue.path.join('.') || 'body';
  const given = valueAt(input, issue.path);
  const fault = (message: string): FieldFault[] => [{ field, message: `${field} ${message}` }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const name = issue.path.length > 0 ? `${field}.${key}` : key;
        return { field: name, message: `${shorten(name)} is not a known field` };
      });
    case 'invalid_type':
      if (given === undefined) return fault(`is required (${issue.expected})`);
      return fault(`must be ${article(issue.expected)}, but ${describe(given)} was provided`);
    case 'too_big':
      return fault(
        `must be at most ${measure(issue.maximum, issue.origin)}, but ${size(given, issue.origin)} provided`,
      );
    case 'too_small':
      return fault(
        `must be at least ${measure(issue.minimum, issue.origin)}, but ${size(given, issue.origin)} provided`,
      );
    case 'invalid_value':
      return fault(`must be one of ${issue.values.join(', ')}, but ${describe(given)} was provided`);
    case 'invalid_union':
      return fault(`fits none of the allowed forms; ${describe(given)} was provided`);
    default:
      return fault(issue.message);
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

function measure(limit: number | bigint, origin: string): string {
  const count = limit.toLocaleString('en-US');
  if (origin === 'string') return `${count} characters long`;
  if (origin === 'array') return `${count} items long`;
  return count;
}

function size(given: unknown, origin: string): string {
  if (origin === 'string' && typeof given === 'string')
    return `${given.length.toLocaleString('en-US')} characters were`;
  if (origin === 'array' && Array.isArray(given)) return `${given.length.toLocaleString('en-US')} items were`;
  return `${describe(given)} was`;
}

function describe(given: unknown): string {
  if (typeof given === 'string') return `'${shorten(given)}'`;
  if (typeof given === 'number' || typeof given === 'boolean' || given === null) return String(given);
  if (given === undefined) return 'nothing';
  return article(Array.isArray(given) ? 'array' : typeof given);
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}
