import { createDynamoDb, type DynamoDb } from './aws/dynamodb.ts';
import { createJsonService, type JsonService } from './aws/json-service.ts';
import { createSecretVersions, type SecretVersions } from './aws/secret-versions.ts';
import { createSecretsManager, type SecretsManager } from './aws/secrets-manager.ts';
import { createSignedService, type SignedService, type SignedServiceOptions } from './aws/signed-service.ts';
import { createSns, type Sns } from './aws/sns.ts';
import { createSqs, type Sqs } from './aws/sqs.ts';
import { createSts, type Sts } from './aws/sts.ts';
import { systemClock, type Clock } from './clock.ts';
import { configFromProcess, type Config } from './config.ts';
import { createLog, type Log } from './log.ts';

/** All that comes from outside a function, as one typed object. Whoever needs a part of it takes that part. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Writes one line to standard output: the log's and the metrics' way out. */
  readonly writeLine: (line: string) => void;
  readonly dynamo: DynamoDb;
  readonly secrets: SecretsManager;
  /** The same secrets with their versions, for the function that rotates them. */
  readonly secretVersions: SecretVersions;
  readonly sqs: Sqs;
  readonly sns: Sns;
  /** For functions that hold no key, and prove who they are instead. */
  readonly sts: Sts;
  /** Any other service, for the few functions that call it: its client is in no other's bundle. */
  readonly signedService: (name: keyof Config['endpoints']) => SignedService;
}

export interface PlatformOptions {
  /** @default the environment of the process */
  readonly config?: Config;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly writeLine?: (line: string) => void;
  /** Masks secrets in every log line. */
  readonly redact: (text: string) => string;
}

/** The composition root. Nothing in it does I/O until it is used. */
export function createPlatform(options: PlatformOptions): Platform {
  const config = options.config ?? configFromProcess();
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const writeLine = options.writeLine ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const signed = (name: keyof Config['endpoints']): SignedServiceOptions => ({
    service: name,
    region: config.region,
    credentials: config.credentials,
    endpoint: config.endpoints[name],
    clock,
    random,
  });
  const service = (name: keyof Config['endpoints'], targetPrefix: string, jsonVersion: '1.0' | '1.1'): JsonService =>
    createJsonService({ ...signed(name), targetPrefix, jsonVersion });
  const secretService = service('secretsmanager', 'secretsmanager', '1.1');
  return {
    config,
    clock,
    random,
    writeLine,
    log: createLog({
      redact: options.redact,
      write: writeLine,
      nowMs: () => clock.nowMs(),
      fields: { function: config.functionName, version: config.functionVersion },
    }),
    dynamo: createDynamoDb(service('dynamodb', 'DynamoDB_20120810', '1.0')),
    secrets: createSecretsManager(secretService),
    secretVersions: createSecretVersions(secretService),
    sqs: createSqs(service('sqs', 'AmazonSQS', '1.0')),
    sns: createSns(createSignedService(signed('sns'))),
    sts: createSts(createSignedService(signed('sts'))),
    signedService: (name) => createSignedService(signed(name)),
  };
}
