import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ROTATION_STEPS, type RotationStep } from '#edge/define-rotation.ts';
import { redactLine } from '#edge/redact-line.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { dropAnswer, dropRequest, type FaultProxy, type FaultRule } from '#test/support/fault-proxy.ts';
import { readStoredKey, type StoredKey } from '#upstream/stored-key.ts';
import type { RotatedWeir } from './weir-process.ts';

/** Where each step dies. `setSecret` asks for nothing: its process dies after it. */
const CRASHES: Readonly<Record<RotationStep, FaultRule | undefined>> = {
  // The key is minted, and its value lost.
  createSecret: { operation: 'PutSecretValue', fault: dropRequest },
  setSecret: undefined,
  testSecret: { operation: 'DescribeSecret', fault: dropRequest },
  finishSecret: { operation: 'UpdateSecretVersionStage', fault: dropAnswer },
};

export interface RotatorOptions {
  readonly weir: RotatedWeir;
  /** In front of Secrets Manager. */
  readonly secrets: FaultProxy;
  /** Past the proxy. */
  readonly client: SecretsManagerClient;
  readonly upstreamUrl: string;
  readonly adminUrl: string;
  readonly adminSecretId: string;
  readonly project: string;
}

/** Secrets Manager's part in a rotation, and the clock's after it. */
export class Rotator {
  /** Steps whose process died. */
  crashes = 0;
  readonly #options: RotatorOptions;
  readonly #entry: Entry;

  private constructor(options: RotatorOptions, entry: Entry) {
    this.#options = options;
    this.#entry = entry;
  }

  static async open(options: RotatorOptions): Promise<Rotator> {
    const entry = (await readInventory()).find(({ spec }) => spec.kind === 'rotation');
    if (!entry) throw new Error('there is no function that rotates keys');
    return new Rotator(options, entry);
  }

  /** Rotates once. The process dies in the given steps; another takes each of them up again. @throws what no crash explains */
  async rotate(crashing: readonly RotationStep[]): Promise<void> {
    const { client, weir, secrets } = this.#options;
    const { VersionId: token } = await client.send(new RotateSecretCommand({ SecretId: weir.secretId }));
    for (const step of ROTATION_STEPS) {
      const event = { Step: step, SecretId: weir.secretId, ClientRequestToken: token };
      if (crashing.includes(step)) {
        const rule = CRASHES[step];
        if (rule) secrets.rules.push(rule);
        const ended = await this.#invoke(event).then(
          () => 'well',
          () => 'dead',
        );
        if (rule) secrets.rules.splice(secrets.rules.indexOf(rule), 1);
        if (rule && ended === 'well') throw new Error(`${step} survived its crash`);
        this.crashes += 1;
      }
      await this.#invoke(event);
    }
  }

  /** What the clock starts. */
  async tend(): Promise<void> {
    await this.#invoke({});
  }

  /** The key in use. */
  async current(): Promise<StoredKey> {
    const stored = await this.#newPlatform().secretVersions.at(this.#options.weir.secretId, 'AWSCURRENT');
    return readStoredKey(stored?.value ?? '');
  }

  /** In an environment of its own, as after a crash. */
  async #invoke(event: object): Promise<void> {
    const handler = this.#entry.handler.bindTo({ name: this.#entry.name, platform: this.#newPlatform() });
    await hostFunction(this.#entry, handler, systemClock).invoke(event);
  }

  #newPlatform() {
    const { weir, secrets, upstreamUrl, adminUrl, adminSecretId, project } = this.#options;
    const config = parseConfig({
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: weir.dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
      OPENAI_BASE_URL: upstreamUrl,
      WEIR_LEDGER_TABLE: weir.ledgerTable,
      WEIR_OPENAI_ADMIN_SECRET_ID: adminSecretId,
      WEIR_OPENAI_ADMIN_BASE_URL: adminUrl,
      WEIR_ROTATED_SECRETS: JSON.stringify({ [weir.secretId]: project }),
    });
    return createPlatform({ config, redact: redactLine, writeLine: () => {} });
  }
}
