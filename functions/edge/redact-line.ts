import { createRedactor, type Finding, type Redactor } from '#redaction/redactor.ts';

let redactor: Redactor | undefined;

/** Made at the first text: a start has nothing to redact. */
function current(): Redactor {
  return (redactor ??= createRedactor());
}

/** Masks secrets in a text that leaves the function beside its output: a log line, a problem, a dead letter's reason. */
export function redactLine(line: string): string {
  return current().redact(line).text;
}

/** The same, where a redactor that fails must not end what else is to be done: then the text is another (D8). */
export function redactOr(line: string, instead: string): string {
  try {
    return redactLine(line);
  } catch {
    return instead;
  }
}

/** Where in a text secrets and personal data stand, in order. */
export function findingsIn(text: string): readonly Finding[] {
  return current().redact(text).found;
}
