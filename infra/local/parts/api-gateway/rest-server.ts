import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AwsError, type RunningServer } from '../json-protocol-server.ts';

/** One request to a REST-JSON API. */
export interface RestCall {
  /** What stands in the places of the path's `{name}`s, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed; `{}` where there is none. */
  readonly body: unknown;
}

/** An operation: `POST /usageplans/{id}/keys`, its status when it succeeds, and its work. */
export interface RestOperation {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** @throws AwsError */
  run(call: RestCall): unknown;
}

const LOOPBACK = '127.0.0.1';
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * An HTTP server on the loopback address that speaks AWS's REST-JSON
 * (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html): method and path name the operation, `x-amzn-errortype` names an
 * error. Signatures are not checked.
 */
export async function startRestServer(label: string, operations: readonly RestOperation[]): Promise<RunningServer> {
  const server = createServer((request, response) => void answer(label, operations, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  return {
    endpoint: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  label: string,
  operations: readonly RestOperation[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('x-weir-emulator', label);
  response.setHeader('x-amzn-requestid', randomUUID());
  response.setHeader('content-type', 'application/json');
  try {
    const sent = await text(request);
    const [operation, call] = route(operations, request, sent);
    const output = operation.run(call);
    response.statusCode = operation.status;
    response.end(output === undefined ? '' : JSON.stringify(output));
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(label, error);
    response.statusCode = known.statusCode;
    // As it stands on the wire, with an address behind it.
    response.setHeader('x-amzn-errortype', `${known.type}:http://internal.amazon.com/coral/com.amazonaws/`);
    response.end(JSON.stringify({ message: known.message }));
  }
}

function route(operations: readonly RestOperation[], request: IncomingMessage, sent: string) {
  const { host = '' } = request.headers;
  // A page in the developer's browser must not come in by having its own name resolve to this machine.
  if (!LOOPBACK_HOST.test(host)) throw new AwsError('AccessDeniedException', 'not this machine', { statusCode: 403 });
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  for (const operation of operations) {
    const parameters = operation.method === request.method ? fit(operation.path, pathname) : undefined;
    if (parameters) return [operation, { parameters, query, body: parse(sent) }] as const;
  }
  throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', { statusCode: 403 });
}

function fit(template: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [template.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined && segment !== given[at]) return undefined;
    if (name !== undefined) parameters[name] = decodeURIComponent(given[at] ?? '');
  }
  return parameters;
}

function parse(sent: string): unknown {
  try {
    return JSON.parse(sent || '{}');
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON');
  }
}

/** An emulator's own fault. Its message goes to the terminal, where the person who can mend it sits. */
function internalFailure(label: string, error: unknown): AwsError {
  console.error(`local ${label} failed:`, error);
  return new AwsError('InternalFailure', `Weir's local ${label} failed: see the terminal`, { statusCode: 500 });
}
