import { createDynamoDb, type DynamoDb } from '#platform/aws/dynamodb.ts';
import { httpTransport } from '#platform/aws/http-transport.ts';
import { createJsonService } from '#platform/aws/json-service.ts';

/**
 * The product's own DynamoDB client, but it waits for an answer as long as a test may take. Three hundred calls in one
 * process make the embedded database slower than any table of AWS's, and a request given up for that reason is a
 * reservation that moves on to its next round: right, and not what a test of concurrency is about.
 */
export function patientDynamoDb(endpoint: string): DynamoDb {
  return createDynamoDb(
    createJsonService({
      service: 'dynamodb',
      targetPrefix: 'DynamoDB_20120810',
      jsonVersion: '1.0',
      region: 'us-east-1',
      endpoint,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      transport: (request) => httpTransport({ ...request, timeoutMs: 20_000 }),
    }),
  );
}
