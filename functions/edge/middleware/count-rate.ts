import { RateUnavailable, Throttled } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** Long past the second that it counts; DynamoDB takes away what is over, in its own time. */
const KEPT_SECONDS = 3_600;

/**
 * Holds a caller to its rate where API Gateway does not: the authorizer then says how many requests a second it may make. One conditional
 * UpdateItem counts the request among those of the same second, which all environments share. As a bucket of that rate and burst does,
 * this lets through at most twice the rate in any one second, and the rate in the long run.
 *
 *     ADD taken 1   IF attribute_not_exists(taken) OR taken < :rate     (rate#<caller>#<second>)
 *
 * What is over the rate is refused before anything is read or spent, and so is all, where the table does not answer.
 */
export default function countRate({ dynamo, config }: Pick<Platform, 'dynamo' | 'config'>): HttpMiddleware {
  // A second that is used up stays so: whoever hammers on does not cost a write each time.
  let usedUp = '';
  return {
    async before({ event: { authorizer, requestTimeMs } }) {
      const perSecond = Number(authorizer?.['requestsPerSecond'] ?? 0);
      if (perSecond === 0) return;
      // By API Gateway's clock: cold starts do not spread over the seconds what came in one.
      const second = Math.floor(requestTimeMs / 1000);
      const pk = `rate#${String(authorizer?.['callerId'])}#${second}`;
      if (pk === usedUp) throw new Throttled();
      const counted = await dynamo
        .update(config.tables.jobs, { pk }, 'ADD taken :one SET expiresAt = :until', {
          condition: 'attribute_not_exists(taken) OR taken < :rate',
          values: { ':one': 1, ':rate': perSecond, ':until': second + KEPT_SECONDS },
        })
        .catch((error: unknown) => {
          throw new RateUnavailable(error);
        });
      if (counted === 'written') return;
      usedUp = pk;
      throw new Throttled();
    },
  };
}
