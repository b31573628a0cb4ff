import { sleep } from '#platform/clock.ts';
import { withinDeadline } from '#platform/deadline.ts';
import { OutputLate } from '#platform/errors.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { replyFor, replyToAuthor, type UpstreamFailure } from '#upstream/failure.ts';
import { decideRetry } from '#upstream/retry-policy.ts';
import { attempt, type Answered, type AttemptWays } from './attempt.ts';
import type { Rooms } from './rooms.ts';
import type { Tab } from './tab.ts';

interface AttemptsWays extends Omit<AttemptWays, 'leftMs'> {
  readonly fallbackModels: readonly string[];
  /** All attempts together may take so long. @default the call's time */
  readonly withinMs?: number;
}

/**
 * Asks the upstream until it answers, the retry policy says stop, or the deadline comes. Each attempt is covered by the
 * hold before it is sent, and becomes a line of the ledger entry. Once somebody has heard a part of an answer, there is no other.
 *
 * @throws the reply that belongs to the last failure; BudgetExceeded; the deadline's reason; OutputLate
 */
export async function attempts(
  request: ModelRequest,
  { fallbackModels, withinMs = Infinity, ...ways }: AttemptsWays,
  tab: Tab,
  rooms: Rooms,
): Promise<Answered> {
  const { upstream, platform } = rooms;
  const { deadline } = tab.call;
  const models = [request.model, ...fallbackModels];
  const lateAtMs = platform.clock.nowMs() + withinMs;
  const leftMs = () => Math.max(0, lateAtMs - platform.clock.nowMs());
  let attemptsOnModel = 0;
  for (;;) {
    attemptsOnModel++;
    const key = await withinDeadline(upstream.keys.current(), deadline.signal);
    const asked = { ...request, model: models[0] as string };
    const result = await attempt(asked, { ...ways, leftMs: leftMs() }, key, tab, rooms);
    if ('events' in result) {
      upstream.retryBudget.earn();
      return result;
    }
    deadline.signal.throwIfAborted();
    if (leftMs() === 0) throw new OutputLate(withinMs);
    if (ways.live.hasBegun) throw stopped(result, request, rooms);
    const decision = decideRetry({
      failure: result.failure,
      attemptsOnModel,
      retriesLeft: tab.retriesLeft,
      keyIsWorthARetry:
        result.failure.class === 'credential' &&
        (await withinDeadline(upstream.keys.refused(key.version), deadline.signal)),
      budgetAllows: upstream.retryBudget.hasToken(),
      hasFallback: models.length > 1,
      remainingMs: Math.min(deadline.remainingMs(), leftMs()),
      random: platform.random(),
    });
    if (decision.action === 'stop') throw stopped(result, request, rooms);
    tab.retriesLeft--;
    if (decision.spendsBudget) upstream.retryBudget.spend();
    if (decision.action === 'fallback') {
      models.shift();
      attemptsOnModel = 0;
    }
    await sleep(platform.clock, decision.delayMs, deadline.signal);
  }
}

function stopped(failed: UpstreamFailure, request: ModelRequest, { platform }: Rooms): Error {
  const { failure } = failed;
  if (failure.class === 'credential' || failure.class === 'configuration' || failure.class === 'quota') {
    platform.log.error('the upstream refuses this deployment', {
      alarm: `upstream-${failure.class}`,
      code: failure.code,
    });
  }
  return request.kind === 'pass' && !request.isOurs ? replyToAuthor(failed) : replyFor(failure);
}
