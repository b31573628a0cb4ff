import { OutputInvalid, WeirError } from '#platform/errors.ts';
import { attempts } from './attempts.ts';
import { lookUp } from './cached-parts.ts';
import type { Ask, Call, Receipt, Work } from './call.ts';
import type { Rooms } from './rooms.ts';
import { settle } from './settle.ts';
import { Tab } from './tab.ts';

/**
 * The path that every call takes, and the only place that knows its order:
 *
 *     cache ─ hit ──────────────────────────────────────────┐
 *       └ miss → lead → reserve → attempts → … → settle → reply
 *
 * An endpoint's work asks as many questions as it likes; each goes through cache, hold and attempts, and all are settled
 * together, once, in the one `finally` below: ledger entry, then counters, and what may be cached.
 *
 * Yields what may be streamed and returns the endpoint's output. `settled` gets the receipt before the generator ends, on
 * every way out.
 *
 * @throws WeirError: the reply to give
 */
export async function* moneyPath<Output>(
  call: Call,
  rooms: Rooms,
  work: Work<Output>,
  settled: (receipt: Receipt) => void,
) {
  const tab = new Tab(call, rooms);

  const ask: Ask = async function* (request, { fallbackModels, isAgain = false }) {
    if (isAgain && !tab.takeRetry()) throw new OutputInvalid('the answer is not complete, and no second try is left');
    const parts = await tab.track(lookUp(request, tab, rooms));
    const fresh = parts.missing && (await tab.track(attempts(parts.missing, fallbackModels, tab, rooms)));
    yield* parts.complete(fresh);
  };

  let outcome = 'abandoned';
  try {
    const output: Output = yield* work(ask);
    outcome = 'completed';
    return output;
  } catch (error) {
    outcome = error instanceof WeirError ? error.code : 'internal';
    throw error;
  } finally {
    await tab.finish();
    settled(await settle(tab, outcome, rooms));
  }
}
