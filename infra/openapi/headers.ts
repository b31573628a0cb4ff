import { IDEMPOTENCY_KEY } from '#edge/idempotency-key.ts';
import { CACHE_WISH_HEADER } from '#edge/openai/cache-wish-header.ts';
import type { EndpointSpec } from '#edge/specs.ts';

const header = (description: string, type = 'string') => ({ description, schema: { type } });

/** What every reply of an endpoint may bear. */
export const REPLY_HEADERS = {
  'x-weir-call-id': header('Id of the call in the ledger.'),
  'x-weir-cost-usd': header('What the call cost, in decimal US dollars.'),
  'x-weir-model': header('The model that answered.'),
  'x-weir-cache': header('hit, miss or bypass.'),
  'x-weir-attempts': header('Requests made to the upstream.', 'integer'),
  'x-weir-finish': header('enough, where a stop condition ended the answer.'),
  'x-weir-replayed': header('true, where this is the reply to an earlier request with the same Idempotency-Key.'),
  age: header('Seconds since the cached answer was made.', 'integer'),
};

const TIMEOUT = {
  name: 'x-weir-timeout-ms',
  in: 'header',
  description: 'Milliseconds within which the answer must come.',
  schema: { type: 'integer', minimum: 1, maximum: 999_999_999 },
};

const CACHE_CONTROL = {
  name: 'cache-control',
  in: 'header',
  description: 'no-cache, no-store, max-age or only-if-cached, as HTTP means them.',
  schema: { type: 'string' },
};

const CACHE_FOR = {
  name: CACHE_WISH_HEADER,
  in: 'header',
  description:
    'For how long the answer may be kept, and one that was kept may be given: from 1s to 30d, or no. ' +
    'Without it only where the caller’s policy says so.',
  schema: { type: 'string', pattern: String.raw`^(?:\d{1,7}[smhd]|no|off)$` },
  example: '1h',
};

const IDEMPOTENCY = {
  name: 'idempotency-key',
  in: 'header',
  description:
    'Chosen by the caller for one call: for 24 hours the same key with the same body gets the same reply, and nothing more is spent.',
  schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
};

/** The headers that an endpoint reads, as parameters. @param streams its answers can be a stream of events */
export function requestHeaders({ cachesOnRequest, answers }: EndpointSpec, streams: boolean): object[] {
  const description = streams
    ? `${IDEMPOTENCY.description} For plain replies, not for streams.`
    : IDEMPOTENCY.description;
  return [
    TIMEOUT,
    CACHE_CONTROL,
    ...(cachesOnRequest && answers === 'openai' ? [CACHE_FOR] : []),
    { ...IDEMPOTENCY, description },
  ];
}
