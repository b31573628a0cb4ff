import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { account } from './experiments/account.ts';
import { accountNearLimit } from './experiments/account-near-limit.ts';
import { capacity } from './experiments/capacity.ts';
import { nearLimit } from './experiments/near-limit.ts';
import { overload } from './experiments/overload.ts';
import { whole } from './experiments/whole.ts';
import { formatSection, formatResults } from './markdown.ts';
import { toSvg } from './plot.ts';
import type { Progress, Section } from './section.ts';

const EXPERIMENTS: Readonly<Record<string, (seed: number, progress: Progress) => Section>> = {
  capacity,
  overload,
  'near-limit': nearLimit,
  account,
  'account-near-limit': accountNearLimit,
  whole,
};

const HELP = `npm run simulate [-- --only <experiment>] [--seed <n>]

Plays the budgets' protocol against a model of DynamoDB, event by event, and writes results.md and its plots beside
this file: two to three minutes on one core. The same seed gives the same results. Progress goes to standard error.

  --only <experiment>  print one to standard output, and write nothing: ${Object.keys(EXPERIMENTS).join(', ')}
  --seed <n>           another run of chance (@default 1)
  --help               print this

The exit code is 0 whatever was found; 1 when something broke; 2 for an unknown option.`;

const { only, seed, help } = readOptions();
const startedAtMs = Date.now();
const progress: Progress = (step) =>
  void process.stderr.write(
    `simulate: ${String(Math.round((Date.now() - startedAtMs) / 1000)).padStart(3)} s  ${step}\n`,
  );

if (help) console.log(HELP);
else if (only === undefined) await writeResults();
else console.log(formatSection(EXPERIMENTS[only]!(seed, progress)));

async function writeResults(): Promise<void> {
  const sections = Object.values(EXPERIMENTS).map((experiment) => experiment(seed, progress));
  const write = (file: string, text: string) => writeFile(join(import.meta.dirname, file), text);
  await write('results.md', formatResults(seed, sections));
  for (const plot of sections.flatMap(({ plots = [] }) => plots)) await write(plot.file, toSvg(plot));
  progress('results.md is written');
}

function readOptions(): { only: string | undefined; seed: number; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.only !== undefined && !(values.only in EXPERIMENTS))
      throw new Error(`there is no experiment ${values.only}`);
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`a seed is a whole number, but got ${values.seed}`);
    return { only: values.only, seed: Number(values.seed), help: values.help };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}\n`);
    process.exit(2);
  }
}
