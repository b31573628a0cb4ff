import type * as z from 'zod';
import type { FieldFault } from '#platform/errors.ts';
import { showName, showValue } from './shown.ts';

/** A body can be wrong in as many places as it has bytes; a reply names so many of them. */
const MAX_FAULTS = 20;

/**
 * What is wrong with an input, in words that name the field, the limit and the value received:
 * `sentences must be at most 10, but 40 was provided`.
 */
export function fieldFaults(error: z.ZodError, input: unknown): FieldFault[] {
  const issues = error.issues.filter((issue) => !isSaidBetter(issue, error.issues));
  const faults = issues.flatMap((issue) => faultsOf(issue, input));
  if (faults.length <= MAX_FAULTS) return faults;
  const message = `${count(faults.length - MAX_FAULTS, 'more fault')} not shown`;
  return [...faults.slice(0, MAX_FAULTS), { field: 'body', message }];
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): FieldFault[] {
  const field = nameOf(issue.path) ?? 'body';
  const given = valueAt(input, issue.path);
  const fault = (message: string): FieldFault[] => [{ field, message: `${field} ${message}` }];
  const mustBe = (rule: string) => fault(`must ${rule}, but ${showValue(given)} was provided`);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_FAULTS + 1).map((key) => {
        const name = nameOf([...issue.path, key]) as string;
        return { field: name, message: `${name} is not a known field` };
      });
    case 'invalid_type':
      return given === undefined
        ? fault(`is required (${kind(issue.expected)})`)
        : mustBe(`be ${kind(issue.expected)}`);
    case 'too_big':
      return fault(`must ${most(issue)}, but ${size(given, issue.origin)} provided`);
    case 'too_small':
      return fault(`must ${least(issue)}, but ${size(given, issue.origin)} provided`);
    case 'invalid_value':
      return mustBe(`be ${oneOf(issue.values.map(String))}`);
    case 'invalid_format':
      return fault(`${formatRule(issue)}, but ${showValue(given)} was provided`);
    case 'invalid_key':
      return fault('is not a valid name for a field');
    case 'not_multiple_of':
      return mustBe(`be a multiple of ${issue.divisor}`);
    case 'invalid_union':
      return unionFaults(issue, input) ?? mustBe(`be ${kindsOf(issue)}`);
    default:
      return fault(issue.message);
  }
}

/** Of a whole number past 2^53, zod tells that too; where the field has a limit of its own, only that one is of use. */
function isSaidBetter(issue: z.core.$ZodIssue, issues: readonly z.core.$ZodIssue[]): boolean {
  if (!('note' in issue)) return false;
  return issues.some((other) => other !== issue && other.path.join('.') === issue.path.join('.'));
}

/**
 * Of a union that failed, the faults of the one form that was meant: the only one whose type fits. Undefined where none is,
 * or more than one.
 */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, input: unknown): FieldFault[] | undefined {
  const meant = issue.errors.filter((branch) => !branch.some(isOfWrongKind));
  if (meant.length !== 1) return undefined;
  return meant[0]!.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }, input));
}

/** The kinds of value that a union takes: `a text or an object`. */
function kindsOf({ errors }: z.core.$ZodIssueInvalidUnion): string {
  const kinds = errors.flatMap((branch) => branch.filter(isOfWrongKind)).map(({ expected }) => kind(expected));
  return kinds.length === 0 ? 'one of the allowed forms' : [...new Set(kinds)].join(' or ');
}

function isOfWrongKind(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

function nameOf(path: readonly PropertyKey[]): string | undefined {
  return path.length === 0 ? undefined : showName(path.map(String).join('.'));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

function most({ origin, maximum, inclusive = true }: z.core.$ZodIssueTooBig): string {
  return limit(origin, inclusive ? 'at most' : 'less than', maximum);
}

function least({ origin, minimum, inclusive = true }: z.core.$ZodIssueTooSmall): string {
  return limit(origin, inclusive ? 'at least' : 'more than', minimum);
}

function limit(origin: string, side: string, amount: number | bigint): string {
  if (origin === 'string') return `be ${side} ${count(amount, 'character')} long`;
  if (origin === 'array') return `have ${side} ${count(amount, 'item')}`;
  return `be ${side} ${amount.toLocaleString('en-US')}`;
}

/** The rule of a text's format: in the schema's own words (`must be a day such as …`), where it has some. */
function formatRule({ message, format }: z.core.$ZodIssueInvalidStringFormat): string {
  return message.startsWith('Invalid ') ? `must be a valid ${format}` : message;
}

function size(given: unknown, origin: string): string {
  if (origin === 'string' && typeof given === 'string') return were(given.length, 'character');
  if (origin === 'array' && Array.isArray(given)) return were(given.length, 'item');
  return `${showValue(given)} was`;
}

function were(amount: number, noun: string): string {
  return `${count(amount, noun)} ${amount === 1 ? 'was' : 'were'}`;
}

function count(amount: number | bigint, noun: string): string {
  return `${amount.toLocaleString('en-US')} ${noun}${Number(amount) === 1 ? '' : 's'}`;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

/** JSON's kinds of values, as a person would call them. */
const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  record: 'an object',
};

function kind(expected: string): string {
  return KINDS[expected] ?? (/^[aeio]/.test(expected) ? `an ${expected}` : `a ${expected}`);
}
