import type { Ground } from '#redaction/call-masks.ts';
import type { PassApi } from '#protocol/request.ts';
import { isObject } from './rewrite-json.ts';

/** A piece of one text in an event, and where it stands. */
export interface Delta {
  /** Pieces of one place are one text. */
  readonly place: string;
  readonly ground: Ground | 'answer';
  /** Holds the piece, under `name`: it is written anew there. */
  readonly owner: Record<string, unknown>;
  readonly name: string;
}

/** APIs whose replies come as streams. */
export type StreamApi = Extract<PassApi, 'chat/completions' | 'responses'>;

/** What an event tells of texts that are being written. */
export interface Told {
  readonly deltas: readonly Delta[];
  /** The texts that end with it: those whose places begin so. `''`: all. Undefined: none. */
  readonly ends: string | undefined;
  /** It holds nothing but such pieces; of any other, whole texts are to be rewritten too. */
  readonly isPieces: boolean;
}

type Members = Record<string, unknown>;

/** Reads an event's data, a JSON object. */
export function readDeltas(api: StreamApi, event: Members): readonly Told[] {
  return api === 'responses' ? [ofResponse(event)] : ofChunk(event);
}

/** What `isPieces` but is no text: sound. */
const SOUND = 'response.audio.delta';

function ofResponse(event: Members): Told {
  const type = typeof event['type'] === 'string' ? event['type'] : '';
  const place = placeOf(event, type.replace(/\.(?:delta|done)$/, ''));
  if (type === SOUND) return { deltas: [], ends: undefined, isPieces: true };
  if (type.endsWith('.delta') && typeof event['delta'] === 'string') {
    const delta: Delta = { place, ground: groundOf(type), owner: event, name: 'delta' };
    return { deltas: [delta], ends: undefined, isPieces: true };
  }
  return { deltas: [], ends: endOf(type, event, place), isPieces: false };
}

/** The item, its part, and what of it is written: `0 0 msg_1 response.output_text 0`. */
function placeOf(event: Members, type: string): string {
  const { output_index: output, item_id: item, content_index: content, summary_index: summary } = event;
  return `${String(output)} ${String(item)} ${type} ${String(content ?? summary ?? event['command_index'])}|`;
}

function groundOf(type: string): Delta['ground'] {
  if (type === 'response.output_text.delta') return 'answer';
  return type.endsWith('_arguments.delta') ? 'json' : 'text';
}

function endOf(type: string, event: Members, place: string): string | undefined {
  if (type === 'error' || /^response\.(?:completed|incomplete|failed)$/.test(type)) return '';
  if (type === 'response.output_item.done') return `${String(event['output_index'])} `;
  return type.endsWith('.done') ? place : undefined;
}

/** Each choice of a chunk tells of its own texts. */
function ofChunk({ choices }: Members): readonly Told[] {
  if (!Array.isArray(choices)) return [{ deltas: [], ends: '', isPieces: true }];
  return choices.filter(isObject).map((choice) => {
    const place = `${String(choice['index'])} `;
    const delta = isObject(choice['delta']) ? ofDelta(choice['delta'], place) : [];
    const isEnd = typeof choice['finish_reason'] === 'string';
    return { deltas: delta, ends: isEnd ? place : undefined, isPieces: true };
  });
}

function ofDelta(delta: Members, choice: string): Delta[] {
  const found: Delta[] = [];
  const add = (owner: unknown, name: string, place: string, ground: Delta['ground']) => {
    if (!isObject(owner) || typeof owner[name] !== 'string') return;
    found.push({ place: `${choice}${place}|`, ground, owner, name });
  };
  // A model that thinks aloud has a member of its own for that, and not everywhere the same.
  for (const name of Object.keys(delta))
    if (name !== 'role') add(delta, name, name, name === 'content' ? 'answer' : 'text');
  add(delta['audio'], 'transcript', 'audio', 'text');
  add(delta['function_call'], 'arguments', 'function', 'json');
  for (const call of Array.isArray(delta['tool_calls']) ? (delta['tool_calls'] as unknown[]) : []) {
    if (!isObject(call)) continue;
    add(call['function'], 'name', `name ${String(call['index'])}`, 'text');
    add(call['function'], 'arguments', `tool ${String(call['index'])}`, 'json');
    add(call['custom'], 'input', `tool ${String(call['index'])}`, 'text');
  }
  return found;
}
