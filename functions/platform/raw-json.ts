/**
 * A number whose digits JavaScript would round (an int64, a long decimal), kept as it was written: `JSON.stringify` prints
 * it so. It is a frozen object with one member, and must be left whole by whoever walks over JSON.
 */
export interface RawJson {
  readonly rawJSON: string;
}

/** What JSON.parse tells a reviver of a value, beside its name. */
interface ReviverContext {
  /** The text that a plain value was read from; absent for objects and arrays. */
  readonly source?: string;
}

/** https://tc39.es/proposal-json-parse-with-source: in Node since 22, and not yet in TypeScript's library. */
interface JsonWithSource {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(text: string, reviver: (name: string, value: unknown, context: ReviverContext) => unknown): unknown;
}

const json = JSON as unknown as JsonWithSource;

/** Whether a value is a number that was kept as it was written. */
export function isRawJson(value: unknown): value is RawJson {
  return json.isRawJSON(value);
}

/**
 * `JSON.parse`, but a number that would not be printed again as it stands in the text is kept as it was written.
 * @throws SyntaxError for what is no JSON
 */
export function parseKeepingNumbers(text: string): unknown {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && isRounded(value, source) ? json.rawJSON(source) : value,
  );
}

/** Fifteen digits always come back as they went in; `1e400` would become `null`, `1e-400` nothing. */
const SAFE_CHARS = 15;

function isRounded(value: number, source: string): boolean {
  if (source.length > SAFE_CHARS) return String(value) !== source;
  return !Number.isFinite(value) || (value === 0 && /^-?[\d.]*[1-9]/.test(source));
}
