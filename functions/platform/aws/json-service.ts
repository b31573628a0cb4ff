import type { HttpReply } from './http-transport.ts';
import { AwsServiceError, createSignedService, type SendOptions, type SignedServiceOptions } from './signed-service.ts';

// What comes with every JSON service, so that who uses one need not know what it stands on.
export { AwsServiceError, type SendOptions };

export interface JsonServiceOptions extends SignedServiceOptions {
  /** What stands before the operation in `X-Amz-Target`: `DynamoDB_20120810`. */
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
}

/** Sends one operation and gives its output document. */
export type JsonService = <Output>(operation: string, input: object, options?: SendOptions) => Promise<Output>;

/**
 * A client for AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
 *
 * Why not the SDK's clients: four of them add 340 KB to a bundle and half an empty handler to its cold start, and a request costs
 * 0.64 ms of CPU against 0.18 ms here; the money path sends five. The CLI and the tests use the SDK, against the same
 * servers. Input and output types are the SDK's, imported as types only.
 *
 * @throws AwsServiceError when the service refuses; the transport's error when no reply came
 */
export function createJsonService({ targetPrefix, jsonVersion, ...options }: JsonServiceOptions): JsonService {
  const send = createSignedService(options);
  const contentType = `application/x-amz-json-${jsonVersion}`;
  return <Output>(operation: string, input: object, sendOptions?: SendOptions) => {
    const headers = { 'content-type': contentType, 'x-amz-target': `${targetPrefix}.${operation}` };
    const read = (body: string) => JSON.parse(body || '{}') as Output;
    return send({ headers, body: JSON.stringify(input), read, readError: asServiceError }, sendOptions);
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
