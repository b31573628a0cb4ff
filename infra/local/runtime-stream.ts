import type { ResponseStream } from '#edge/lambda-stream.ts';
import type { HostResponseStream } from './response-stream.ts';

/** What Lambda's runtime shows of its stream: this and no more, so that `closed`, `errored` and `pipe` are not there. */
const METHODS = words(
  'cork destroy end uncork write setContentType',
  'addListener emit eventNames getMaxListeners listenerCount listeners off on once prependListener prependOnceListener',
  'rawListeners removeAllListeners removeListener setMaxListeners',
);
const READ = words(
  'writable writableFinished writableObjectMode writableEnded writableNeedDrain writableHighWaterMark',
  'writableCorked writableLength',
);
const READ_AND_WRITTEN = words('destroyed _onBeforeFirstWrite');

/**
 * The stream as a handler sees it on Lambda, where it is no `Writable` but an object with some of its members: what a handler reads
 * beyond them it would miss there, so it misses it here.
 *
 * https://github.com/aws/aws-lambda-nodejs-runtime-interface-client (src/stream/response-stream.ts)
 */
export function asRuntimeStream(inner: HostResponseStream): ResponseStream {
  const members = inner as unknown as Record<string, unknown>;
  const face: Record<string, unknown> = {};
  for (const name of METHODS) face[name] = (members[name] as (...given: unknown[]) => unknown).bind(inner);
  for (const name of READ) Object.defineProperty(face, name, { get: () => members[name] });
  for (const name of READ_AND_WRITTEN) {
    const set = (value: unknown) => {
      members[name] = value;
    };
    Object.defineProperty(face, name, { get: () => members[name], set });
  }
  return face as unknown as ResponseStream;
}

function words(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
