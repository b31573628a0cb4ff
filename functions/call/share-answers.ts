import type { CacheWrite } from '#cache/answer-cache.ts';
import type { StoredAnswer } from '#cache/stored-answer.ts';
import type { CachedParts } from './cached-parts.ts';
import type { Lead } from './lead.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

/** Outcomes that lie in the answer itself: another would fare no better with it. */
const FAULT_OF_ANSWER = new Set(['output_invalid', 'output_refused', 'internal']);

/**
 * The end of a call for all who may want its answers: stores those of a call that ended well, and ends its leads. Who
 * waits in this process is told before anything is written. Never throws.
 */
export async function shareAnswers(tab: Tab, outcome: string, { cache }: Rooms): Promise<void> {
  const leads = tab.leads.close();
  const stopped = Promise.all(leads.map((lead) => lead.stop()));
  const stored: ReadonlyMap<string, StoredAnswer> = outcome === 'completed' ? tab.toStore : new Map();
  const answered = leads.filter(({ terms }) => terms.parts.every((part) => stored.has(part)));
  for (const { terms } of answered) {
    const answers = new Map(terms.parts.map((part) => [part, stored.get(part) as StoredAnswer]));
    terms.local.tell({ state: 'answered', answers });
  }
  // The answer to one question takes its lead's place on the table; the lead over several has an item of its own.
  const marks = answered.flatMap(({ terms, isOnTable }) => (isOnTable && terms.parts.length > 1 ? terms.key : []));
  const written = await cache.write(stored, marks);
  await Promise.all(
    leads.map(async (lead) => {
      const state = answered.includes(lead) ? endOfAnswered(lead, written) : endOf(lead, outcome);
      await endOnTable(lead, state, tab, cache.leads);
      // At once: whoever is told that it is over looks whether the place is free.
      lead.terms.local.leave();
      if (state !== 'answered') lead.terms.local.tell({ state });
    }),
  );
  await stopped;
}

/**
 * Shares an intermediate answer as soon as it is there: who waits for it need not wait for what is made of it, and it stands
 * whatever becomes of the call. Never throws.
 */
export async function shareKept({ missingKeys, lead }: CachedParts, tab: Tab, { cache }: Rooms): Promise<void> {
  const answers = new Map(
    missingKeys.flatMap((key) => (tab.toStore.has(key) ? [[key, tab.toStore.get(key)!] as const] : [])),
  );
  for (const key of missingKeys) tab.toStore.delete(key);
  const isWhole = answers.size === missingKeys.length;
  if (lead) {
    tab.leads.drop(lead);
    if (isWhole) lead.terms.local.tell({ state: 'answered', answers });
  }
  const marks = isWhole && lead?.isOnTable && lead.terms.parts.length > 1 ? [lead.terms.key] : [];
  const [written] = await Promise.all([cache.write(answers, marks), lead?.stop()]);
  if (!lead) return;
  const state = isWhole ? endOfAnswered(lead, written) : 'alone';
  await endOnTable(lead, state, tab, cache.leads);
  lead.terms.local.leave();
  if (state !== 'answered') lead.terms.local.tell({ state });
}

type End = 'answered' | 'alone' | 'over';

async function endOnTable({ terms, isOnTable }: Lead, state: End, tab: Tab, leads: Rooms['cache']['leads']) {
  if (isOnTable && state !== 'answered') await leads.end(terms.key, tab.call.id, state);
}

/** Of several answers those that fit are stored, and who misses one of the others asks for it alone. */
function endOfAnswered({ terms: { parts } }: Lead, { isStored, tooLarge }: CacheWrite): End {
  if (parts.every((part) => tooLarge.has(part))) return 'alone';
  return isStored ? 'answered' : 'over';
}

function endOf({ answer }: Lead, outcome: string): End {
  if (answer === 'unshareable') return 'alone';
  return answer === 'shareable' && FAULT_OF_ANSWER.has(outcome) ? 'alone' : 'over';
}
