import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

/** Ten messages of 1 MiB in all, should every character be escaped. AWS has a similar bound. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const LOOPBACK = '127.0.0.1';
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** An error as AWS puts it on the wire, so that the SDK's clients rebuild their own error class from it. */
export class AwsError extends Error {
  readonly type: string;
  readonly statusCode: number;
  /** What `x-amzn-query-error` carries, for services that once spoke the Query protocol (SQS). */
  readonly queryCode: string | undefined;

  /** @param type what `__type` bears, as `ResourceNotFoundException` or `com.amazonaws.sqs#QueueDoesNotExist` */
  constructor(type: string, message: string, options: { statusCode?: number; queryCode?: string } = {}) {
    super(message);
    this.name = type.slice(type.indexOf('#') + 1);
    this.type = type;
    this.statusCode = options.statusCode ?? 400;
    this.queryCode = options.queryCode;
  }
}

/** What an operation may know of its call. */
export interface OperationContext {
  /** The server's own address as this client reached it, without a trailing slash. */
  endpoint: string;
  /** Aborts when the client leaves or the server stops: a long poll must not hand a message to nobody. */
  signal: AbortSignal;
}

/** One call of an AWS API: from the parsed input to the output. */
export type Operation = (input: unknown, context: OperationContext) => unknown;

/** Binds an operation to the shape of its input. A field of a wrong type is AWS's SerializationException. */
export function operation<T>(shape: z.ZodType<T>, run: (input: T, context: OperationContext) => unknown): Operation {
  return (input, context) => {
    const parsed = shape.safeParse(input);
    if (parsed.success) return run(parsed.data, context);
    throw new AwsError('com.amazon.coral.service#SerializationException', z.prettifyError(parsed.error));
  };
}

export interface JsonProtocolServerOptions {
  /** The emulator's name, in every reply's `x-weir-emulator`. */
  label: string;
  /** What stands before the dot of `X-Amz-Target`. */
  targetPrefix: string;
  /** AWS JSON's version, which is part of the content type. */
  jsonVersion: '1.0' | '1.1';
  operations: Readonly<Record<string, Operation>>;
  /** @default a free port */
  port?: number | undefined;
}

/** An emulator that is listening. */
export interface RunningServer {
  endpoint: string;
  /** Ends open long polls, closes all connections, and resolves once the port is free. */
  stop(): Promise<void>;
}

/**
 * An HTTP server on the loopback address that speaks AWS JSON: it reads the operation from `X-Amz-Target`, looks it up
 * in a table, and replies with its result or with AWS's error shape. Signatures are not checked.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
export async function startJsonProtocolServer(options: JsonProtocolServerOptions): Promise<RunningServer> {
  const open = new Set<AbortController>();
  const server = createServer((request, response) => {
    const call = new AbortController();
    open.add(call);
    response.once('close', () => {
      open.delete(call);
      call.abort();
    });
    void answer(options, request, response, call.signal);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, LOOPBACK, resolve);
  });
  return {
    endpoint: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const call of open) call.abort();
        server.closeIdleConnections();
        setImmediate(() => server.closeAllConnections());
      }),
  };
}

async function answer(
  options: JsonProtocolServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  response.setHeader('x-weir-emulator', options.label);
  response.setHeader('x-amzn-requestid', randomUUID());
  response.setHeader('content-type', `application/x-amz-json-${options.jsonVersion}`);
  try {
    const [run, host] = route(options, request);
    const input = await readJson(request);
    const output = await run(input, { endpoint: `http://${host}`, signal });
    response.end(JSON.stringify(output ?? {}));
  } catch (error) {
    if (signal.aborted) return void response.end();
    const known = error instanceof AwsError ? error : internalFailure(options.label, error);
    if (known.queryCode) response.setHeader('x-amzn-query-error', `${known.queryCode};Sender`);
    response.statusCode = known.statusCode;
    response.end(JSON.stringify({ __type: known.type, message: known.message }));
  }
}

function route(options: JsonProtocolServerOptions, request: IncomingMessage): [Operation, host: string] {
  const host = request.headers.host ?? '';
  // A page in the developer's browser must not read a secret by having its own name resolve to this machine.
  if (!LOOPBACK_HOST.test(host)) throw new AwsError('AccessDeniedException', `host ${host} is not this machine`);
  const [prefix, name = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
  const run = prefix === options.targetPrefix && Object.hasOwn(options.operations, name) && options.operations[name];
  if (request.method === 'POST' && run) return [run, host];
  const message = `Weir's local ${options.label} has no operation ${name || '(none given)'}`;
  throw new AwsError('com.amazon.coral.service#UnknownOperationException', message);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bodyBytes += chunk.length;
    // Read to its end nevertheless: leaving early would close the connection before the refusal is sent.
    if (bodyBytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bodyBytes > MAX_BODY_BYTES) {
    const message = `a body may have at most ${MAX_BODY_BYTES} bytes, but ${bodyBytes} were sent`;
    throw new AwsError('RequestEntityTooLargeException', message, { statusCode: 413 });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString() || '{}');
  } catch {
    throw new AwsError('com.amazon.coral.service#SerializationException', 'the body is not JSON');
  }
}

/** An emulator's own fault. Its message goes to the terminal, where the person who can mend it sits. */
function internalFailure(label: string, error: unknown): AwsError {
  console.error(`local ${label} failed:`, error);
  return new AwsError('InternalFailure', `Weir's local ${label} failed: see the terminal`, { statusCode: 500 });
}
