import aws4 from 'aws4';
import { systemClock, type Clock } from '../clock.ts';
import { httpTransport, type HttpReply, type Transport } from './http-transport.ts';

/** Credentials as Lambda hands them to a function. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedServiceOptions {
  /** Name for signing and for the host: `dynamodb`, `secretsmanager`, `sqs`, `sns`, `apigateway`. */
  readonly service: string;
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

/** One operation in the words of a protocol. */
export interface Operation<Output> {
  /** @default POST */
  readonly method?: string;
  /** With its query. @default the endpoint's own */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The output in the body of a success. @throws when it is not whole: the operation is then tried again */
  readonly read: (body: string) => Output;
  /** The error that any other reply tells. */
  readonly readError: (reply: HttpReply) => AwsServiceError;
}

/** Sends one operation and gives its output. */
export type SignedService = <Output>(operation: Operation<Output>, options?: SendOptions) => Promise<Output>;

/** An AWS service said no: `name` is its error type (`ConditionalCheckFailedException`). The message may quote input. */
export class AwsServiceError extends Error {
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** A pause is at most so long, however often a request was tried. */
const LONGEST_PAUSE_MS = 200;

/** The services have not agreed on one name. */
const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'ThrottledException',
  'Throttling',
  'Throttled',
  'RequestLimitExceeded',
  'RequestThrottled',
]);

/**
 * What all of AWS's protocols have in common: one signed request an operation, over kept-alive sockets, and another try after what
 * may pass: no answer, a 5xx, a throttle.
 *
 * @throws AwsServiceError when the service refuses; the transport's error when no reply came
 */
export function createSignedService(options: SignedServiceOptions): SignedService {
  const { service, region, credentials } = options;
  const url = new URL(options.endpoint ?? `https://${service}.${region}.amazonaws.com`);
  const transport = options.transport ?? httpTransport;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const pause = (delayMs: number) => new Promise<void>((resolve) => void clock.startTimer(resolve, delayMs));

  const sendOnce = (operation: Operation<unknown>, timeoutMs: number): Promise<HttpReply> => {
    const { method = 'POST', path, headers, body } = operation;
    const to = path === undefined ? url : new URL(path, url);
    const request = { service, region, host: url.host, path: to.pathname + to.search, method, headers, body };
    return transport({ method, url: to, headers: aws4.sign(request, credentials).headers, body, timeoutMs });
  };

  return async (operation, { attempts = 3, timeoutMs = 1000 } = {}) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await sendOnce(operation, timeoutMs);
        if (reply.status >= 200 && reply.status < 300) return operation.read(reply.body);
        throw operation.readError(reply);
      } catch (error) {
        if (attempt >= attempts || !isTransient(error)) throw error;
        await pause(random() * Math.min(LONGEST_PAUSE_MS, 25 * 2 ** attempt));
      }
    }
  };
}

/** The service had no capacity for a request, and did nothing. A quota that is used up is a 429 of API Gateway's too, and stays so. */
export function isThrottled(error: unknown): boolean {
  if (!(error instanceof AwsServiceError) || error.name === 'LimitExceededException') return false;
  return error.status === 429 || THROTTLED.has(error.name);
}

function isTransient(error: unknown): boolean {
  return !(error instanceof AwsServiceError) || error.status >= 500 || isThrottled(error);
}
