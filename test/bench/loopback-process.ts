import { startLoopbackAws } from './loopback-aws.ts';
import { startLoopbackOpenAi } from './loopback-openai.ts';
import { answerQuestions } from './companion.ts';

/** The one thing that the mocks are asked: what has happened so far. */
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

answerQuestions(async (): Promise<LoopbackAnswer> => {
  const [aws, openai] = await started;
  return { awsUrl: aws.url, openaiUrl: openai.url, awsCounts: aws.takeCounts(), openaiBody: openai.lastBody() };
});
