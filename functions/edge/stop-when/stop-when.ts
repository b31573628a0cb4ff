import * as z from 'zod';
import type { TextGate } from '#protocol/text-gate.ts';
import { inARow } from '#protocol/gates-in-a-row.ts';
import { jsonComplete } from './json-complete.ts';
import { untilLiteral } from './literal.ts';
import { maxCharacters } from './max-characters.ts';
import { maxSentences } from './max-sentences.ts';

/** When a caller has enough of an answer. What is made after that is neither waited for nor paid for. */
export const stopWhen = z
  .strictObject({
    max_characters: z.int().min(1).max(10_000_000).optional().describe('So many characters (Unicode code points).'),
    max_sentences: z.int().min(1).max(1_000).optional().describe('So many sentences, by their end marks.'),
    literal: z
      .string()
      .min(1)
      .max(1_000)
      .refine((text) => text.isWellFormed(), 'must not hold half of a surrogate pair')
      .optional()
      .describe('Up to this text, which is not part of the answer.'),
    json: z.literal(true).optional().describe('Up to the end of the first complete JSON value.'),
  })
  .refine(
    (wish) => Object.values(wish).some((condition) => condition !== undefined),
    'must name at least one condition',
  )
  .meta({ minProperties: 1 });

export type StopWhen = z.output<typeof stopWhen>;

/**
 * The gate of one answer: it ends where the first of the conditions is met. The literal stands last: it is met behind its own
 * end, and what is behind the end of another condition must not count. Sentences stand first: where one has ended may be known
 * a few spaces later, and what is known by then must not have been cut away.
 */
export function newStopGate(wish: StopWhen): TextGate {
  const gates: TextGate[] = [];
  if (wish.max_sentences !== undefined) gates.push(maxSentences(wish.max_sentences));
  if (wish.json !== undefined) gates.push(jsonComplete());
  if (wish.max_characters !== undefined) gates.push(maxCharacters(wish.max_characters));
  if (wish.literal !== undefined) gates.push(untilLiteral(wish.literal));
  return inARow(gates);
}
