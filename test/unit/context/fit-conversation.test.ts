import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextWindowTokens } from '#context/context-window.ts';
import { fitConversation, type ContextLimit } from '#context/fit-conversation.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import { estimateTokens } from '#context/token-estimate.ts';
import type { InputItem } from '#protocol/request.ts';

const SEED = 20_261_122;
type Turn = readonly InputItem[];
type Role = 'user' | 'assistant' | 'developer';

const says = (role: Role, text: string): InputItem => ({ type: 'message', role, text });
const limitOf = (facts: Partial<ContextLimit> = {}): ContextLimit => ({
  contextTokens: 1_000,
  models: ['gpt-6-luna'],
  maxOutputTokens: 100,
  instructions: '',
  ...facts,
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
);
const anyPlain = fc
  .tuple(fc.constantFrom<Role>('user', 'assistant', 'user', 'assistant', 'developer'), anyText)
  .map(([role, text]): Turn[] => [[says(role, text)]]);

interface Called {
  readonly id: string;
  readonly given: string;
  readonly between: readonly Turn[];
}

/** Calls in one turn and, turn by turn, their results, each with what was said before it. */
function callsAndResults(said: string, calls: readonly Called[]): Turn[] {
  const asked = calls.map(({ id, given }): InputItem => {
    return { type: 'tool-call', callId: id, name: 'look', arguments: given };
  });
  const answered = calls.flatMap(({ id, given, between }): Turn[] =>
    between.concat([[{ type: 'tool-result', callId: id, output: given }]]),
  );
  return [[says('assistant', said)].concat(asked)].concat(answered as InputItem[][]);
}

/** Anything may stand between a call and its result: other calls too. */
const { turns: anyTurns } = fc.letrec<{ turns: Turn[]; calls: Turn[] }>((tie) => ({
  turns: fc.array(fc.oneof({ maxDepth: 2 }, anyPlain, tie('calls')), { maxLength: 6 }).map((parts) => parts.flat()),
  calls: fc
    .tuple(
      anyText,
      fc.array(fc.record({ id: fc.uuid(), given: anyText, between: tie('turns') }), { minLength: 1, maxLength: 3 }),
    )
    .map(([said, calls]) => callsAndResults(said, calls)),
}));
const anyConversation = fc.tuple(anyTurns, anyText).map(([turns, text]) => turns.concat([[says('user', text)]]));
/** Limits by the estimate, and such where the window of the smallest model is the narrower one. */
const anyLimit = fc.record({
  contextTokens: fc.integer({ min: 100, max: 2_000 }),
  models: fc.constantFrom(['gpt-6-luna'], ['gpt-6-luna', 'text-embedding-3-small']),
  maxOutputTokens: fc.integer({ min: 6_000, max: 8_000 }),
  instructions: anyText,
});

const isDevelopers = (turn: Turn) => turn.some((item) => item.type === 'message' && item.role === 'developer');
const textsOf = (item: InputItem) =>
  item.type === 'message' ? [item.text] : item.type === 'tool-result' ? [item.output] : [item.name, item.arguments];
const estimated = (items: readonly InputItem[]) =>
  items.reduce((sum, item) => sum + 3 + textsOf(item).reduce((tokens, text) => tokens + estimateTokens(text), 0), 0);

/** By all that a reader of a request sees: results without a call before them, calls without a result behind them. */
function unpaired(items: readonly InputItem[]): string[] {
  const open = new Set<string>();
  const orphans: string[] = [];
  for (const item of items) {
    if (item.type === 'tool-call') open.add(item.callId);
    if (item.type === 'tool-result' && !open.delete(item.callId)) orphans.push(item.callId);
  }
  return [...orphans, ...open];
}

function fitted(turns: readonly Turn[], limit: ContextLimit) {
  const outcome = fitConversation(turns, limit);
  return outcome.fits ? outcome : undefined;
}

test('whatever the conversation, the request fits: by the estimate with its margin, and by bytes into the smallest window', () => {
  fc.assert(
    fc.property(anyConversation, anyLimit, (turns, limit) => {
      const kept = fitted(turns, limit);
      fc.pre(kept !== undefined);
      const { instructions, maxOutputTokens, contextTokens, models } = limit;
      expect(estimated(kept.items) + estimateTokens(instructions)).toBeLessThanOrEqual(contextTokens * 0.8);
      for (const model of models) {
        const bound = inputTokenBound({ kind: 'respond', model, instructions, input: kept.items, maxOutputTokens });
        expect(bound + maxOutputTokens).toBeLessThanOrEqual(contextWindowTokens(model));
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('whatever the conversation, the developer’s turns and the last one stand, and the rest is the end of it in order', () => {
  fc.assert(
    fc.property(anyConversation, anyLimit, (turns, limit) => {
      const kept = fitted(turns, limit);
      fc.pre(kept !== undefined);
      const isKept = (turn: Turn) => turn.every((item) => kept.items.includes(item));
      expect(kept.items).toEqual(turns.filter(isKept).flat());
      expect(turns.filter(isDevelopers).every(isKept)).toBe(true);
      expect(kept.items.at(-1)).toBe(turns.at(-1)!.at(-1));
      const spoken = turns.filter((turn) => !isDevelopers(turn));
      const from = spoken.findIndex(isKept);
      expect(spoken.slice(from).every(isKept)).toBe(true);
      const dropped = spoken.slice(0, from);
      expect(kept.trimmed).toEqual({ turns: dropped.length, estimatedTokens: estimated(dropped.flat()) });
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('whatever the conversation, no tool result stands without its call, and no call without its result', () => {
  fc.assert(
    fc.property(anyConversation, anyLimit, (turns, limit) => {
      expect(unpaired(turns.flat())).toEqual([]);
      expect(unpaired(fitted(turns, limit)?.items ?? [])).toEqual([]);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('no more is left out than must be: any longer end that keeps calls and results together would not fit', () => {
  fc.assert(
    fc.property(anyConversation, fc.integer({ min: 100, max: 1_500 }), (turns, contextTokens) => {
      const kept = fitted(turns, limitOf({ contextTokens }));
      fc.pre(kept !== undefined && kept.trimmed.turns > 0);
      const isPinned = (turn: Turn) => isDevelopers(turn);
      const spoken = turns.filter((turn) => !isPinned(turn));
      const pinned = turns.filter(isPinned).flat();
      for (let from = 0; from < kept.trimmed.turns; from++) {
        const longer = spoken.slice(from).flat();
        if (unpaired(longer).length > 0) continue;
        expect(estimated([...pinned, ...longer])).toBeGreaterThan(contextTokens * 0.8);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('what must stay and is too long is told with its size and the limit', () => {
  const turns = [[says('developer', 'a'.repeat(400))], [says('user', 'b'.repeat(4_000))]];
  expect(fitConversation(turns, limitOf())).toEqual({ fits: false, tokens: 1_106, limitTokens: 800 });
  expect(fitConversation([[says('user', 'gone')], ...turns], limitOf()).fits).toBe(false);
  const narrow = limitOf({ models: ['text-embedding-3-small'], maxOutputTokens: 8_000 });
  // 800 bytes and 12 of overhead, where the window leaves 192, less 6 for what stands around the instructions.
  expect(fitConversation([[says('user', 'b'.repeat(800))]], narrow)).toEqual({
    fits: false,
    tokens: 809 + 6,
    limitTokens: 186,
  });
});

test('the last turn may be a tool’s: its call stays with it, and the results of that call’s neighbours', () => {
  const call = (callId: string): InputItem => ({ type: 'tool-call', callId, name: 'look', arguments: '{}' });
  const result = (callId: string): InputItem => ({ type: 'tool-result', callId, output: 'x'.repeat(600) });
  const turns = [[says('user', 'y'.repeat(3_000))], [call('a'), call('b')], [result('a')], [result('b')]];
  const outcome = fitConversation(turns, limitOf());
  expect(outcome).toMatchObject({ fits: true, items: turns.slice(1).flat(), trimmed: { turns: 1 } });
});

test('a conversation of 50,000 turns is cut too: each is weighed once', () => {
  const turns = Array.from({ length: 50_000 }, (_, at) => [says(at % 2 ? 'assistant' : 'user', 'turn')]);
  expect(fitConversation(turns, limitOf())).toMatchObject({ fits: true, trimmed: { turns: 50_000 - 200 } });
});
