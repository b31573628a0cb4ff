import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '#edge/catalog.ts';
import type { HaikuTerms } from '../haiku.ts';
import { patientDynamoDb } from '../patient-dynamodb.ts';
import type { Step as UpstreamStep } from '../scripted-exchange.ts';
import { answer, choose } from '../scripted-steps.ts';
import { startScriptedUpstream } from '../scripted-upstream.ts';
import { sharedDynamoDb } from '../shared-dynamodb.ts';
import { tieredPrices } from '../tiered-prices.ts';
import { startWeir } from '../weir.ts';
import { callerOf, Scene } from './scene.ts';

/** The number of endpoints that the sweeper knows of: a scene has as many points at most. */
export const MOST_POINTS = 400;

export interface SceneOptions {
  /** What the endpoints of this scene say of themselves. */
  readonly terms: HaikuTerms;
  /** What the upstream does with the requests of each killed call, one after the other. @default it answers, at its dearest */
  readonly script?: readonly UpstreamStep[];
}

/** Nearly as much as is held: who counts less than the bound where nobody knows the cost counts less than was billed. */
export const DEAR = { text: 'Rain on still water.', usage: { inputTokens: 40, outputTokens: 100 } };

/** What it says to a call that nobody kills: 7,000,000 pico-USD of the small model. */
const CHEAP = answer({ text: 'Rain on still water.', usage: { inputTokens: 20, outputTokens: 10 } });

/** Opens a scene: a Weir with an upstream, and a DynamoDB in a process of its own. To be held by `await using`. */
export async function openScene({ terms, script = [answer(DEAR)] }: SceneOptions): Promise<Scene & AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream({ prices: tieredPrices }));
  const weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
  const folder = await mkdtemp(join(tmpdir(), 'weir-scene-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const catalogFile = join(folder, 'catalog.json');
  await writeFile(catalogFile, JSON.stringify(catalogOf(terms)));

  const { config } = weir.platform;
  const dynamodb = await sharedDynamoDb();
  const targets = {
    dynamodb,
    secretsmanager: config.endpoints.secretsmanager ?? '',
    sqs: config.endpoints.sqs ?? '',
    openai: new URL(upstream.baseUrl).origin,
  };
  const platform = { ...weir.platform, dynamo: patientDynamoDb(dynamodb), config: { ...config, catalogFile } };
  const owned = parts.move();
  const scripts = new Map<string, UpstreamStep[]>();
  upstream.otherwise(choose((request) => scripts.get(callerOf(request))?.shift() ?? CHEAP));
  const scene = new Scene({ weir, upstream, script, scripts, platform, targets });
  return Object.assign(scene, { [Symbol.asyncDispose]: () => owned.disposeAsync() });
}

/** What the sweeper is told of the scene's endpoints. */
function catalogOf({ budget }: HaikuTerms): Catalog {
  const routes = Array.from({ length: MOST_POINTS }, (_, at) => ({
    name: `haiku-${at}`,
    kind: 'endpoint' as const,
    method: 'POST',
    path: `/v1/haiku-${at}`,
    access: ['caller' as const],
    ...(budget && { budget }),
  }));
  return { version: 'scene', routes, openapi: {} };
}
