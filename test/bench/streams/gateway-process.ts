import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redactLine } from '#edge/redact-line.ts';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory } from '#infra/inventory.ts';
import { functionEnvironment } from '#infra/local/function-environment.ts';
import { startGateway } from '#infra/local/gateway.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { registerLocalCallers } from '#infra/local/local-keys.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { answerServing } from './serving.ts';

/**
 * Process of Weir: the local gateway before the real handlers, as `npm start` has it, with the mocks in AWS's and OpenAI's place. Logs
 * go to standard output. Arguments: the address of AWS, that of the upstream, and a caller's key.
 */
const [awsUrl = '', upstreamUrl = '', callerKey = ''] = process.argv.slice(2);

async function start(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const catalogFile = join(folder, 'catalog.json');
  const entries = await readInventory();
  writeFileSync(catalogFile, JSON.stringify(createCatalog(entries)));
  await registerLocalCallers(awsUrl, { caller: callerKey, administrator: `${callerKey}-administrator` });

  const parts = {
    endpoints: { dynamodb: awsUrl, secretsmanager: awsUrl, sqs: awsUrl },
    secrets: { openai: 'weir/openai' },
    queues: new Map(),
    catalogFile,
    openaiBaseUrl: `${upstreamUrl}/v1`,
  };
  const functions = entries.map((entry) => {
    const platform = createPlatform({ config: parseConfig(functionEnvironment(entry, parts)), redact: redactLine });
    return hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform }), systemClock);
  });
  const { url } = await startGateway({ functions, port: 0, clock: systemClock });
  return url;
}

answerServing(start());
