import type { BenchBundles } from './bundles.ts';
import type { LoopbackAnswer } from './loopback-process.ts';
import { redactionShare } from './redaction-share.ts';
import { spreadRow, type Section } from './report.ts';
import { ratiosOf, spreadOf } from './statistics.ts';
import { BLOCK_CALLS, callHits, callMisses, startWarmRawSdk, type WarmEnvironment } from './warm-environment.ts';

const BLOCKS = 24;

/**
 * CPU of a warm call, everything on: cache, reservation, ledger, settlement, logs. In blocks of misses, hits and raw SDK
 * calls that follow one another, each block divided by the raw one of its round. Weir and the raw SDK run in processes of
 * their own, so that neither pays for the other's garbage, and the mocks in a third.
 */
export async function warmCpu(
  summarize: WarmEnvironment,
  bundles: BenchBundles,
  loopback: LoopbackAnswer,
): Promise<Section> {
  await using rawSdk = await startWarmRawSdk(bundles, loopback);
  const cpuMs = { raw: [] as number[], miss: [] as number[], hit: [] as number[] };
  for (let block = 0; block < BLOCKS; block++) {
    cpuMs.raw.push(await rawSdk.callBlock());
    cpuMs.miss.push(await callMisses(summarize));
    cpuMs.hit.push(await callHits(summarize));
  }
  const absolute = (values: readonly number[]) => `${spreadOf(values).median.toFixed(2)} ms`;
  return {
    title: `Warm CPU of summarize, × one raw OpenAI SDK call (${BLOCKS * BLOCK_CALLS} calls of each, in blocks of ${BLOCK_CALLS})`,
    rows: [
      spreadRow('raw SDK call', spreadOf(cpuMs.raw), { unit: 'ms' }),
      spreadRow('miss', ratiosOf(cpuMs.miss, cpuMs.raw), {
        unit: '×',
        aim: 4,
        stretch: 2.5,
        note: absolute(cpuMs.miss),
      }),
      spreadRow('hit', ratiosOf(cpuMs.hit, cpuMs.raw), { unit: '×', aim: 1.5, note: absolute(cpuMs.hit) }),
      redactionShare(spreadOf(cpuMs.miss).median),
    ],
  };
}
