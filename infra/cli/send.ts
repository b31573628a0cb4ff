import type { SQSClient } from '@aws-sdk/client-sqs';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { QueueResult } from '#edge/queue-message.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import type { Clock } from '#platform/clock.ts';
import { about, EXIT, isAbort, reasonOf, UsageFailure, type ExitCode } from './failure.ts';
import { createProgress } from './progress.ts';
import { collectResults } from './send/collect-results.ts';
import { parseLines, type OutgoingLine } from './send/parse-lines.ts';
import { createResultWriter } from './send/result-writer.ts';
import { sendLines } from './send/send-lines.ts';
import { createTally } from './send/tally.ts';
import type { Streams } from './streams.ts';

/** What `weir send` was asked to do. */
export interface SendRequest {
  readonly endpoint: string;
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Where results go. @default standard output */
  readonly out?: string | undefined;
  /** Results in the order of the lines, not of their arrival. */
  readonly inOrder: boolean;
  /** How long the whole run may take. */
  readonly timeoutSeconds: number;
}

export interface SendContext {
  readonly outputs: WeirOutputs;
  readonly sqs: SQSClient;
  readonly streams: Streams;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Makes the ids of this run's lines unlike those of any other. */
  readonly runId: string;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/**
 * Puts each line of a file on the endpoint's queue and writes the results as they come.
 *
 * @returns `ok` when every line has a good result, `failed` when one failed or is open at the end, `interrupted` after Ctrl-C
 * @throws UsageFailure before anything is sent; CliFailure when a queue cannot be reached
 */
export async function sendFile(request: SendRequest, context: SendContext): Promise<ExitCode> {
  const { endpoint, file, inOrder } = request;
  const { sqs, streams, clock, random, runId } = context;
  const urls = queuesOf(endpoint, context.outputs);
  const lines = parseLines(file === '-' ? 'standard input' : file, await readSource(file, streams.stdin), runId);
  const out = request.out === undefined ? undefined : await openFile(request.out);
  const tally = createTally(endpoint, lines);
  const name = request.out ?? 'standard output';
  const writer = createResultWriter({ out: out ?? streams.stdout, name, lines, inOrder });
  const progress = createProgress(streams.stderr, clock);
  const run = startRun(request, context);

  const book = async (result: QueueResult) => {
    const line = tally.take(result);
    if (!line) return;
    if (!out) progress.clear();
    await writer.write(line, result);
    progress.update(tally.describe());
  };
  const onSent = (sent: readonly OutgoingLine[]) => {
    tally.sent(sent);
    progress.update(tally.describe());
  };
  const onRefused = async ({ id }: OutgoingLine, code: string, detail: string) => {
    await book({ id, endpoint, ok: false, code, detail });
    // Nothing more will come: whoever is polling need not wait for it.
    if (tally.isDone) run.stop();
  };
  const { isOwn } = tally;
  const isDone = () => tally.isDone;
  const shared = { sqs, clock, signal: run.signal };
  const stopped = await run.settle(
    sendLines(lines, { ...shared, queueUrl: urls.url, onSent, onRefused }),
    collectResults({ ...shared, resultsUrl: urls.resultsUrl, random, isOwn, isDone, onResult: book }),
  );
  progress.end(tally.describe());
  if (!tally.isDone) streams.stderr.write(`${run.whyEnded()}; ${tally.describeOpen()}\n`);
  // Also after a failure: what was taken off the queue exists nowhere else.
  const unwritten = await failureOf(writer.flush());
  const unfinished = out && (await failureOf(about(name, finished(out.end()))));
  const failure = stopped ?? unwritten ?? unfinished;
  if (failure) throw failure;
  if (tally.isDone) return tally.failed === 0 ? EXIT.ok : EXIT.failed;
  return context.interrupted.aborted ? EXIT.interrupted : EXIT.failed;
}

function queuesOf(endpoint: string, { queues }: WeirOutputs): { url: string; resultsUrl: string } {
  const urls = Object.hasOwn(queues, endpoint) ? queues[endpoint] : undefined;
  if (urls) return urls;
  const names = Object.keys(queues).sort();
  if (names.length === 0) throw new UsageFailure('no endpoint of this Weir has a queue');
  throw new UsageFailure(`endpoint must be one of ${names.join(', ')}, but '${endpoint}' was provided`);
}

async function readSource(file: string, stdin: Streams['stdin']): Promise<Buffer> {
  try {
    return await (file === '-' ? buffer(stdin) : readFile(file));
  } catch (error) {
    throw new UsageFailure(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

async function openFile(file: string) {
  const stream = createWriteStream(file);
  try {
    await once(stream, 'open');
    // Each write tells its own failure; without a listener the event would end the process.
    return stream.on('error', () => {});
  } catch (error) {
    throw new UsageFailure(`${file} cannot be written: ${reasonOf(error)}`);
  }
}

function failureOf(work: Promise<void>): Promise<Error | undefined> {
  return work.then(
    () => undefined,
    (error: Error) => error,
  );
}

/** Sending and collecting go side by side; they end together, at the last result, a failure, the timeout or Ctrl-C. */
function startRun({ timeoutSeconds }: SendRequest, { clock, interrupted }: SendContext) {
  const ended = new AbortController();
  const stop = () => ended.abort();
  let isTimedOut = false;
  const cancelTimeout = clock.startTimer(() => {
    isTimedOut = true;
    stop();
  }, timeoutSeconds * 1000);
  return {
    signal: AbortSignal.any([ended.signal, interrupted]),
    stop,
    /** The failure, where there was one that nobody wanted. */
    async settle(...work: Promise<void>[]): Promise<Error | undefined> {
      for (const part of work) part.catch(stop);
      const settled = await Promise.allSettled(work);
      cancelTimeout();
      const failed = settled.filter((part) => part.status === 'rejected').map((part) => part.reason as Error);
      return failed.find((error) => !isAbort(error));
    },
    whyEnded(): string {
      if (interrupted.aborted) return 'interrupted';
      return isTimedOut ? `stopped after ${timeoutSeconds} s` : 'stopped';
    },
  };
}
