import { createRedactor } from '#redaction/redactor.ts';

const redactor = createRedactor();

/** Masks secrets in a text that leaves the function beside its output: a log line, a problem, a dead letter's reason. */
export function redactLine(line: string): string {
  return redactor.redact(line).text;
}
