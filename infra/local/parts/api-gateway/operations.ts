import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '#platform/clock.ts';
import { AwsError } from '../json-protocol-server.ts';
import type { RestCall, RestOperation } from './rest-server.ts';
import { keysIn, plansIn, type StoredKey, type UsageState } from './usage-state.ts';

export interface UsageOperationsOptions {
  readonly state: UsageState;
  readonly clock: Clock;
  /** API Gateway's quota of an account and region. */
  readonly mostApiKeys: number;
}

const newKey = z.object({
  name: z.string().max(1024).optional(),
  value: z.string().optional(),
  enabled: z.boolean().default(false),
});
const planKey = z.object({ keyId: z.string(), keyType: z.literal('API_KEY') });

/** The control plane's operations on API keys and usage plans, those that Weir uses, with API Gateway's statuses and errors. */
export function usageOperations({ state, clock, mostApiKeys }: UsageOperationsOptions): RestOperation[] {
  const createApiKey = ({ body }: RestCall) => {
    const { name = '', value = randomBytes(20).toString('hex'), enabled } = read(newKey, body);
    if (!/^[A-Za-z0-9]{20,128}$/.test(value)) throw badRequest('API Key value should be at least 20 characters');
    const keys = keysIn(state);
    if (keys.some((key) => key.value === value)) throw conflict('API Key already exists');
    if (keys.length >= mostApiKeys) {
      throw new AwsError('LimitExceededException', 'API Keys limit exceeded', { statusCode: 429 });
    }
    const id = newId();
    const key: StoredKey = { kind: 'key', id, name, value, enabled, createdAtMs: clock.nowMs(), plans: {} };
    state.write([`key/${id}`, key]);
    return { ...shown(key), value };
  };
  const getApiKeys = ({ query }: RestCall) => {
    const named = keysIn(state).filter(({ name }) => name.startsWith(query.get('name') ?? ''));
    return page(named.map(shown), query);
  };
  const deleteApiKey = ({ parameters: { id = '' } }: RestCall) => {
    if (!state.get(`key/${id}`)) throw notFound('Invalid API Key identifier specified');
    state.write([`key/${id}`, undefined]);
  };
  const getUsagePlans = ({ query }: RestCall) => {
    const plans = plansIn(state).map(({ id, name, apiStages, throttle }) => ({ id, name, apiStages, throttle }));
    return page(plans, query);
  };
  const createUsagePlanKey = ({ parameters: { id: planId = '' }, body }: RestCall) => {
    const { keyId } = read(planKey, body);
    const [plan, key] = [state.get(`plan/${planId}`), state.get(`key/${keyId}`)];
    if (plan?.kind !== 'plan') throw notFound('Invalid Usage Plan ID specified');
    if (key?.kind !== 'key') throw notFound('Invalid API Key identifier specified');
    if (key.plans[planId] !== undefined) throw conflict(`Usage plan ID ${planId} already has API key ${keyId}`);
    state.write([`key/${keyId}`, { ...key, plans: { ...key.plans, [planId]: clock.nowMs() } }]);
    return { id: keyId, type: 'API_KEY', name: key.name };
  };
  return [
    { method: 'POST', path: '/apikeys', status: 201, run: createApiKey },
    { method: 'GET', path: '/apikeys', status: 200, run: getApiKeys },
    { method: 'DELETE', path: '/apikeys/{id}', status: 202, run: deleteApiKey },
    { method: 'GET', path: '/usageplans', status: 200, run: getUsagePlans },
    { method: 'POST', path: '/usageplans/{id}/keys', status: 201, run: createUsagePlanKey },
  ];
}

/** Ten small letters and digits, as all ids of API Gateway are. */
export function newId(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(10, '0')
    .slice(-10);
}

function shown({ id, name, enabled, createdAtMs, plans }: StoredKey) {
  return { id, name, enabled, createdDate: Math.floor(createdAtMs / 1000), stageKeys: Object.keys(plans) };
}

/** `position` is where the next page begins; API Gateway gives 25 a page where nothing is said. */
function page<Item extends { readonly id: string }>(items: readonly Item[], query: URLSearchParams) {
  const limit = Math.min(500, Number(query.get('limit') ?? 25));
  const from = Number(query.get('position') ?? 0);
  const item = items.slice(from, from + limit);
  return { item, ...(from + limit < items.length && { position: String(from + limit) }) };
}

function read<T>(shape: z.ZodType<T>, body: unknown): T {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badRequest(z.prettifyError(parsed.error));
}

function badRequest(message: string): AwsError {
  return new AwsError('BadRequestException', message);
}

function conflict(message: string): AwsError {
  return new AwsError('ConflictException', message, { statusCode: 409 });
}

function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', message, { statusCode: 404 });
}
