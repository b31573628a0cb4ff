import { matching } from './pattern.ts';
import { firstSentences } from './words.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What a single value is made from. */
interface ScalarPlace {
  text: string;
  sentences: number;
  name: string;
  ordinal: number;
  certainty?: number;
}

/** How a value of a known form looks in a text, and one to use where the text has none. */
interface Form {
  inText: RegExp;
  sample: string;
}

const FORMS: Readonly<Record<string, Form>> = {
  'date-time': { inText: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/, sample: '2026-01-01T00:00:00Z' },
  date: { inText: /\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d)\b/, sample: '2026-01-01' },
  time: { inText: /\b(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ/, sample: '00:00:00Z' },
  duration: { inText: /\bP\d+D\b/, sample: 'P1D' },
  email: { inText: /\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b/i, sample: 'someone@example.com' },
  uri: { inText: /\bhttps?:\/\/[^\s<>"')]+[^\s<>"').,]/, sample: 'https://example.com/' },
  hostname: { inText: /\b(?:[a-z\d-]+\.)+[a-z]{2,}\b/i, sample: 'example.com' },
  ipv4: { inText: /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/, sample: '192.0.2.1' },
  ipv6: { inText: /\b(?:[\da-f]{1,4}:){7}[\da-f]{1,4}\b/i, sample: '2001:db8::1' },
  uuid: {
    inText: /\b[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}\b/i,
    sample: '00000000-0000-4000-8000-000000000000',
  },
};
/** Property names that ask for such a form without saying so. */
const NAMED_FORMS: readonly [name: RegExp, form: string][] = [
  [/e-?mail/i, 'email'],
  [/\b(?:url|uri|link|website)\b/i, 'uri'],
  [/date$|^date/i, 'date'],
];
const SHORT_NAMES = /^(?:title|headline|subject|name)$/i;
const SHORT_WORDS = 8;

/** A string within its bounds: of its format or pattern where it has one, else the text's first sentences. */
export function stringFor(schema: Schema, place: ScalarPlace): string {
  const min = Number(schema['minLength'] ?? 0);
  const max = Number(schema['maxLength'] ?? Infinity);
  const fits = (text: string) => charsOf(text).length >= min && charsOf(text).length <= max;
  if (typeof schema['pattern'] === 'string') {
    const made = matching(schema['pattern'], place.text, fits);
    if (made !== undefined) return made;
  }
  const form = FORMS[String(schema['format'])];
  if (form) return form.inText.exec(place.text)?.[0] ?? form.sample;
  const named = NAMED_FORMS.find(([name]) => name.test(place.name))?.[1];
  const found = named && FORMS[named]?.inText.exec(place.text)?.[0];
  return bounded(found ?? sentence(place), min, max);
}

function sentence({ text, sentences, name }: ScalarPlace): string {
  const whole = firstSentences(text, sentences).join(' ');
  if (!SHORT_NAMES.test(name)) return whole;
  return whole.split(' ').slice(0, SHORT_WORDS).join(' ');
}

/** JSON Schema counts characters, not UTF-16 units. */
const charsOf = (text: string) => Array.from(text);

function bounded(text: string, min: number, max: number): string {
  const chars = charsOf(text);
  if (chars.length > max) return max > 1 ? `${chars.slice(0, max - 1).join('')}…` : chars.slice(0, max).join('');
  return text + '.'.repeat(Math.max(0, min - chars.length));
}

const CERTAINTY_NAMES = /confidence|certainty|score|probability|likelihood/i;

/** A number within its bounds: a position, a certainty, a number that stands in the text, or the smallest allowed. */
export function numberFor(schema: Schema, place: ScalarPlace): number {
  const isInteger = schema['type'] === 'integer' || [schema['type']].flat().includes('integer');
  const step = Number(schema['multipleOf'] ?? (isInteger ? 1 : 0));
  const [min, max] = bounds(schema, step);
  const within = (value: number) => value >= min && value <= max;
  const stepped = (value: number) => clampToStep(value, min, max, step);

  if (place.name === 'index') return stepped(place.ordinal);
  if (CERTAINTY_NAMES.test(place.name) || (min === 0 && max === 1)) {
    const share = place.certainty ?? 0.5;
    return stepped(Number.isFinite(max) ? Math.max(0, min) + share * (max - Math.max(0, min)) : share);
  }
  const inText = (place.text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number).filter(within);
  return stepped(inText[place.ordinal] ?? inText[0] ?? (min === -Infinity ? Math.min(0, max) : min) + place.ordinal);
}

/** An exclusive bound is the inclusive one that lies a step, or a little, inside. */
function bounds(schema: Schema, step: number): [min: number, max: number] {
  const inside = (bound: number) => step || Math.max(1e-9, Math.abs(bound) * 1e-9);
  const low = Number(schema['exclusiveMinimum'] ?? -Infinity);
  const high = Number(schema['exclusiveMaximum'] ?? Infinity);
  return [
    Math.max(Number(schema['minimum'] ?? -Infinity), Number.isFinite(low) ? low + inside(low) : low),
    Math.min(Number(schema['maximum'] ?? Infinity), Number.isFinite(high) ? high - inside(high) : high),
  ];
}

function clampToStep(value: number, min: number, max: number, step: number): number {
  const clamped = Math.min(max, Math.max(min, value));
  if (step === 0) return clamped;
  let steps = Math.round(clamped / step);
  if (steps * step < min) steps = Math.ceil(min / step);
  if (steps * step > max) steps = Math.floor(max / step);
  return Number((steps * step).toPrecision(12));
}
