import type { Rewriting } from '#call/pass-rewrite/rewriting.ts';
import type { RespondRequest } from '#protocol/request.ts';
import { CallMasks, type Ground } from '#redaction/call-masks.ts';
import { createMaskingGate } from '#redaction/masking-gate.ts';
import { createRedactor, type Redactor } from '#redaction/redactor.ts';
import { createRestoringGate } from '#redaction/restoring-gate.ts';
import type { Detector } from '#redaction/detector.ts';

/** What `[MAIL_1]` stands for: with quotes, which JSON has to escape. */
export const ORIGINAL = '"Ada" <ada>';

/** Restores `ORIGINAL`. */
export function loud(answerGround: Ground): Rewriting {
  const found = [{ kind: 'MAIL', start: 0, end: ORIGINAL.length }];
  const finder: Redactor = { redact: (text) => ({ text, found: text === ORIGINAL ? found : [] }) };
  const masks = new CallMasks('reversible', finder);
  const input = [{ type: 'message', role: 'user', text: ORIGINAL }];
  masks.mask({ kind: 'respond', model: 'm', instructions: '', input, maxOutputTokens: 1 } as unknown as RespondRequest);
  return {
    newGate: (ground) => createRestoringGate(masks, ground),
    whole: (text, ground) => masks.restore(text, ground),
    answerGround,
    isOneWay: false,
  };
}

const set: readonly Detector[] = [
  {
    kind: 'KEY',
    category: 'secret',
    anchor: { literals: ['SECRET'] },
    pattern: /SECRET(?! SERVICE)/y,
    longest: 14,
    example: 'SECRET',
    source: 'this test',
  },
];

/** Masks the word `SECRET`, but for the service. */
export function quiet(): Rewriting {
  const redactor = createRedactor(set);
  return {
    newGate: () => createMaskingGate(redactor, set),
    whole: (text) => redactor.redact(text).text,
    answerGround: 'text',
    isOneWay: true,
  };
}
