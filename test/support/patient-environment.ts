import { patientDynamoDb } from './patient-dynamodb.ts';
import { watchReads, type WatchedEnvironment } from './watched-reads.ts';
import { WeirEnvironment } from './weir-environment.ts';
import type { Weir } from './weir.ts';

/**
 * An environment that waits for the tables as long as it takes. Many calls at once make the embedded database slow, and a
 * settlement that is given up for that is left to the sweeper: right, and not what a test of many streams is about.
 *
 * `reads` tells how many of its calls have looked into the cache: who looks later than another's lead ends may find it still on
 * the table, and then looks again by the clock, which a test would have to turn.
 */
export function patientEnvironment(weir: Weir): WatchedEnvironment {
  const reads = watchReads(patientDynamoDb(weir.dynamoDb.endpoint));
  return Object.assign(new WeirEnvironment(weir.entries, { ...weir.platform, dynamo: reads.dynamo }), { reads });
}
