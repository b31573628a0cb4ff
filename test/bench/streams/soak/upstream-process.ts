import { setTimeout } from 'node:timers/promises';
import { choose } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { answerQuestions } from '../../companion.ts';
import { EVERY_MS, piecesFor, tagIn } from './story.ts';

/** What the upstream has done so far, by its own account. */
export interface UpstreamAccount {
  /** With the `/v1`. */
  readonly baseUrl: string;
  readonly requests: number;
  /** Pico-dollars. */
  readonly billed: string;
}

/** Process of the upstream: writes for each request the text that it asks for, and keeps its own bill. */
const started = startScriptedUpstream({ prices: upstreamPrices });

answerQuestions(async (): Promise<UpstreamAccount> => {
  const upstream = await started;
  upstream.otherwise(choose(({ rawBody }) => stream({ chunks: paced(piecesFor(tagIn(rawBody))), obfuscation: true })));
  return { baseUrl: upstream.baseUrl, requests: upstream.requests.length, billed: String(upstream.bill.totalPico) };
});

async function* paced(pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await setTimeout(EVERY_MS);
  }
}
