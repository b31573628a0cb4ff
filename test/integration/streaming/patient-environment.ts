import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';
import type { Weir } from '#test/support/weir.ts';

/**
 * An environment that waits for the tables as long as it takes. Many calls at once make the embedded database slow, and a
 * settlement that is given up for that is left to the sweeper: right, and not what a test of many streams is about.
 */
export function patientEnvironment(weir: Weir): WeirEnvironment {
  return new WeirEnvironment(weir.entries, { ...weir.platform, dynamo: patientDynamoDb(weir.dynamoDb.endpoint) });
}
