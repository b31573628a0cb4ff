import { parseArgs } from 'node:util';
import { small } from '#edge/models.ts';
import { buildBundles } from './bundles.ts';
import { bundleSizes, coldStart, firstReply } from './cold-start.ts';
import { startCompanion } from './companion.ts';
import { dynamoDbRequests } from './dynamodb-requests.ts';
import { heap } from './heap.ts';
import type { LoopbackAnswer, LoopbackQuestion } from './loopback-process.ts';
import { formatJson, formatTable, machine, type Section } from './report.ts';
import { warmCpu } from './warm-cpu.ts';
import { startWarmSummarize } from './warm-environment.ts';

const HELP = `npm run bench [-- --json]

Measures what Weir costs, as ratios within one run: cold starts, CPU of warm calls, DynamoDB requests, and what many
calls leave behind. About a minute and a half, of bundles built anew from the sources. Progress goes to standard error.

  --json   print one JSON object in place of the table (npm run --silent bench -- --json)
  --help   print this

The exit code is 0 whatever was measured; 1 when something broke; 2 for an unknown option.`;

const LONGEST_RUN_MS = 180_000;

const { json, help } = readOptions();
if (help) console.log(HELP);
else {
  endInTime();
  await bench();
}

async function bench(): Promise<void> {
  const on = machine();
  const startedAtMs = Date.now();
  const sections: Section[] = [];

  progress('bundling');
  const bundles = await buildBundles();
  sections.push(bundleSizes(bundles));
  progress('cold starts');
  sections.push(await coldStart(bundles));

  await using loopback = startCompanion<LoopbackQuestion, LoopbackAnswer>('loopback-process.ts', {
    arguments: [small.model],
  });
  progress('warming up');
  await using summarize = await startWarmSummarize(bundles, await loopback.ask({ what: 'look' }));
  const addresses = await loopback.ask({ what: 'look' });
  progress('first replies');
  sections.push(await firstReply(bundles, addresses));
  progress('warm CPU');
  sections.push(await warmCpu(summarize, bundles, addresses));
  progress('DynamoDB requests');
  sections.push(await dynamoDbRequests(summarize, loopback));
  progress('heap over 10,000 calls');
  sections.push(await heap(summarize));

  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  console.log((json ? formatJson : formatTable)(on, sections, seconds));
}

/** Companions end with this process, and the bundles' folder with them. */
function endInTime(): void {
  const end = (why: string) => {
    progress(why);
    process.exit(1);
  };
  setTimeout(() => end(`not done after ${LONGEST_RUN_MS} ms`), LONGEST_RUN_MS).unref();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(signal));
}

function progress(step: string): void {
  process.stderr.write(`bench: ${step}\n`);
}

function readOptions(): { json: boolean; help: boolean } {
  const options = { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}\n`);
    process.exit(2);
  }
}
