import { AwsServiceError, type JsonService } from './json-service.ts';
import type { SecretVersion } from './secrets-manager.ts';

/** The staging labels of rotation (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html). */
export type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** What rotation asks of Secrets Manager. @throws AwsServiceError */
export interface SecretVersions {
  /** Which labels each version bears; versions without one are left out. */
  stages(secretId: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** The version with a label; undefined where there is none, or where it has no value yet. */
  at(secretId: string, stage: Stage): Promise<SecretVersion | undefined>;
  /** Puts a version under a label. The same value again changes nothing; another one is not taken. */
  put(secretId: string, versionId: string, value: string, stage: Stage): Promise<'stored' | 'has another value'>;
  /** Moves a label from one version to another, or takes it away. AWSPREVIOUS follows AWSCURRENT by itself. */
  moveStage(secretId: string, stage: Stage, move: StageMove): Promise<void>;
}

export interface StageMove {
  /** Who has it now. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

interface Description {
  readonly VersionIdsToStages?: Readonly<Record<string, readonly string[]>>;
}

/** Secrets Manager over the JSON protocol, for the one function that writes keys. */
export function createSecretVersions(send: JsonService): SecretVersions {
  return {
    async stages(secretId) {
      const { VersionIdsToStages: stages = {} } = await send<Description>('DescribeSecret', { SecretId: secretId });
      return new Map(Object.entries(stages));
    },
    async at(secretId, stage) {
      try {
        const input = { SecretId: secretId, VersionStage: stage };
        const output = await send<{ VersionId: string; SecretString: string }>('GetSecretValue', input);
        return { versionId: output.VersionId, value: output.SecretString };
      } catch (error) {
        if (error instanceof AwsServiceError && error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async put(secretId, versionId, value, stage) {
      const version = { ClientRequestToken: versionId, SecretString: value, VersionStages: [stage] };
      try {
        await send('PutSecretValue', { SecretId: secretId, ...version });
        return 'stored';
      } catch (error) {
        if (error instanceof AwsServiceError && error.name === 'ResourceExistsException') return 'has another value';
        throw error;
      }
    },
    async moveStage(secretId, stage, { from, to }) {
      const move = { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to };
      await send('UpdateSecretVersionStage', { SecretId: secretId, ...move });
    },
  };
}
