import type { JsonService } from './json-service.ts';

/** One version of a secret, as Secrets Manager gives it. */
export interface SecretVersion {
  readonly versionId: string;
  readonly value: string;
}

/** The one call of Secrets Manager that a function makes. */
export interface SecretsManager {
  /** The value that bears the label AWSCURRENT. @throws AwsServiceError (`ResourceNotFoundException`, `ThrottlingException`, …) */
  currentValue(secretId: string): Promise<SecretVersion>;
}

/** Secrets Manager over the JSON protocol. */
export function createSecretsManager(send: JsonService): SecretsManager {
  return {
    async currentValue(secretId) {
      const output = await send<{ VersionId: string; SecretString: string }>('GetSecretValue', { SecretId: secretId });
      return { versionId: output.VersionId, value: output.SecretString };
    },
  };
}
