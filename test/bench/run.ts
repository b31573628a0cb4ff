import { parseArgs } from 'node:util';
import { calls } from './calls.ts';
import { formatJson, formatTable, machine, verdictOf, type Section } from './report.ts';
import { rotationSection } from './rotation/rotation-section.ts';
import { soakSection } from './streams/soak/soak-section.ts';
import { streams } from './streams/streams.ts';
import { tokenEstimates } from './token-estimates.ts';

const HELP = `npm run bench [-- [--only <part>] [--peers] [--json]]

Measures what Weir costs, as ratios within one run: cold starts, CPU of warm calls, DynamoDB requests, time to a stream's
first token, CPU of its chunks, what many calls and streams leave behind, and how far estimates of tokens are off. About seven
minutes, of which plain calls take a minute and a half. Progress goes to standard error.

  --only <part>  calls: plain calls, of bundles built anew from the sources
                 streams: the local gateway before the sources' handlers
                 estimates: tokens as they are estimated against those of a tokenizer
                 soak: 200 streams at a time for a minute, on the embedded DynamoDB; in no run but its own
                 rotation: 50 calls a second for a minute while keys are rotated and revoked; in no run but its own
  --peers        install Portkey's gateway into test/bench/peers, and send the same streams through it
  --json         print one JSON object in place of the table (npm run --silent bench -- --json)
  --help         print this

The exit code is 0 whatever was measured, but for rotation, where it is 1 when a call failed or a key was lost; 1 when something
broke; 2 for an unknown option.`;

const LONGEST_RUN_MS = 900_000;

type Measure = (options: { readonly peers: boolean }) => Promise<Section[]>;

const PARTS: Readonly<Record<string, Measure>> = {
  calls: () => calls(progress),
  streams: ({ peers }) => streams(progress, peers),
  async estimates() {
    progress('token estimates');
    return [tokenEstimates()];
  },
  async soak() {
    progress('200 streams for a minute');
    return [await soakSection()];
  },
  async rotation() {
    progress('three rotations under load, for a minute');
    const section = await rotationSection();
    // These are promises, not measures.
    if (section.rows.some((row) => verdictOf(row) === 'over')) process.exitCode = 1;
    return [section];
  },
};
const USUAL = ['calls', 'streams', 'estimates'];

const { json, help, only, peers } = readOptions();
if (help) console.log(HELP);
else {
  endInTime();
  await bench();
}

async function bench(): Promise<void> {
  const on = machine();
  const startedAtMs = Date.now();
  const sections: Section[] = [];
  for (const part of only === undefined ? USUAL : [only]) sections.push(...(await PARTS[part]!({ peers })));
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

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        peers: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.only !== undefined && !(values.only in PARTS)) throw new Error(`there is no part ${values.only}`);
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}\n`);
    process.exit(2);
  }
}
