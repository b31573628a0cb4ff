import { randomUUID } from 'node:crypto';
import { ROTATION_STEPS, type RotationStep } from '#edge/define-rotation.ts';
import { redactLine } from '#edge/redact-line.ts';
import { functionEnvironment } from '#infra/local/function-environment.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { readInventory } from '#infra/inventory.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { CliFailure } from '../failure.ts';

export interface DriveOptions {
  /** Of this machine's Weir. */
  readonly outputs: WeirOutputs;
  readonly secretId: string;
  readonly token: string;
  /** Hears of each step that is done. */
  readonly onStep: (step: RotationStep, outcome: string) => void;
}

/** Secrets Manager's part on this machine: invokes the function step by step. @throws CliFailure that names the step, with its reason */
export async function driveRotation({ outputs, secretId, token, onStep }: DriveOptions): Promise<void> {
  const { awsEndpoints: endpoints, rotation, secrets, upstream } = outputs;
  const entry = (await readInventory()).find(({ spec }) => spec.kind === 'rotation');
  if (!entry || !endpoints || !rotation) throw new CliFailure('this Weir has no function that rotates keys');
  let failure = '';
  const writeLine = (line: string) => {
    const { level, error } = JSON.parse(line) as { level: string; error?: { message?: string } };
    if (level === 'ERROR') failure = error?.message ?? '';
  };
  const parts = { endpoints, secrets, rotation, queues: new Map(), catalogFile: '', openaiBaseUrl: upstream?.baseUrl };
  const environment = { ...functionEnvironment(entry, parts), WEIR_CATALOG_FILE: undefined };
  const config = parseConfig({ ...environment, WEIR_LEDGER_TABLE: outputs.tables.ledger });
  const platform = createPlatform({ config, redact: redactLine, writeLine });
  const handler = entry.handler.bindTo({ name: entry.name, platform });
  const hosted = hostFunction(entry, handler, systemClock);
  for (const step of ROTATION_STEPS) {
    try {
      const event = { Step: step, SecretId: secretId, ClientRequestToken: token };
      onStep(step, String(await hosted.invoke(event, randomUUID())));
    } catch {
      throw new CliFailure(`${step} failed, and the key in use stays: ${failure || 'nothing is known of why'}`);
    }
  }
}
