import { startLoopbackAws } from './loopback-aws.ts';
import { startLoopbackOpenAi } from './loopback-openai.ts';
import { answerQuestions } from './companion.ts';

/** What the other side of every socket is asked by the bench. */
export type LoopbackQuestion = { readonly what: 'look' };

export interface LoopbackAnswer {
  readonly awsUrl: string;
  readonly openaiUrl: string;
  /** AWS requests by operation since the last look. */
  readonly awsCounts: Readonly<Record<string, number>>;
  /** Body of the last request to OpenAI. */
  readonly openaiBody: string;
}

/** Process of the mocks: apart from whoever calls them, so that their CPU is not counted. Argument: the model served. */
const started = Promise.all([startLoopbackAws(), startLoopbackOpenAi(process.argv[2] ?? '')]);

answerQuestions<LoopbackQuestion, LoopbackAnswer>(async () => {
  const [aws, openai] = await started;
  return { awsUrl: aws.url, openaiUrl: openai.url, awsCounts: aws.takeCounts(), openaiBody: openai.lastBody() };
});
