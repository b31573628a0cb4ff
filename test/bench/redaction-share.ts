import { createRedactor } from '#redaction/redactor.ts';
import { benignCorpora } from './redaction/corpora.ts';
import type { Row } from './report.ts';

const PROMPT_CHARS = 8_192;
const WARMING = 200;
const RUNS = 400;

/** What it takes to look an 8 KB prompt through, encodings included, beside the CPU of a whole call. */
export function redactionShare(missMs: number): Row {
  const prose = benignCorpora().find(({ name }) => name === 'prose');
  const prompt = prose!.texts.join('\n\n').slice(0, PROMPT_CHARS);
  const redactor = createRedactor();
  for (let run = 0; run < WARMING; run++) redactor.redact(prompt);
  const before = process.threadCpuUsage();
  for (let run = 0; run < RUNS; run++) redactor.redact(prompt);
  const { user, system } = process.threadCpuUsage(before);
  const redactMs = (user + system) / 1000 / RUNS;
  return {
    name: 'redaction of an 8 KB prompt, of a miss',
    measured: (100 * redactMs) / missMs,
    unit: '%',
    note: `${redactMs.toFixed(3)} ms`,
  };
}
