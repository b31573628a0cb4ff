import type { AtRest } from './at-rest.ts';
import type { BenchBundles } from './bundles.ts';
import type { CallerQuestion, CallsMade } from './caller-process.ts';
import { startCompanion, type Companion } from './companion.ts';
import type { LoopbackAnswer } from './loopback-process.ts';
import { hits, lambdaEnvironment, misses, rawSdkEnvironment } from './traffic.ts';

/** A process that has loaded a handler and made so many calls that nothing in it is new. */
export interface WarmEnvironment extends AsyncDisposable {
  /** @returns CPU milliseconds a call @throws unless every reply is of the kind that was expected */
  call(events: readonly unknown[], expected: string): Promise<number>;
  atRest(): Promise<AtRest>;
}

/** By then V8 has optimised what it will optimise: the CPU of a call falls no more. */
const WARM_UP_CALLS = 2_000;
/** Long enough for several garbage collections, short enough that a slow moment meets all that is compared. */
export const BLOCK_CALLS = 200;

/** The deployed bundle of `summarize`, warm in both its ways. */
export async function startWarmSummarize(bundles: BenchBundles, loopback: LoopbackAnswer): Promise<WarmEnvironment> {
  const environment = startCaller(bundles.fileOf('summarize'), lambdaEnvironment(loopback));
  await environment.call(hits(1), '200 miss');
  for (let calls = 0; calls < WARM_UP_CALLS; calls += BLOCK_CALLS) {
    await callMisses(environment);
    await callHits(environment);
  }
  return environment;
}

/** The stock SDK, warm, sending what Weir last sent. */
export async function startWarmRawSdk(bundles: BenchBundles, loopback: LoopbackAnswer) {
  const environment = startCaller(bundles.rawSdk.file, rawSdkEnvironment(loopback));
  const block = Array.from({ length: BLOCK_CALLS }, () => JSON.parse(loopback.openaiBody) as unknown);
  const callBlock = () => environment.call(block, '200');
  for (let calls = 0; calls < WARM_UP_CALLS; calls += BLOCK_CALLS) await callBlock();
  return { callBlock, [Symbol.asyncDispose]: () => environment[Symbol.asyncDispose]() };
}

/** One block of calls that miss. @returns CPU milliseconds a call */
export function callMisses(environment: WarmEnvironment): Promise<number> {
  return environment.call(misses(BLOCK_CALLS), '200 miss');
}

/** One block of calls that hit. @returns CPU milliseconds a call */
export function callHits(environment: WarmEnvironment): Promise<number> {
  return environment.call(hits(BLOCK_CALLS), '200 hit');
}

function startCaller(file: string, environment: Record<string, string>): WarmEnvironment {
  const process: Companion<CallerQuestion, CallsMade | AtRest> = startCompanion('caller-process.ts', {
    arguments: [file],
    environment,
    nodeOptions: ['--expose-gc'],
  });
  return {
    async call(events, expected) {
      const { cpuMs, replies } = (await process.ask({ what: 'call', events })) as CallsMade;
      if (replies[expected] !== events.length) {
        throw new Error(`${events.length} calls should be answered '${expected}', but were ${JSON.stringify(replies)}`);
      }
      return cpuMs / events.length;
    },
    atRest: async () => (await process.ask({ what: 'rest' })) as AtRest,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
