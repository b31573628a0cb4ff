import type { Passage, TextGate } from './text-gate.ts';

/**
 * Gates one behind the other: the text passes all of them, and ends where the first of them has enough. That may be at the end
 * of the text, in what another had held back: it is cut then too, though nothing is left to be ended.
 */
export function inARow(gates: readonly TextGate[]): TextGate {
  let isOver = false;
  const passAll = (first: Passage): Passage => gates.reduce(passOne, first);
  return {
    push(piece) {
      const passage = passAll({ text: piece, isEnough: false });
      isOver = passage.isEnough;
      return passage;
    },
    // A gate behind one that had enough may never have seen what that one held back.
    end: () => (isOver ? '' : passAll({ text: '', isEnough: true }).text),
  };
}

/** What a gate makes of what those before it let through. Where they let nothing more through, its text ends there. */
function passOne(before: Passage, gate: TextGate): Passage {
  const passage = gate.push(before.text);
  if (passage.isEnough || !before.isEnough) return passage;
  return { text: passage.text + gate.end(), isEnough: true };
}
