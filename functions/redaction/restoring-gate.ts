import type { CallMasks, Ground } from './call-masks.ts';
import type { HoldingGate } from './holding-gate.ts';
import { isHighSurrogate } from './surrogate.ts';

/** How many characters more a placeholder may have than it needs: a backslash (two in JSON) before each sign. */
const ESCAPES: Readonly<Record<Ground, number>> = { text: 1, json: 2 };

/**
 * Puts the originals in the places of their placeholders in a text that comes in pieces (D11). Only an end that may still become
 * one of the placeholders that stand for something is held back: at most one of them, however it is spelt.
 * @param ground of the whole text: prose, or JSON to be parsed
 */
export function createRestoringGate(masks: CallMasks, ground: Ground = 'text'): HoldingGate {
  let held = '';
  let known: Beginnings | undefined;
  return {
    get isHolding() {
      return held !== '';
    },
    push(piece) {
      const text = held + piece;
      const isPlain = !text.includes('[') && !text.includes('\\');
      const end = isPlain ? text.length : settledEnd(text, (known ??= knownBeginnings(masks, ground)));
      const whole = isHighSurrogate(text, end - 1) ? end - 1 : end;
      held = text.slice(whole);
      return { text: masks.restore(text.slice(0, whole), ground), isEnough: false };
    },
    end() {
      const text = held;
      held = '';
      return masks.restore(text, ground);
    },
  };
}

/** How the placeholders may begin, and how long the longest spelling of one is (UTF-16 units). */
interface Beginnings {
  readonly texts: ReadonlySet<string>;
  readonly longest: number;
}

/** Of each call, for a reply has many texts, and a call's placeholders only grow in number. */
const made = new WeakMap<CallMasks, Map<Ground, { readonly count: number; readonly beginnings: Beginnings }>>();

function knownBeginnings(masks: CallMasks, ground: Ground): Beginnings {
  const { placeholders } = masks;
  const own = made.get(masks) ?? new Map<Ground, { readonly count: number; readonly beginnings: Beginnings }>();
  made.set(masks, own);
  const last = own.get(ground);
  if (last?.count === placeholders.size) return last.beginnings;
  const beginnings = beginningsOf(placeholders, ground);
  own.set(ground, { count: placeholders.size, beginnings });
  return beginnings;
}

function beginningsOf(placeholders: ReadonlySet<string>, ground: Ground): Beginnings {
  const texts = new Set<string>();
  let longest = 0;
  for (const placeholder of placeholders) {
    for (let end = 0; end < placeholder.length; end += 1) texts.add(placeholder.slice(0, end));
    const signs = placeholder.replaceAll(/[A-Z0-9]/g, '').length;
    longest = Math.max(longest, placeholder.length + signs * ESCAPES[ground]);
  }
  return { texts, longest };
}

/** Where the end begins that may still become a placeholder. */
function settledEnd(text: string, { texts, longest }: Beginnings): number {
  for (let start = Math.max(0, text.length - longest + 1); start < text.length; start += 1) {
    const unit = text.charCodeAt(start);
    if ((unit === BRACKET || unit === BACKSLASH) && texts.has(text.slice(start).replaceAll('\\', ''))) return start;
  }
  return text.length;
}

const BRACKET = 91;
const BACKSLASH = 92;
