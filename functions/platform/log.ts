/** One structured log line. Values are numbers, booleans, ids and names; never a prompt, an output or a key. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  /** Masks secrets in a text. Every line passes through it. */
  readonly redact: (text: string) => string;
  /** Takes one finished line, without the newline. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
  /** Fields on every line: function, version, region. */
  readonly fields?: LogFields;
}

/** A log of JSON lines. It fails closed: a line that cannot be redacted is dropped, and only the fact is written (D8). */
export function createLog(options: LogOptions): Log {
  // Each text by itself, because JSON's escapes hide where a secret begins (`\nsk-…`); then the line, for its names.
  const printable = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? options.redact(value) : plain(value);
  const line = (level: string) => (message: string, fields?: LogFields) => {
    const head = { level, time: new Date(options.nowMs()).toISOString(), message };
    let text: string;
    try {
      text = options.redact(JSON.stringify({ ...head, ...options.fields, ...fields }, printable));
    } catch {
      text = JSON.stringify({ ...head, message: 'a log line was dropped: it could not be redacted' });
    }
    options.write(text);
  };
  return { info: line('INFO'), warn: line('WARN'), error: line('ERROR') };
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  // An error's cause and stack may quote what it choked on: code and message are ours, the rest is not.
  if (value instanceof Error) return { name: value.name, message: value.message, ...codeOf(value) };
  return value;
}

function codeOf(error: Error): { code?: unknown } {
  return 'code' in error ? { code: error.code } : {};
}
