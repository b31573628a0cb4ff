import { canonicalJson } from '#platform/canonical-json.ts';
import { hasFormat } from './formats.ts';
import type { JsonType, Path, SchemaNode } from './schema-node.ts';

/** What is wrong with a value, and where. Messages hold names and limits of the schema, never the value. */
export interface ValueFault {
  /** From the value's root. */
  readonly path: Path;
  readonly message: string;
}

/** A value as its schema has it, and what is wrong with it. */
export interface Checked {
  /** Members that were null only because every member must be given are left out. */
  readonly value: unknown;
  readonly faults: readonly ValueFault[];
}

/** More than anybody reads, and enough for a second try. */
const MAX_FAULTS = 30;

/**
 * Checks a value against a schema, keyword by keyword as draft 2020-12 has them.
 *
 * @param nulls `absent`: a member that is null, whose schema has no null and which is not required, was left out
 */
export function checkValue(node: SchemaNode, value: unknown, nulls: 'absent' | 'as they are' = 'as they are'): Checked {
  return new Checking(nulls === 'absent').check(node, value);
}

/** Whether a schema takes this value. */
export function fits(node: SchemaNode, value: unknown): boolean {
  return checkValue(node, value).faults.length === 0;
}

/** Each object is judged once by each schema, so that alternatives within alternatives do not multiply. */
class Checking {
  readonly #leavesNullsOut: boolean;
  readonly #judged = new Map<SchemaNode, Map<object, Checked>>();

  constructor(leavesNullsOut: boolean) {
    this.#leavesNullsOut = leavesNullsOut;
  }

  check(node: SchemaNode, value: unknown): Checked {
    if (value === null || typeof value !== 'object') return this.#judge(node, value);
    let judged = this.#judged.get(node);
    if (!judged) this.#judged.set(node, (judged = new Map()));
    let result = judged.get(value);
    if (!result) judged.set(value, (result = this.#judge(node, value)));
    return result;
  }

  #judge(node: SchemaNode, given: unknown): Checked {
    if (node.isNever) return { value: given, faults: [{ path: [], message: 'must not be there' }] };
    let value = given;
    const faults: ValueFault[] = [];
    const take = (checked: Checked) => {
      ({ value } = checked);
      faults.push(...checked.faults);
    };
    if (node.ref) take(this.check(node.ref, value));
    if (node.anyOf) take(this.#alternatives(node.anyOf, value, false));
    if (node.oneOf) take(this.#alternatives(node.oneOf, value, true));
    faults.push(...valueFaults(node, value).map((message) => ({ path: [], message })));
    if (Array.isArray(value)) take(this.#items(node, value));
    else if (isObject(value)) take(this.#members(node, value));
    return { value, faults: faults.slice(0, MAX_FAULTS) };
  }

  /** The first that fits gives the value. Where none does, the nearest tells its faults: the one whose kind fits. */
  #alternatives(nodes: readonly SchemaNode[], value: unknown, isOne: boolean): Checked {
    const checked = nodes.map((node) => this.check(node, value));
    const fitting = checked.filter(({ faults }) => faults.length === 0);
    if (fitting.length > 1 && isOne) {
      return { value, faults: [{ path: [], message: `must fit one of the alternatives, but fits ${fitting.length}` }] };
    }
    const near = checked.filter(({ faults }) => faults.every(({ path }) => path.length > 0));
    if (fitting[0]) return fitting[0];
    if (near.length === 1) return near[0] as Checked;
    return { value, faults: [{ path: [], message: 'must fit one of the alternatives, but fits none' }] };
  }

  #items({ items }: SchemaNode, value: readonly unknown[]): Checked {
    if (!items) return { value, faults: [] };
    const checked = value.map((each) => this.check(items, each));
    return {
      value: checked.map((each) => each.value),
      faults: checked.flatMap((each, index) => each.faults.map((fault) => under(index, fault))).slice(0, MAX_FAULTS),
    };
  }

  #members(node: SchemaNode, value: Readonly<Record<string, unknown>>): Checked {
    const { properties, required = [], isClosed } = node;
    const faults: ValueFault[] = [];
    const kept: [string, unknown][] = [];
    for (const [name, member] of Object.entries(value)) {
      const schema = properties?.get(name);
      if (!schema && isClosed) faults.push({ path: [], message: 'must have no members but those of the schema' });
      const checked = schema ? this.check(schema, member) : { value: member, faults: [] };
      const isAbsent = this.#leavesNullsOut && member === null && checked.faults.length > 0 && !required.includes(name);
      if (isAbsent) continue;
      kept.push([name, checked.value]);
      faults.push(...checked.faults.map((fault) => under(name, fault)));
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) faults.push({ path: [name], message: 'is required' });
    }
    return { value: Object.fromEntries(kept), faults };
  }
}

function under(step: string | number, { path, message }: ValueFault): ValueFault {
  return { path: [step, ...path], message };
}

/** What is wrong with a value by itself, whatever it holds. */
function valueFaults(node: SchemaNode, value: unknown): string[] {
  const faults =
    typeof value === 'string' ? textFaults(node, value) : typeof value === 'number' ? numberFaults(node, value) : [];
  if (Array.isArray(value)) faults.push(...sizeFaults(value.length, 'item', node.minItems, node.maxItems));
  if (node.types && !node.types.some((type) => isOfType(value, type)))
    faults.push(`must be ${node.types.join(' or ')}`);
  if (node.values) {
    const written = canonicalJson(value);
    if (!node.values.some((each) => canonicalJson(each) === written))
      faults.push('must be one of the values that the schema lists');
  }
  return faults;
}

function textFaults({ minLength, maxLength, pattern, format }: SchemaNode, text: string): string[] {
  const faults = sizeFaults(codePoints(text), 'character', minLength, maxLength);
  if (pattern && !pattern.regexp.test(text)) faults.push(`must match the pattern ${pattern.source}`);
  if (format && !hasFormat(text, format)) faults.push(`must be a valid ${format}`);
  return faults;
}

/** JSON Schema's characters: a surrogate pair is one. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function sizeFaults(size: number, noun: string, least = 0, most = Infinity): string[] {
  if (size < least) return [`must have at least ${least} ${noun}s, but has ${size}`];
  return size > most ? [`must have at most ${most} ${noun}s, but has ${size}`] : [];
}

function numberFaults(node: SchemaNode, number: number): string[] {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = node;
  return [
    ...(minimum !== undefined && number < minimum ? [`must be at least ${minimum}`] : []),
    ...(exclusiveMinimum !== undefined && number <= exclusiveMinimum ? [`must be more than ${exclusiveMinimum}`] : []),
    ...(maximum !== undefined && number > maximum ? [`must be at most ${maximum}`] : []),
    ...(exclusiveMaximum !== undefined && number >= exclusiveMaximum ? [`must be less than ${exclusiveMaximum}`] : []),
    ...(multipleOf !== undefined && !isMultiple(number, multipleOf) ? [`must be a multiple of ${multipleOf}`] : []),
  ];
}

/** Decimal fractions have no exact binary form: 19.99 is a multiple of 0.01 all the same. */
function isMultiple(number: number, unit: number): boolean {
  if (number % unit === 0) return true;
  const times = number / unit;
  return Number.isFinite(times) && Math.abs(times - Math.round(times)) <= 1e-12 * Math.max(1, Math.abs(times));
}

function isOfType(value: unknown, type: JsonType): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
