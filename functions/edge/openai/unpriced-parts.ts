import type { JsonObject } from '#protocol/request.ts';
import { refuse } from './refuse.ts';

const AUDIO = 'sound has no price here, so its cost could not be held';
const TOOL = 'it belongs to a tool of OpenAI’s whose cost cannot be bounded';

/** Parts of content, and items of a conversation, whose cost nothing here bounds, and why. */
const UNPRICED: ReadonlyMap<unknown, string> = new Map([
  ['input_audio', AUDIO],
  ['output_audio', AUDIO],
  ['computer_call_output', TOOL],
  ['image_generation_call', TOOL],
  ['compaction_trigger', 'how often the input is read again cannot be bounded'],
]);

/** Refuses a part whose cost could not be held. @throws InvalidRequest */
export function refuseUnpricedPart(part: JsonObject, place: string): void {
  const reason = UNPRICED.get(part['type']);
  if (reason !== undefined) refuse(`${place}.type`, `is not allowed: ${reason}`);
  // A message of the model's that was spoken.
  if (part['role'] === 'assistant' && isGiven(part['audio'])) refuse(`${place}.audio`, `is not allowed: ${AUDIO}`);
}

/** Refuses members by which a request asks for sound. @throws InvalidRequest */
export function refuseAudio(body: JsonObject): void {
  const modalities = body['modalities'];
  if (Array.isArray(modalities) && modalities.includes('audio')) refuse('modalities', `must be text only: ${AUDIO}`);
  if (isGiven(body['audio'])) refuse('audio', `is not allowed: ${AUDIO}`);
}

function isGiven(member: unknown): boolean {
  return member !== undefined && member !== null;
}
