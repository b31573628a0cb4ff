import restApiEvent from '#test/events/rest-api.json' with { type: 'json' };
import scheduled from '#test/events/scheduled.json' with { type: 'json' };
import sqsRecord from '#test/events/sqs-record.json' with { type: 'json' };

/** What a test may say of an HTTP request; the rest is as API Gateway sent it once. */
export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  /** The route's path as its spec has it. @default `path`, which has no parameters then */
  readonly resource?: string;
  /** What stands in the places of the route's parameters, as it was sent. @default none */
  readonly pathParameters?: Readonly<Record<string, string>> | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>> | null;
  readonly body: string | null;
  readonly isBase64: boolean;
  /** What the authorizer said; `null` for a route without one. */
  readonly authorizer: { readonly callerId: string; readonly roles: string } | null;
  /** The ARN of who signed the request, as IAM told API Gateway. @default nobody did */
  readonly signedBy?: string;
  readonly requestId: string;
  /** When API Gateway took the request (epoch ms). */
  readonly requestTimeMs: number;
}

/** An event of API Gateway's REST API (Lambda proxy integration). */
export function restEvent(facts: RequestFacts): object {
  const { method: httpMethod, path, resource = path, pathParameters = null } = facts;
  const { query, body, requestId, requestTimeMs } = facts;
  const headers = { ...restApiEvent.headers, ...facts.headers };
  return {
    ...restApiEvent,
    resource,
    path,
    httpMethod,
    headers,
    multiValueHeaders: inLists(headers),
    queryStringParameters: query,
    multiValueQueryStringParameters: query && inLists(query),
    pathParameters,
    requestContext: {
      ...restApiEvent.requestContext,
      authorizer: facts.authorizer && { ...restApiEvent.requestContext.authorizer, ...facts.authorizer },
      identity: { ...restApiEvent.requestContext.identity, userArn: facts.signedBy ?? null },
      httpMethod,
      path,
      resourcePath: resource,
      requestId,
      requestTimeEpoch: requestTimeMs,
    },
    body,
    isBase64Encoded: facts.isBase64,
  };
}

/** One message as SQS hands it to a function. */
export interface RecordFacts {
  readonly messageId: string;
  readonly body: string;
  /** How often it has been received, this time included. */
  readonly receives: number;
}

/** An event of an SQS queue. */
export function sqsEvent(records: readonly RecordFacts[]): object {
  return {
    Records: records.map(({ messageId, body, receives }) => ({
      ...sqsRecord,
      messageId,
      body,
      attributes: { ...sqsRecord.attributes, ApproximateReceiveCount: String(receives) },
    })),
  };
}

/** An event of EventBridge's, for a function that the clock starts. */
export function scheduledEvent(atMs: number): object {
  return { ...scheduled, time: new Date(atMs).toISOString() };
}

function inLists(members: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, [value]]));
}
