import { withinDeadline } from '#platform/deadline.ts';
import { OutputInvalid, WeirError } from '#platform/errors.ts';
import { finishOf, type CallEvent } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { attempts } from './attempts.ts';
import { lookUp } from './cached-parts.ts';
import type { Ask, AskOptions, Call, Receipt, Work } from './call.ts';
import { LiveAnswer } from './live-answer.ts';
import { maskedAsk } from './masked-ask.ts';
import { maskedOutput } from './masked-output.ts';
import type { Rooms } from './rooms.ts';
import { shareKept } from './share-answers.ts';
import { ageOf, settle } from './settle.ts';
import { Tab } from './tab.ts';

/**
 * The path that every call takes, and the only place that knows its order:
 *
 *     mask → cache ─ hit ─────────────────────────────────────────────┐
 *              └ miss → lead → reserve → attempts → … → settle → restore → reply
 *
 * An endpoint's work asks as many questions as it likes; each goes through cache, hold and attempts, streamed or not, and all
 * are settled together, once, in the one `finally` below: ledger entry, then counters, and what may be cached.
 *
 * Resolves with the endpoint's output when all is settled; `settled` gets the receipt just before, on every way out.
 *
 * @throws WeirError: the reply to give
 */
export async function moneyPath<Output>(
  call: Call,
  rooms: Rooms,
  work: Work<Output>,
  settled: (receipt: Receipt) => void,
): Promise<Output> {
  const tab = new Tab(call, rooms);
  let outcome = 'abandoned';
  try {
    const ask: Ask = (request, options) => tab.track(answer(request, options, tab, rooms));
    const output = await work(maskedAsk(ask, call, rooms));
    outcome = 'completed';
    return output;
  } catch (error) {
    outcome = error instanceof WeirError ? error.code : 'internal';
    throw error;
  } finally {
    await tab.end();
    settled(await settle(tab, outcome, rooms));
  }
}

/** One question: what the cache has of its answer, and the rest from the upstream. */
async function answer(
  request: ModelRequest,
  { fallbackModels, isAgain = false, keeping: ownKeeping, together, withinMs, ...ways }: AskOptions,
  tab: Tab,
  rooms: Rooms,
): Promise<readonly CallEvent[]> {
  const keeping = ownKeeping ?? tab.call.terms.deterministic;
  if (isAgain && !tab.takeRetry()) throw new OutputInvalid('the answer is not complete, and no second try is left');
  if (ways.listener) tab.show();
  const live = new LiveAnswer({ ...ways, onFirst: () => tab.noteFirstToken() });
  const parts = await lookUp(request, keeping, tab, rooms);
  const keeps = keeping !== undefined && tab.call.cacheWish.store;
  if (parts.missing && together) await tab.coverAll(together);
  const asking = { fallbackModels, live, keeps, ...(withinMs !== undefined && { withinMs }) };
  const made = parts.missing && (await attempts(parts.missing, asking, tab, rooms));
  const fresh = made && maskedOutput(made, request, tab.call, rooms);
  const events = parts.complete(fresh);
  if (ownKeeping && fresh) await shareKept(parts, tab, rooms);
  const told = fresh?.wasStreamed
    ? events
    : await withinDeadline(live.tellWhole(events, ageOf(tab, rooms)), tab.call.deadline.signal);
  tab.finish = finishOf(told);
  return told;
}
