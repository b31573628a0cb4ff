import * as z from 'zod';

/** The most that one reply of a list tells, whatever is asked for. */
const MOST_A_PART = 1_000;
/** So that a reply stays far below what it may hold. */
export const MOST_CHARS_A_PART = 1_000_000;

/** `limit` of a list that is told in parts: a parameter of the query, so a text. */
export const partLimit = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, `must be a whole number from 1 to ${MOST_A_PART}`)
  .default('200')
  .describe(`At most so many at once, and of the largest fewer; up to ${MOST_A_PART}.`);

/** `next` of a reply: what to ask with for what follows. */
export const nextPart = z
  .string()
  .optional()
  .describe('There is more: ask again with it. Absent: these were the last.');
