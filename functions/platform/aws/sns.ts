import { queryOperation } from './query-protocol.ts';
import type { SignedService } from './signed-service.ts';

export interface Notice {
  readonly topicArn: string;
  /** One line, which e-mail shows. SNS takes it as ASCII and short: other characters become `?`, and what is too long is cut. */
  readonly subject: string;
  /** SNS takes up to 256 KB. */
  readonly message: string;
}

/** The one call of SNS that a function makes. */
export interface Sns {
  /**
   * Sends a notice to all subscribers of a topic, at least once: one whose reply is lost is sent again.
   * @returns the message's id
   * @throws AwsServiceError (`NotFound`, `AuthorizationError`, …); the transport's error when no reply came
   */
  publish(notice: Notice): Promise<string>;
}

/** "Less than 100 characters long": https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT_CHARS = 99;

/** SNS over the Query protocol, for it speaks no JSON. */
export function createSns(send: SignedService): Sns {
  return {
    publish({ topicArn, subject, message }) {
      const line = fitSubject(subject);
      return send(
        queryOperation({
          action: 'Publish',
          version: '2010-03-31',
          // An empty subject is refused, and the notice with it.
          parameters: { TopicArn: topicArn, Message: message, ...(line !== '' && { Subject: line }) },
          element: 'MessageId',
        }),
      );
    },
  };
}

function fitSubject(subject: string): string {
  const ascii = subject
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replaceAll(/[^\x20-\x7e]/gu, '?');
  return ascii.length <= MAX_SUBJECT_CHARS ? ascii : `${ascii.slice(0, MAX_SUBJECT_CHARS - 3)}...`;
}
