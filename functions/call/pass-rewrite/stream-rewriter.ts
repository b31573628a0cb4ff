import { parseKeepingNumbers } from '#platform/raw-json.ts';
import type { HoldingGate } from '#redaction/holding-gate.ts';
import { EventFramer } from '#upstream/stream/event-framer.ts';
import { parseEvent } from '#upstream/stream/sse-event.ts';
import { readDeltas, type Delta, type StreamApi, type Told } from './deltas.ts';
import { isObject, mapItems, rewriteEvent } from './rewrite-json.ts';
import type { Rewriting } from './rewriting.ts';
import { withData } from './with-data.ts';

/** Rewrites the bytes of a stream of server-sent events, however they are cut. */
export interface PassStreamRewriter {
  /** The next bytes: those of the events that are complete and whose texts are known. */
  push(bytes: Uint8Array): Uint8Array;
  /** The stream has ended, or was cut. What was held back; of an event that never ended, nothing. */
  end(): Uint8Array;
}

/**
 * Rewrites the texts of a stream in OpenAI's own words. Each text (a choice's content, a tool call's arguments, a part of an
 * item) passes a gate of its own. No event is added, left out or moved: what a gate holds back goes out with the next event of
 * that text. So that there always is one, the event after which something is held back waits for it, and those behind it too.
 */
export function createPassStreamRewriter(api: StreamApi, rewriting: Rewriting): PassStreamRewriter {
  return new StreamRewriter(api, rewriting);
}

/** A stream that is there whole, as text: what the cache keeps of one. */
export function rewritePassStream(api: StreamApi, text: string, rewriting: Rewriting): string {
  const rewriter = createPassStreamRewriter(api, rewriting);
  return Buffer.concat([rewriter.push(Buffer.from(text)), rewriter.end()]).toString();
}

type Members = Record<string, unknown>;

/** An event on its way out. */
interface Waiting {
  readonly block: Buffer;
  /** Its data, where it was rewritten. */
  json: Members | undefined;
  /** The texts for whose next event it waits. */
  readonly waitsFor: Set<Place>;
}

/** A text that is being written. */
interface Place {
  readonly gate: HoldingGate;
  /** The event that bears what the gate held back, if it comes to its end. */
  bearer: { readonly event: Waiting; readonly delta: Delta } | undefined;
}

class StreamRewriter implements PassStreamRewriter {
  readonly #api: StreamApi;
  readonly #rewriting: Rewriting;
  readonly #framer = new EventFramer({ maxBlockBytes: 64_000_000 });
  readonly #places = new Map<string, Place>();
  #queue: Waiting[] = [];

  constructor(api: StreamApi, rewriting: Rewriting) {
    this.#api = api;
    this.#rewriting = rewriting;
  }

  push(bytes: Uint8Array): Uint8Array {
    for (const block of this.#framer.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
      this.#read(block);
    return this.#ready();
  }

  end(): Uint8Array {
    this.#endPlaces('');
    return this.#ready();
  }

  #read(block: Buffer): void {
    const data = parseEvent(block)?.data;
    const json = data === undefined ? undefined : objectOf(data);
    const event: Waiting = { block, json: undefined, waitsFor: new Set() };
    if (json !== undefined) this.#rewrite(json, event);
    // The last event of chat, `[DONE]`.
    else if (data !== undefined) this.#endPlaces('');
    this.#queue.push(event);
  }

  #rewrite(json: Members, event: Waiting): void {
    const before = this.#rewriting.isOneWay ? withoutTokens(json) : json;
    const told = readDeltas(this.#api, before);
    const whole = told.every(({ isPieces }) => isPieces) ? before : (rewriteEvent(before, this.#rewriting) as Members);
    if (whole !== json) event.json = whole;
    for (const part of told) this.#tell(part, before, event);
  }

  #tell({ deltas, ends }: Told, json: Members, event: Waiting): void {
    for (const delta of deltas) {
      const piece = delta.owner[delta.name] as string;
      if (piece === '' || (delta.name === 'name' && this.#rewriting.isOneWay)) continue;
      if (this.#api === 'chat/completions') this.#endOthers(delta.place);
      const place = this.#placeOf(delta);
      place.bearer?.event.waitsFor.delete(place);
      const { text } = place.gate.push(piece);
      place.bearer = place.gate.isHolding ? { event, delta } : undefined;
      if (place.bearer) event.waitsFor.add(place);
      if (text === piece && !place.bearer) continue;
      delta.owner[delta.name] = text;
      event.json ??= json;
    }
    if (ends !== undefined) this.#endPlaces(ends);
  }

  #placeOf({ place, ground }: Delta): Place {
    const known = this.#places.get(place);
    if (known) return known;
    const gate = this.#rewriting.newGate(ground === 'answer' ? this.#rewriting.answerGround : ground);
    const fresh: Place = { gate, bearer: undefined };
    this.#places.set(place, fresh);
    return fresh;
  }

  /** A choice writes one text at a time: the next one has begun. */
  #endOthers(name: string): void {
    const choice = name.slice(0, name.indexOf(' ') + 1);
    for (const other of this.#places.keys()) if (other !== name && other.startsWith(choice)) this.#endPlace(other);
  }

  #endPlaces(beginning: string): void {
    for (const name of this.#places.keys()) if (name.startsWith(beginning)) this.#endPlace(name);
  }

  #endPlace(name: string): void {
    const place = this.#places.get(name);
    this.#places.delete(name);
    if (!place?.bearer) return;
    const { event, delta } = place.bearer;
    const text = (delta.owner[delta.name] as string) + place.gate.end();
    delta.owner[delta.name] = text;
    event.waitsFor.delete(place);
  }

  /** Of the events that wait, those for which nothing has to be waited any more, in their order. */
  #ready(): Uint8Array {
    const waiting = this.#queue.findIndex(({ waitsFor }) => waitsFor.size > 0);
    const ready = this.#queue.splice(0, waiting < 0 ? this.#queue.length : waiting);
    return Buffer.concat(
      ready.map(({ block, json }) => (json === undefined ? block : withData(block, JSON.stringify(json)))),
    );
  }
}

/** Chat tells of tokens beside each choice, the Responses API beside each piece. */
function withoutTokens(json: Members): Members {
  if (Array.isArray(json['logprobs']) && json['logprobs'].length > 0) return { ...json, logprobs: [] };
  const choices = json['choices'];
  if (!Array.isArray(choices)) return json;
  const without = mapItems(choices, (choice) => {
    if (!isObject(choice) || (choice['logprobs'] ?? null) === null) return choice;
    return { ...choice, logprobs: null };
  });
  return without === choices ? json : { ...json, choices: without };
}

function objectOf(data: string): Members | undefined {
  try {
    const value = parseKeepingNumbers(data);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
