import { Conflict } from '#platform/errors.ts';

/** The two callers of a local start, whose keys are its own. */
export const LOCAL_CALLER = 'local-caller';
export const LOCAL_ADMINISTRATOR = 'local-administrator';
/** Who runs evaluations (`weir eval`), without a key. */
export const EVALUATOR = 'weir-eval';

const OWN_IDS: readonly string[] = [LOCAL_CALLER, LOCAL_ADMINISTRATOR, EVALUATOR];

/** Another caller of that id would share its lines in the ledger and its budget. @throws Conflict for an id of Weir's own */
export function assertFree(id: string): void {
  if (OWN_IDS.includes(id)) throw new Conflict(`${id} is an id of Weir’s own; choose another one`);
}
