import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { WeirOutputs } from '#infra/outputs.ts';

/** The AWS services that the command line speaks to, where `outputs` says they are. A client connects when it is used. */
export interface AwsClients extends Disposable {
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly sqs: SQSClient;
}

/** Nobody checks them on this machine, but requests want a signature. */
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Clients for a deployment, with the credentials that the AWS CLI would take; or for the parts that stand in for AWS. */
export function createAwsClients({ region, awsEndpoints }: WeirOutputs): AwsClients {
  const settings = (service: keyof NonNullable<WeirOutputs['awsEndpoints']>) =>
    awsEndpoints ? { region, endpoint: awsEndpoints[service], credentials: LOCAL_CREDENTIALS } : { region };
  const dynamodb = new DynamoDBClient(settings('dynamodb'));
  const secretsManager = new SecretsManagerClient(settings('secretsmanager'));
  const sqs = new SQSClient(settings('sqs'));
  return {
    dynamodb,
    secretsManager,
    sqs,
    [Symbol.dispose]() {
      for (const client of [dynamodb, secretsManager, sqs]) client.destroy();
    },
  };
}
