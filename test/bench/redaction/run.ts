import { parseArgs } from 'node:util';
import { allDetectors } from '#redaction/detectors.ts';
import { createRedactor } from '#redaction/redactor.ts';
import { createScanner } from '#redaction/scanner.ts';
import { adversaries } from './adversaries.ts';
import { benignCorpora, secretCorpora } from './corpora.ts';
import { differences, keepScores, lastScores } from './last-scores.ts';
import { createPlainScanner } from './plain-engine.ts';
import { score, type Scores } from './scoring.ts';
import { adversaryMs, costsOf, megabytesPerSecond } from './throughput.ts';

const detectors = allDetectors();

const HELP = `npm run bench:redaction [-- [--keep] [--detectors]]

Scores the detectors on test/corpora: what they find of what is to be found (no fragment of half a secret's length or more
stays), what they change though nothing is, how fast the engine reads, against the same detectors as plain regexes one
after another, and how it bears texts made to slow it down. Then what that won and lost against the last scores.

  --keep         keep these scores as the last ones (test/bench/redaction/scores.json)
  --detectors    findings of each kind, and what each kind costs
  --help         print this

The exit code is 1 where a floor of issue 6 is missed, and 2 for an unknown option.`;

const options = readOptions();
if (options.help) console.log(HELP);
else await bench();

async function bench(): Promise<void> {
  const now = score(createRedactor());
  printRecall(now);
  printChanged(now);
  printThroughput();
  printAdversaries();
  if (options.detectors) printDetectors(now);
  console.log(
    `\nAgainst the last scores\n${differences(lastScores(), now)
      .map((difference) => `  ${difference}`)
      .join('\n')}`,
  );
  if (options.keep) await keepScores(now);
}

function printRecall({ recall }: Scores): void {
  console.log(`${detectors.length} detectors\n\nFound`);
  for (const { name, floor } of secretCorpora()) {
    const { of, missed } = recall[name] ?? { of: 0, missed: [] };
    const percent = (100 * (of - missed.length)) / of;
    if (percent < floor) process.exitCode = 1;
    printLine(name, `${percent.toFixed(2)} %`, `${of - missed.length} of ${of}${floor > 0 ? `, aim ${floor} %` : ''}`);
  }
}

function printChanged({ changed }: Scores): void {
  console.log('\nChanged, though nothing was to be found');
  for (const [name, { of, texts }] of Object.entries(changed)) {
    if (of > 0) printLine(name, `${((100 * texts.length) / of).toFixed(2)} %`, `${texts.length} of ${of}`);
  }
  const [prose, code] = [changed['prose'], changed['code']];
  if (prose && code && prose.texts.length + code.texts.length > 0.005 * (prose.of + code.of)) process.exitCode = 1;
}

function printThroughput(): void {
  console.log('\nThroughput, MB/s (engine, plain regexes, how many times)');
  const [scan, plain] = [createScanner(detectors), createPlainScanner(detectors)];
  const corpora = [
    ...benignCorpora(),
    ...secretCorpora().map(({ name, records }) => ({ name, texts: records.map(({ text }) => text) })),
  ];
  for (const { name, texts } of corpora) {
    const flat = [texts.join('\n')];
    const [fast, slow] = [megabytesPerSecond(scan, flat), megabytesPerSecond(plain, flat, 1)];
    printLine(name, fast.toFixed(0), `${slow.toFixed(1).padStart(6)} ${`${(fast / slow).toFixed(0)} ×`.padStart(6)}`);
  }
}

function printAdversaries(): void {
  const scan = createScanner(detectors);
  const units = adversaries(detectors);
  const times = units.map((unit) => ({ unit, ms: adversaryMs(scan, unit, 100_000) })).toSorted((a, b) => b.ms - a.ms);
  console.log(
    `\nTexts made to slow it down: the slowest of ${units.length} (10 KB, 100 KB, 1 MB; aim for 100 KB 250 ms)`,
  );
  for (const { unit, ms } of times.slice(0, 8)) {
    const [small, large] = [adversaryMs(scan, unit, 10_000), adversaryMs(scan, unit, 1_000_000)];
    printLine(
      JSON.stringify(unit.slice(0, 24)),
      `${small.toFixed(1)} ms`,
      `${ms.toFixed(0)} ms, ${large.toFixed(0)} ms`,
    );
  }
  if ((times[0]?.ms ?? 0) > 250) process.exitCode = 1;
}

function printDetectors({ kinds }: Scores): void {
  console.log('\nFindings in all corpora, and cost on prose and code (ns per KB, beyond the one pass)');
  const texts = benignCorpora().flatMap((corpus) => corpus.texts);
  for (const { kind, nsPerKb } of costsOf(detectors, texts))
    printLine(kind, String(kinds[kind] ?? 0), nsPerKb.toFixed(0));
}

function printLine(name: string, value: string, note: string): void {
  console.log(`  ${name.padEnd(44)} ${value.padStart(9)}   ${note}`);
}

function readOptions(): { keep: boolean; detectors: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: { keep: { type: 'boolean' }, detectors: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    return { keep: values.keep === true, detectors: values.detectors === true, help: values.help === true };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}
