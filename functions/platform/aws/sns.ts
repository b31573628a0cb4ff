import type { HttpReply } from './http-transport.ts';
import { AwsServiceError, type SignedService } from './signed-service.ts';

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

/**
 * SNS over the Query protocol (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html), for it speaks no JSON: a form
 * goes out, XML comes back.
 */
export function createSns(send: SignedService): Sns {
  return {
    publish({ topicArn, subject, message }) {
      const form = new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: topicArn,
        Message: message,
      });
      const line = fitSubject(subject);
      // An empty one is refused, and the notice with it.
      if (line !== '') form.set('Subject', line);
      return send({
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: form.toString(),
        read: (body) => {
          const id = textOf('MessageId', body);
          if (id === undefined) throw new TypeError('SNS answered 200 without a MessageId');
          return id;
        },
        readError: asServiceError,
      });
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

function asServiceError({ status, body }: HttpReply): AwsServiceError {
  const name = textOf('Code', body);
  if (name === undefined) {
    return new AwsServiceError('UnknownError', status, `the service answered ${status} without an error in XML`);
  }
  return new AwsServiceError(name, status, textOf('Message', body) ?? '');
}

/** The text of the first element of this name. The replies in use nest no element of one name in another. */
function textOf(element: string, xml: string): string | undefined {
  const escaped = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return escaped?.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: keyof typeof ENTITIES) => ENTITIES[name]);
}

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
