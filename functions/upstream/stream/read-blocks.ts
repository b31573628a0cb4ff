import type { Readable } from 'node:stream';
import type { Clock } from '#platform/clock.ts';
import { EventFramer } from './event-framer.ts';

/**
 * What a reader says of a block: go on; go on, though this was no sign of life of the model's (a comment); it was the last
 * one; or there is enough, and the rest need not be made.
 */
export type Verdict = 'more' | 'comment' | 'last' | 'enough';

export interface ReadOptions {
  readonly clock: Clock;
  /** The longest that the model may be silent. Comments that keep the line open do not count as its words (S4). */
  readonly idleTimeoutMs: number;
  /** Sees each block of a server-sent event as it comes. While its promise is open nothing more is read. */
  readonly onBlock: (block: Buffer) => Verdict | Promise<Verdict>;
}

/** The model said nothing for so long that it is given up. */
export class StreamIdle extends Error {
  constructor(idleTimeoutMs: number) {
    super(`the stream was silent for ${idleTimeoutMs} ms`);
    this.name = 'StreamIdle';
  }
}

/** A last event repeats the whole answer, with the likelihoods of all its tokens where they were asked for. */
const MAX_EVENT_BYTES = 64_000_000;

/** What follows the last event is read away, so that the connection can be used again; not for longer than this. */
const DRAIN_MS = 1_000;

/**
 * Reads a body of server-sent events to its last one, event by event. One listener on the socket and no promise a chunk: it is
 * on the way of every token.
 *
 * @returns how it ended; `ended`: without a last event
 * @throws StreamIdle; what the socket or the reader throws. The body is closed then.
 */
export function readBlocks(body: Readable, options: ReadOptions): Promise<'last' | 'enough' | 'ended'> {
  const { clock, idleTimeoutMs, onBlock } = options;
  const framer = new EventFramer({ maxBlockBytes: MAX_EVENT_BYTES });
  return new Promise((resolve, reject) => {
    let aliveAtMs = clock.nowMs();
    let isWaiting = false;
    let isOver = false;

    const stop = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      stopTimer();
      settle();
    };
    const fail = (error: unknown): void =>
      stop(() => {
        body.destroy();
        reject(error instanceof Error ? error : new Error('the stream failed', { cause: error }));
      });
    /** True: go on. */
    const heed = (verdict: Verdict): boolean => {
      if (verdict === 'more') aliveAtMs = clock.nowMs();
      else if (verdict === 'last') stop(() => (drain(body, clock), resolve('last')));
      else if (verdict === 'enough') stop(() => (body.destroy(), resolve('enough')));
      return !isOver;
    };
    const work = (blocks: readonly Buffer[], from: number): void => {
      for (let at = from; at < blocks.length; at++) {
        const verdict = onBlock(blocks[at] as Buffer);
        if (typeof verdict !== 'string') return wait(verdict, blocks, at + 1);
        if (!heed(verdict)) return;
      }
    };
    const wait = (verdict: Promise<Verdict>, blocks: readonly Buffer[], next: number): void => {
      body.pause();
      isWaiting = true;
      const goOn = (known: Verdict): void => {
        isWaiting = false;
        aliveAtMs = clock.nowMs();
        if (isOver || !heed(known)) return;
        work(blocks, next);
        if (!isWaiting && !isOver) body.resume();
      };
      verdict.then(goOn).catch(fail);
    };
    let stopTimer = (): void => undefined;
    const watch = (delayMs: number): void => {
      stopTimer = clock.startTimer(() => {
        const silentMs = isWaiting ? 0 : clock.nowMs() - aliveAtMs;
        if (silentMs >= idleTimeoutMs) fail(new StreamIdle(idleTimeoutMs));
        else watch(idleTimeoutMs - silentMs);
      }, delayMs);
    };
    watch(idleTimeoutMs);

    body.on('data', (chunk: Buffer) => {
      if (isOver) return;
      try {
        work(framer.push(chunk), 0);
      } catch (error) {
        fail(error);
      }
    });
    body.once('end', () => stop(() => resolve('ended')));
    body.on('error', fail);
    body.once('close', () => fail(new Error('the connection was closed in the middle of a stream')));
  });
}

/** Reads away what follows the last event: a connection that was read to its end is used again. */
function drain(body: Readable, clock: Clock): void {
  if (body.readableEnded) return;
  const cancel = clock.startTimer(() => body.destroy(), DRAIN_MS);
  body.once('close', cancel);
  body.resume();
}
