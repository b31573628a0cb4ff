import type { Target, TargetKind } from './targets.ts';

/** The rows of CASES.md's "Callers and input". */
export type Row = 'A1' | 'A2' | 'A3' | 'A4' | 'A5' | 'A6' | 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

const noKey = 'takes no key';
const noBody = 'takes no body';
const noModel = 'has no way upstream';
const noPicture = 'knows no picture; that no address in a text is visited is I1';

/** Which row is tried on which kind of route; where it is not, why. */
export const ROWS: Readonly<Record<Row, Readonly<Record<TargetKind, true | string>>>> = {
  A1: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  A2: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  A3: { endpoint: true, compatible: true, reading: true, writing: true, public: noKey },
  A4: { endpoint: true, compatible: true, reading: true, writing: true, public: noKey },
  A5: {
    endpoint: true,
    compatible: true,
    reading: 'belongs to a role, not to a caller: who may not be here is A4',
    writing: 'belongs to a role, not to a caller: who may not be here is A4',
    public: 'keeps nothing of anybody',
  },
  A6: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I1: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I2: { endpoint: true, compatible: true, reading: noPicture, writing: noPicture, public: noPicture },
  I3: { endpoint: true, compatible: true, reading: noBody, writing: true, public: noBody },
  I4: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I5: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I6: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I7: { endpoint: true, compatible: true, reading: true, writing: true, public: true },
  I8: {
    endpoint: 'takes nothing but what its schema counts: unknown fields are I7',
    compatible: true,
    reading: noModel,
    writing: noModel,
    public: noModel,
  },
};

/** The routes on which a row is tried, by their names, for `describe.each`. */
export function tried(row: Row, targets: readonly Target[]): [string, Target][] {
  return targets
    .filter(({ kind }) => ROWS[row][kind] === true)
    .map((target): [string, Target] => [target.name, target]);
}
