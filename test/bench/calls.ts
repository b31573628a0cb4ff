import { small } from '#edge/models.ts';
import { buildBundles } from './bundles.ts';
import { bundleSizes, coldStart, firstReply } from './cold-start.ts';
import { startCompanion } from './companion.ts';
import { dynamoDbRequests } from './dynamodb-requests.ts';
import { heap } from './heap.ts';
import type { LoopbackAnswer, LoopbackQuestion } from './loopback-process.ts';
import type { Section } from './report.ts';
import { warmCpu } from './warm-cpu.ts';
import { startWarmSummarize } from './warm-environment.ts';

/** What plain calls cost: cold starts, CPU of warm ones, DynamoDB requests, and what many of them leave behind. */
export async function calls(progress: (step: string) => void): Promise<Section[]> {
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
  return sections;
}
