import type { StoredAnswer } from './stored-answer.ts';

/** How a lead ended for those who waited in the same process. */
export type LeadEnd =
  | { readonly state: 'answered'; readonly answers: ReadonlyMap<string, StoredAnswer> }
  | { readonly state: 'alone' | 'over' };

/** The place of the one question that stands for all of its process. */
export interface LocalLead {
  /** Tells those who wait, and those who come until the place is left. */
  tell(end: LeadEnd): void;
  /** From here on another may take the place. */
  leave(): void;
}

/**
 * Of the same questions in one process, one goes to the table; the others wait for it and ask nobody. On Lambda these are
 * the messages of one batch, on a laptop all callers.
 */
export class LocalLeads {
  readonly #underWay = new Map<string, Promise<LeadEnd>>();

  /** Settles when the question that stands for this key has ended; undefined when there is none. Never rejects. */
  underWay(key: string): Promise<LeadEnd> | undefined {
    return this.#underWay.get(key);
  }

  /** Takes the place of a key. To be called where none is under way, and always to be left. */
  begin(key: string): LocalLead {
    const { promise, resolve } = Promise.withResolvers<LeadEnd>();
    this.#underWay.set(key, promise);
    return {
      tell: resolve,
      leave: () => {
        if (this.#underWay.get(key) === promise) this.#underWay.delete(key);
      },
    };
  }
}
