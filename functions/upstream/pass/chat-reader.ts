import type { FinishReason } from '#protocol/events.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import { failureOfEvent } from '../classify-failure.ts';
import { usageOfChat } from '../normalise-usage.ts';
import type { Verdict } from '../stream/read-blocks.ts';
import { finishOfChat, type LooseChoice } from './pass-finish.ts';
import { PassReader } from './pass-reader.ts';
import { dataOf, deltaBytes } from './peek.ts';
import { servedBy } from './read-pass-reply.ts';

interface LooseChunk {
  readonly model?: unknown;
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly error?: { readonly code?: unknown } | null;
}

const DONE = /^data: ?\[DONE\]/;
const ERROR = /^data: ?\{\s*"error"/;
/** Chunks that say more than what the model writes; all others go by unparsed. */
const TELLING = /"finish_reason"\s*:\s*"|"usage"\s*:\s*\{|"refusal"\s*:\s*"/;
/** OpenAI puts this into each chunk when usage is asked for. It is a key: in a text its quotes would be escaped. */
const NO_USAGE = ',"usage":null';

/** Reads a stream of the Chat Completions API. Its last event is `[DONE]`. */
export class ChatReader extends PassReader {
  #usage: TokenUsage | undefined;
  readonly #finishes = new Map<unknown, LooseChoice>();

  read(block: Buffer): Verdict | Promise<Verdict> {
    // One character a byte: no character of UTF-8 but the ASCII ones has an ASCII byte.
    const text = block.toString('latin1');
    if (text.charCodeAt(0) !== LETTER_D) return this.#readUnusual(block, text);
    if (DONE.test(text)) {
      this.conclude(this.#finish(), this.#usage);
      return this.pass(block, 'last');
    }
    if (ERROR.test(text)) throw this.failed(failureOfEvent(this.#parse(block).error ?? {}, this.options.requestId));
    if (!this.served || TELLING.test(text)) return this.#readTelling(block, text);
    this.seen.add(deltaBytes(text));
    return this.pass(this.#withoutUsage(block, text), 'more');
  }

  /** An event with a name, or none at all: comments and blank lines. */
  #readUnusual(block: Buffer, text: string): Verdict | Promise<Verdict> {
    if (!/^data:/m.test(text)) return this.pass(block, 'comment');
    if (/^event: ?error/m.test(text)) throw this.failed(failureOfEvent({}, this.options.requestId));
    return this.pass(block, 'more');
  }

  #readTelling(block: Buffer, text: string): Verdict | Promise<Verdict> {
    const chunk = this.#parse(block);
    const choices = Array.isArray(chunk.choices) ? (chunk.choices as LooseChoice[]) : [];
    const usage = chunk.usage === null || chunk.usage === undefined ? undefined : usageOfChat(chunk.usage);
    this.served = servedBy({ ...this.served, ...chunk }, undefined, this.options.requestId);
    for (const choice of choices) this.#note(choice);
    const written = deltaBytes(text);
    if (written > 0) this.seen.add(written);
    if (usage) this.#usage = usage;
    // The chunk that only bears usage was asked for by Weir; it is the caller's where the caller asked for it too.
    if (usage && choices.length === 0 && !this.options.wantsUsage) return 'more';
    return this.pass(this.#withoutUsage(block, text), 'more');
  }

  #note(choice: LooseChoice & { delta?: { refusal?: unknown } | null }): void {
    const before = this.#finishes.get(choice.index);
    const refusal = choice.delta?.refusal ?? before?.message?.refusal;
    this.#finishes.set(choice.index, {
      finish_reason: choice.finish_reason ?? before?.finish_reason,
      ...(refusal !== undefined && { message: { refusal } }),
    });
  }

  /** A stream that says it is done while some choice has not ended is not complete. */
  #finish(): FinishReason {
    const finish = finishOfChat([...this.#finishes.values()]);
    if (finish === undefined) throw this.lied();
    return finish;
  }

  #withoutUsage(block: Buffer, text: string): Buffer {
    if (this.options.wantsUsage) return block;
    const at = text.lastIndexOf(NO_USAGE);
    if (at < 0) return block;
    return Buffer.concat([block.subarray(0, at), block.subarray(at + NO_USAGE.length)]);
  }

  #parse(block: Buffer): LooseChunk {
    const chunk = dataOf(block);
    if (chunk === undefined) throw this.lied();
    return chunk;
  }
}

const LETTER_D = 100;
