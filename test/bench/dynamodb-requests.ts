import type { Companion } from './companion.ts';
import type { LoopbackAnswer, LoopbackQuestion } from './loopback-process.ts';
import type { Row, Section } from './report.ts';
import { BLOCK_CALLS, callHits, callMisses, type WarmEnvironment } from './warm-environment.ts';

type Loopback = Companion<LoopbackQuestion, LoopbackAnswer>;

/** Requests that a warm call makes, counted where they arrive. */
export async function dynamoDbRequests(summarize: WarmEnvironment, loopback: Loopback): Promise<Section> {
  const counted = async (name: string, aim: number, callBlock: () => Promise<unknown>): Promise<Row> => {
    await loopback.ask({ what: 'look' });
    await callBlock();
    const { awsCounts } = await loopback.ask({ what: 'look' });
    const perCall = Object.entries(awsCounts).map(([operation, count]) => [operation, count / BLOCK_CALLS] as const);
    return {
      name,
      measured: perCall.reduce((sum, [, requests]) => sum + requests, 0),
      unit: 'requests',
      aim,
      note: perCall.map(([operation, requests]) => `${operation} ${requests}`).join(', '),
    };
  };
  return {
    title: 'DynamoDB requests of a warm call of summarize',
    rows: [await counted('miss', 6, () => callMisses(summarize)), await counted('hit', 2, () => callHits(summarize))],
  };
}
