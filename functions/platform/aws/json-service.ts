import aws4 from 'aws4';
import { systemClock, type Clock } from '../clock.ts';
import { httpTransport, type HttpReply, type Transport } from './http-transport.ts';

/** Credentials as Lambda hands them to a function. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface JsonServiceOptions {
  /** Name for signing and for the host: `dynamodb`, `secretsmanager`, `sqs`. */
  readonly service: string;
  /** What stands before the operation in `X-Amz-Target`: `DynamoDB_20120810`. */
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
  readonly region: string;
  /** Replaces the service's public endpoint. */
  readonly endpoint?: string | undefined;
  readonly credentials: AwsCredentials;
  readonly transport?: Transport;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface SendOptions {
  /** Tries in all, the first included. @default 3. One for a request whose repeat would not be the same. */
  readonly attempts?: number;
  /** Per attempt. @default 1000 */
  readonly timeoutMs?: number;
}

/** Sends one operation and gives its output document. */
export type JsonService = <Output>(operation: string, input: object, options?: SendOptions) => Promise<Output>;

/** An AWS service said no: `name` is its error type (`ConditionalCheckFailedException`). The message may quote input. */
export class AwsServiceError extends Error {
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottled',
]);

/**
 * A client for AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html): one signed POST an
 * operation, over kept-alive sockets.
 *
 * Why not the SDK's clients: four of them add 340 KB to a bundle and half an empty handler to its cold start, and a request costs
 * 0.64 ms of CPU against 0.18 ms here; the money path sends five. The CLI and the tests use the SDK, against the same
 * servers. Input and output types are the SDK's, imported as types only.
 *
 * @throws AwsServiceError when the service refuses; the transport's error when no reply came
 */
export function createJsonService(options: JsonServiceOptions): JsonService {
  const url = new URL(options.endpoint ?? `https://${options.service}.${options.region}.amazonaws.com`);
  const transport = options.transport ?? httpTransport;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const pause = (delayMs: number) => new Promise<void>((resolve) => void clock.startTimer(resolve, delayMs));

  const sendOnce = (operation: string, body: string, timeoutMs: number): Promise<HttpReply> => {
    const signed = aws4.sign(
      {
        service: options.service,
        region: options.region,
        host: url.host,
        path: url.pathname,
        method: 'POST',
        headers: {
          'content-type': `application/x-amz-json-${options.jsonVersion}`,
          'x-amz-target': `${options.targetPrefix}.${operation}`,
        },
        body,
      },
      options.credentials,
    );
    return transport({ url, headers: signed.headers, body, timeoutMs });
  };

  return async <Output>(operation: string, input: object, { attempts = 3, timeoutMs = 1000 }: SendOptions = {}) => {
    const body = JSON.stringify(input);
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await sendOnce(operation, body, timeoutMs);
        if (reply.status === 200) return JSON.parse(reply.body || '{}') as Output;
        throw asServiceError(reply);
      } catch (error) {
        if (attempt >= attempts || !isTransient(error)) throw error;
        await pause(random() * 25 * 2 ** attempt);
      }
    }
  };
}

function asServiceError({ status, body }: HttpReply): AwsServiceError {
  try {
    const document = JSON.parse(body) as { __type?: string; message?: string; Message?: string };
    const name = document.__type?.split('#').pop() ?? 'UnknownError';
    return new AwsServiceError(name, status, document.message ?? document.Message ?? '');
  } catch {
    return new AwsServiceError('UnknownError', status, `the service answered ${status} without a JSON body`);
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof AwsServiceError) return error.status >= 500 || THROTTLED.has(error.name);
  return true;
}
