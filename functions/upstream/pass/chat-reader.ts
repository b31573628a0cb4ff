import type { FinishReason } from '#protocol/events.ts';
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
/** Chunks that say more than what the model writes; all others go by unparsed. */
const TELLING = /"finish_reason"\s*:\s*"|"usage"\s*:\s*\{|"refusal"\s*:\s*"|"error"\s*:\s*\{/;
const TOOL_CALL = /"(?:tool_calls|function_call)"\s*:\s*[[{]/;
/** OpenAI puts this into each chunk when usage is asked for. It is a key: in a text its quotes would be escaped. */
const NO_USAGE = ',"usage":null';
/** Where it usually stands: last, or before the padding. */
const BEHIND_USAGE = /^(?:,"obfuscation":"[^"]*")?\}\s*$/;

/** Reads a stream of the Chat Completions API. Its last event is `[DONE]`. */
export class ChatReader extends PassReader {
  readonly #finishes = new Map<unknown, LooseChoice>();
  #asksForTool = false;

  read(block: Buffer): Verdict | Promise<Verdict> {
    // One character a byte: no character of UTF-8 but the ASCII ones has an ASCII byte.
    const whole = block.toString('latin1');
    // Before its data a block may have a name, a comment, or the late half of the line end before it.
    const text = whole.charCodeAt(0) === LETTER_D ? whole : whole.slice(dataAt(whole));
    if (text === '') return this.pass(block, 'comment');
    if (text !== whole && /^event: ?error/m.test(whole)) throw this.failed(failureOfEvent({}, this.options.requestId));
    if (DONE.test(text)) {
      this.conclude(this.#finish());
      return this.pass(block, 'last');
    }
    // An answer that asks for a tool may end as one that does not, and is never stored.
    if (this.options.keeps && !this.#asksForTool) this.#asksForTool = TOOL_CALL.test(text);
    if (!this.served || TELLING.test(text)) return this.#readTelling(block, whole);
    this.seen.add(deltaBytes(text));
    return this.pass(this.#withoutUsage(block, whole), 'more');
  }

  #readTelling(block: Buffer, text: string): Verdict | Promise<Verdict> {
    const chunk = this.#parse(block);
    if (chunk.error) throw this.failed(failureOfEvent(chunk.error, this.options.requestId));
    const choices = Array.isArray(chunk.choices) ? (chunk.choices as LooseChoice[]) : [];
    const usage = chunk.usage === null || chunk.usage === undefined ? undefined : usageOfChat(chunk.usage);
    // Not every chunk says everything.
    const known = { model: this.served?.model, service_tier: this.served?.serviceTier };
    this.served = servedBy({ ...known, ...chunk }, usage ?? this.served?.usage, this.options.requestId);
    for (const choice of choices) this.#note(choice);
    const written = deltaBytes(text);
    if (written > 0) this.seen.add(written);
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

  /** A stream that says it is done while some choice has not ended, or never began, is not complete. */
  #finish(): FinishReason {
    const finish = finishOfChat([...this.#finishes.values()]);
    if (finish === undefined || this.#finishes.size < this.options.choices) throw this.lied();
    return finish === 'stop' && this.#asksForTool ? 'tool-calls' : finish;
  }

  #withoutUsage(block: Buffer, text: string): Buffer {
    if (this.options.wantsUsage) return block;
    const at = noUsageAt(text);
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

/** Where a chunk says that it has no usage; -1 where it does not, and where only some member of it does. */
function noUsageAt(text: string): number {
  const last = text.lastIndexOf(NO_USAGE);
  if (last < 0 || BEHIND_USAGE.test(text.slice(last + NO_USAGE.length))) return last;
  let depth = 0;
  for (let at = text.indexOf('{'); at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (depth === 1 && code === COMMA && text.startsWith(NO_USAGE, at)) return at;
    else if (code === QUOTE) at = endOfString(text, at);
  }
  return -1;
}

/** Where the text that begins at a quote ends. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

const [QUOTE, COMMA, BACKSLASH] = [34, 44, 92];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125];

/** Where a block's data begins; behind its end where it has none. */
function dataAt(text: string): number {
  const at = text.search(/^data:/m);
  return at < 0 ? text.length : at;
}
