import { answerQuestions } from '../companion.ts';
import { startLoopbackAws } from '../loopback-aws.ts';
import { startPacedUpstream } from './paced-upstream.ts';

/** Where the mocks are. */
export interface UpstreamAnswer {
  readonly awsUrl: string;
  /** Without the `/v1`. */
  readonly openaiUrl: string;
}

/** Process of the mocks: apart from whoever serves, so that their CPU is not counted. */
const started = Promise.all([startLoopbackAws(), startPacedUpstream()]);

answerQuestions(async (): Promise<UpstreamAnswer> => {
  const [aws, openaiUrl] = await started;
  return { awsUrl: aws.url, openaiUrl };
});
