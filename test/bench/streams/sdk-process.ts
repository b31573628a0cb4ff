import OpenAI from 'openai';
import { answerQuestions } from '../companion.ts';
import { paceOf, type Pace } from './pace.ts';
import { ownCpuMs } from './serving.ts';

/** Streams to be read by the SDK, all at a time. */
export interface SdkQuestion {
  readonly streams: number;
  readonly pace: Pace;
}

/** Process of a client that reads streams from the upstream with the stock SDK. Argument: the upstream's address. */
const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: 'bench', maxRetries: 0 });

/** Answers with the CPU milliseconds that it took. */
answerQuestions(async (question): Promise<number> => {
  const { streams, pace } = question as SdkQuestion;
  const before = ownCpuMs();
  await Promise.all(Array.from({ length: streams }, () => read(pace)));
  return ownCpuMs() - before;
});

async function read(pace: Pace): Promise<void> {
  const messages = [{ role: 'user' as const, content: paceOf(pace) }];
  const stream = await client.chat.completions.create({ model: 'gpt-6-luna', messages, stream: true });
  let chunks = 0;
  let finish: string | null = null;
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) chunks++;
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  if (chunks !== pace.chunks || finish !== 'stop') throw new Error(`${chunks} of ${pace.chunks} chunks came`);
}
