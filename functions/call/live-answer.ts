import type { CallEvent, Listener, LiveEvent } from '#protocol/events.ts';
import type { NewGate, TextGate } from '#protocol/text-gate.ts';
import type { Heard } from '#upstream/stream/stream-reader.ts';

export interface LiveAnswerOptions {
  /** Hears the answer while it is made. Absent: nobody does, and it is given whole. */
  readonly listener?: Listener;
  /** What its text passes on the way, and what may say that there is enough. */
  readonly newGate?: NewGate;
  /** Called once, at the first piece. */
  readonly onFirst: () => void;
}

/** The answer to one question, while it is made, on its way through its gate to whoever listens. */
export class LiveAnswer {
  /** Somebody has heard a part of it: it cannot be begun anew. */
  hasBegun = false;
  readonly #options: LiveAnswerOptions;
  #gate: TextGate | undefined;
  #text = '';
  #isFirst = true;

  constructor(options: LiveAnswerOptions) {
    this.#options = options;
    this.restart();
  }

  /** It makes a difference whether the answer comes piece by piece. */
  get isWanted(): boolean {
    return this.#options.listener !== undefined || this.#options.newGate !== undefined;
  }

  /** Another attempt begins: nothing of the one before was heard. */
  restart(): void {
    this.#gate = this.#options.newGate?.();
    this.#text = '';
  }

  /** The next piece. @returns whether more is wanted; a promise where the listener needs a moment */
  hear(event: LiveEvent): Heard | Promise<Heard> {
    if (this.#isFirst && (event.type !== 'bytes' || event.isWritten)) {
      this.#isFirst = false;
      this.#options.onFirst();
    }
    if (event.type !== 'text' || !this.#gate) return this.#tell(event, 'more');
    const { text, isEnough } = this.#gate.push(event.text);
    this.#text += text;
    return this.#tell({ type: 'text', text }, isEnough ? 'enough' : 'more');
  }

  /** The answer is complete: what the gate held back is told. */
  async end(): Promise<void> {
    const text = this.#gate?.end() ?? '';
    this.#text += text;
    await this.#tell({ type: 'text', text }, 'more');
  }

  /** What an answer consists of that was ended because there was enough of it. */
  cutShort(): CallEvent[] {
    return [
      { type: 'text', text: this.#text },
      { type: 'finish', reason: 'enough' },
    ];
  }

  /**
   * Tells an answer that is there whole, in the same way.
   * @param ageSeconds of an answer from the cache
   * @returns its events, fewer where there was enough of it
   */
  async tellWhole(events: readonly CallEvent[], ageSeconds?: number): Promise<readonly CallEvent[]> {
    if (!this.isWanted) return events;
    if (ageSeconds !== undefined) await this.#options.listener?.({ type: 'cached', ageSeconds });
    for (const event of events) {
      if (event.type !== 'text' && event.type !== 'body') continue;
      if ((await this.hear(event)) === 'enough') return this.cutShort();
    }
    await this.end();
    return events;
  }

  #tell(event: LiveEvent, heard: Heard): Heard | Promise<Heard> {
    const { listener } = this.#options;
    if (!listener || (event.type === 'text' && event.text === '')) return heard;
    this.hasBegun = true;
    const told = listener(event);
    return told ? told.then(() => heard) : heard;
  }
}
