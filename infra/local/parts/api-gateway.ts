import { join } from 'node:path';
import { RATE_TIERS, ratePlanName } from '#edge/callers/rate-tiers.ts';
import { sharedUsageKey } from '#edge/callers/usage-key.ts';
import { systemClock, type Clock } from '#platform/clock.ts';
import { newId, usageOperations } from './api-gateway/operations.ts';
import { startRestServer } from './api-gateway/rest-server.ts';
import { keysIn, plansIn, type StoredPlan, type UsageState } from './api-gateway/usage-state.ts';
import type { RunningServer } from './json-protocol-server.ts';
import { openStateFile } from './state-file.ts';

export interface ApiGatewayPartOptions {
  /** The folder that keeps keys and plans. @default in memory */
  readonly dataDir?: string | undefined;
  /** @default the machine's time */
  readonly clock?: Clock;
  /** So long after a key is put into a plan its requests are still refused; on AWS it can be minutes. @default 0 */
  readonly settlesMs?: number;
  /** @default 10,000, API Gateway's quota of an account and region */
  readonly mostApiKeys?: number;
}

/** What API Gateway knows of a request by its API key. */
export interface KnownUsage {
  readonly keyId: string;
  readonly planId: string;
  /** Absent: as fast as the stage allows. */
  readonly throttle?: StoredPlan['throttle'];
}

/** API Gateway's control plane, and what the plane that takes requests (infra/local/gateway.ts) learns from it. */
export interface RunningApiGateway extends RunningServer {
  /** The plan in which a value's key is. Undefined: none knows it. */
  readonly findUsage: (this: void, value: string) => KnownUsage | undefined;
}

/** The id of this machine's one API, as functions know it where no other is told (functions/platform/config.ts). */
const API_ID = 'local';
const STAGE = 'local';
const MOST_API_KEYS = 10_000;
/** Before any time that a clock may show. */
const ALWAYS_MS = -8.64e15;

/** API keys and usage plans on this machine, with those in place that a deployment makes (infra/constructs/rate-plans.ts). */
export async function startApiGateway(options: ApiGatewayPartOptions = {}): Promise<RunningApiGateway> {
  const { dataDir, clock = systemClock, settlesMs = 0, mostApiKeys = MOST_API_KEYS } = options;
  const state: UsageState = openStateFile(dataDir && join(dataDir, 'api-gateway.jsonl'));
  deploy(state);
  const server = await startRestServer('api-gateway', usageOperations({ state, clock, mostApiKeys }));
  return {
    endpoint: server.endpoint,
    findUsage(value) {
      const key = keysIn(state).find((each) => each.value === value);
      if (!key?.enabled) return undefined;
      const knownFrom = (planId: string) => (key.plans[planId] ?? Infinity) + settlesMs;
      const plan = plansIn(state).find(({ id }) => knownFrom(id) <= clock.nowMs());
      return plan && { keyId: key.id, planId: plan.id, throttle: plan.throttle };
    },
    async stop() {
      await server.stop();
      state.close();
    },
  };
}

/** Makes the plans and the shared key that a deployment has, where they are missing. */
function deploy(state: UsageState): void {
  const apiStages = [{ apiId: API_ID, stage: STAGE }];
  const ensurePlan = (name: string, throttle?: StoredPlan['throttle']): string => {
    const there = plansIn(state).find((plan) => plan.name === name);
    if (there) return there.id;
    const plan: StoredPlan = { kind: 'plan', id: newId(), name, apiStages, ...(throttle && { throttle }) };
    state.write([`plan/${plan.id}`, plan]);
    return plan.id;
  };
  for (const tier of RATE_TIERS) ensurePlan(ratePlanName(STAGE, tier), { rateLimit: tier, burstLimit: tier });
  const planId = ensurePlan('weir-local-shared');
  const value = sharedUsageKey(API_ID);
  if (keysIn(state).some((key) => key.value === value)) return;
  const key = { kind: 'key', id: newId(), name: 'weir-local-shared', value, enabled: true, createdAtMs: 0 } as const;
  state.write([`key/${key.id}`, { ...key, plans: { [planId]: ALWAYS_MS } }]);
}
