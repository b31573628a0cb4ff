import { connect } from 'node:net';

/** One reply as it stood on the wire. */
export interface WireReply {
  readonly status: number;
  /** Names in lower case; of several, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back over a connection, until its end. */
export interface WireOutcome {
  readonly raw: string;
  readonly replies: readonly WireReply[];
  /** What is left behind the last whole reply. */
  readonly rest: string;
}

/** Within this a request that is whole has its reply, or it hangs. */
const PATIENCE_MS = 15_000;
/** So long the server may think of a request that is not whole, before it is told that no more comes. */
const UNFINISHED_MS = 40;

/**
 * Writes bytes to a server, past every client that would mend them, and reads until the connection ends.
 *
 * @param isWhole it is a request with an end; else the server may rightly wait for more, and is told that none comes
 * @throws Error where the connection does not end
 */
export function exchangeBytes(url: string, bytes: Uint8Array, isWhole: boolean): Promise<WireOutcome> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const hangs = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within ${PATIENCE_MS} ms; so far: ${Buffer.concat(chunks).toString('latin1')}`));
    }, PATIENCE_MS);
    const noMore = setTimeout(() => !isWhole && socket.end(), UNFINISHED_MS);
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server that has refused may close while it is still being written to.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(hangs);
      clearTimeout(noMore);
      resolve(readReplies(Buffer.concat(chunks).toString('latin1')));
    });
    socket.write(bytes);
  });
}

function readReplies(raw: string): WireOutcome {
  const replies: WireReply[] = [];
  let rest = raw;
  for (;;) {
    const [head, status, lines = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest) ?? [];
    if (head === undefined) return { raw, replies, rest };
    const headers = Object.fromEntries(
      lines
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const { body, behind } = bodyOf(headers, rest.slice(head.length));
    replies.push({ status: Number(status), headers, body: Buffer.from(body, 'latin1').toString() });
    rest = behind;
  }
}

/** A body as its head frames it, and what follows it. */
function bodyOf(headers: Readonly<Record<string, string>>, bytes: string): { body: string; behind: string } {
  if (headers['transfer-encoding'] === 'chunked') return unchunked(bytes);
  const length = headers['content-length'];
  // Neither: an old client's reply, which ends with the connection, or none at all.
  if (length === undefined) return headers['content-type'] ? { body: bytes, behind: '' } : { body: '', behind: bytes };
  return { body: bytes.slice(0, Number(length)), behind: bytes.slice(Number(length)) };
}

function unchunked(bytes: string): { body: string; behind: string } {
  let body = '';
  let rest = bytes;
  for (;;) {
    const [line, size = ''] = /^([\da-f]+)\r\n/i.exec(rest) ?? [];
    // Cut off: what is missing will be missed.
    if (line === undefined) return { body, behind: rest };
    const from = line.length;
    const to = from + Number.parseInt(size, 16);
    body += rest.slice(from, to);
    rest = rest.slice(to + 2);
    if (to === from) return { body, behind: rest };
  }
}
