import type { CacheLook } from '#cache/answer-cache.ts';
import { leadKeyOf, type Lead as StandingLead } from '#cache/lead-item.ts';
import type { LeadEnd } from '#cache/local-leads.ts';
import type { StoredAnswer } from '#cache/stored-answer.ts';
import { sleep } from '#platform/clock.ts';
import { withinDeadline } from '#platform/deadline.ts';
import { Lead } from './lead.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

/** Answers that are missing and that others may be missing too. */
export interface Miss {
  /** At least one, each once. */
  readonly keys: readonly string[];
  /** What stood there when they were missed. */
  readonly seen: CacheLook;
  /** Whether the caller takes an answer of this age. */
  readonly isWanted: (answer: StoredAnswer) => boolean;
}

/** What became of a miss: answers that another made; a lead, until the call ends; or neither: it goes on alone. */
export interface Shared {
  readonly answers: ReadonlyMap<string, StoredAnswer>;
  readonly lead?: Lead;
}

const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 500;
/** Who is refused the lead, and then finds neither lead nor answer, has met others in between: so often, and no more. */
const MOST_REFUSALS = 3;

const ALONE: Shared = { answers: new Map() };
const OVER: LeadEnd = { state: 'over' };

/**
 * Of all calls that miss the same answers, lets one lead, and has the others wait until it has ended. In a process one
 * question stands for all; over processes the table decides, and who waits there asks it again, less and less often.
 *
 * @throws the deadline's reason, when it comes while the question waits
 */
export async function leadOrWait(miss: Miss, tab: Tab, rooms: Rooms): Promise<Shared> {
  const key = leadKeyOf(miss.keys);
  const { here } = rooms.cache;
  for (let seen: CacheLook | undefined = miss.seen; ; seen = undefined) {
    const underWay = here.underWay(key);
    if (!underWay) return standForProcess(key, { ...miss, seen }, tab, rooms);
    if (!tab.leads.mayWait) return ALONE;
    const end = await tab.leads.wait(withinDeadline(underWay, tab.call.deadline.signal));
    if (end.state === 'alone') return ALONE;
    if (end.state === 'answered') return { answers: wantedOf(end.answers, miss) };
    // The next round is a new one: what was seen before it is old. Whoever was told first stands for the others now.
  }
}

type Round = Omit<Miss, 'seen'> & { readonly seen: CacheLook | undefined };
type Outcome = Shared & { /** For those who waited here. */ readonly end: LeadEnd };

async function standForProcess(key: string, round: Round, tab: Tab, rooms: Rooms): Promise<Shared> {
  const { cache, platform } = rooms;
  const local = cache.here.begin(key);
  const lead = new Lead({ key, parts: round.keys, leader: tab.call.id, local, cache, clock: platform.clock });
  let outcome: Outcome = { ...ALONE, end: OVER };
  try {
    outcome = await atTable(lead, round, tab, rooms);
    return outcome;
  } finally {
    // A leader leaves its place when its call ends.
    if (!outcome.lead) {
      local.leave();
      local.tell(outcome.end);
    }
  }
}

async function atTable(lead: Lead, round: Round, tab: Tab, rooms: Rooms): Promise<Outcome> {
  const { cache, platform } = rooms;
  const { key, leader } = lead.terms;
  let look = round.seen;
  for (let refusals = 0; refusals < MOST_REFUSALS;) {
    const standing = look?.leads.get(key);
    if (standing?.state === 'alone') return { ...ALONE, end: { state: 'alone' } };
    if (standing?.state === 'leading' && standing.leaseUntilMs > platform.clock.nowMs()) {
      if (!tab.leads.mayWait) break;
      look = await tab.leads.wait(untilEnded(key, standing, tab, rooms));
      continue;
    }
    const found = standing?.state === 'answered' ? await readAnswered(round.keys, tab, rooms) : look?.answers;
    const answers = wantedOf(found ?? new Map<string, StoredAnswer>(), round);
    if (answers.size > 0) return { answers, end: { state: 'answered', answers } };

    if (standing?.state === 'answered' || !tab.leads.mayLead) break;
    tab.leads.add(lead);
    const taken = look?.isUnknown ? undefined : await cache.leads.take(key, leader, look?.unusable.get(key));
    if (taken !== 'refused') {
      lead.isOnTable = taken !== undefined;
      // Also one that may have landed: where it has not, the first renewal is refused.
      if (lead.isOnTable) lead.keep();
      return { ...ALONE, lead, end: OVER };
    }
    tab.leads.drop(lead);
    refusals++;
    look = await cache.read([key], { consistent: true });
  }
  // This question goes on alone; the others need not.
  return { ...ALONE, end: OVER };
}

/** Looks until the lead does not stand any more. A table that does not answer is asked again while the lease would run. */
async function untilEnded(key: string, standing: StandingLead, tab: Tab, rooms: Rooms): Promise<CacheLook> {
  const { clock, random } = rooms.platform;
  let { leaseUntilMs } = standing;
  for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_POLL_MS)) {
    await sleep(clock, Math.round(delayMs * (0.5 + random() / 2)), tab.call.deadline.signal);
    const look = await rooms.cache.read([key]);
    const lead = look.leads.get(key);
    if (look.isUnknown ? clock.nowMs() >= leaseUntilMs : lead?.state !== 'leading') return look;
    leaseUntilMs = lead?.leaseUntilMs ?? leaseUntilMs;
  }
}

/** Several answers, of which it is known that they were stored. Read at half the price they may come a moment late. */
async function readAnswered(keys: readonly string[], tab: Tab, { cache, platform }: Rooms) {
  const first = await cache.read(keys);
  if (first.answers.size === keys.length) return first.answers;
  await tab.leads.wait(sleep(platform.clock, FIRST_POLL_MS, tab.call.deadline.signal));
  return (await cache.read(keys)).answers;
}

function wantedOf(answers: ReadonlyMap<string, StoredAnswer>, { keys, isWanted }: Omit<Miss, 'seen'>) {
  return new Map([...answers].filter(([key, answer]) => keys.includes(key) && isWanted(answer)));
}
