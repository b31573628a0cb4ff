import type { ProxiedRequest } from '../fault-proxy.ts';
import type { Service } from './crossing.ts';

/** The parts of DynamoDB's requests by which they can be told apart. */
interface DynamoDbInput {
  readonly TableName?: string;
  readonly Key?: Key;
  readonly Item?: Key;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Text & { readonly SS?: readonly string[] }>>;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}
interface Text {
  readonly S?: string;
}
interface Key {
  readonly pk?: Text;
  readonly sk?: Text;
}

/**
 * What a request asks for, in words that are the same for every process that does the same: ids of calls and purses, times and
 * hashes are left out.
 */
export function requestName(service: Service, { operation, body }: ProxiedRequest): string {
  switch (service) {
    case 'dynamodb':
      return alike(`${operation} ${dynamoDbFacts(JSON.parse(body) as DynamoDbInput)}`);
    case 'openai':
      return `${operation} ${(JSON.parse(body) as { model?: string }).model ?? ''}`;
    case 'secretsmanager':
    case 'sqs':
      return operation;
  }
}

function dynamoDbFacts(input: DynamoDbInput): string {
  const { TableName: table = Object.keys(input.RequestItems ?? {}).join(), UpdateExpression: update } = input;
  const key = input.Key ?? input.Item;
  const values = input.ExpressionAttributeValues ?? {};
  const where = key ? [key.pk?.S, key.sk?.S] : [values[':pk']?.S];
  // Names that go into the directory's sets stand in no key.
  const listed = values[':name']?.SS;
  return [table.slice(table.lastIndexOf('-') + 1), ...where, update, ...(listed ?? [])]
    .filter((fact) => fact !== undefined)
    .join(' ');
}

function alike(facts: string): string {
  return facts
    .replaceAll(/\b[0-9a-hjkmnp-tv-z]{26}\b/g, '<call>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b/g, '<id>')
    .replaceAll(/#p[0-9a-z]+/g, '#<purse>')
    .replaceAll(/[\w-]{43,}/g, '<hash>')
    .replaceAll(/\b(open|late|settings)#\d+\b/g, '$1#<n>');
}

/** Without the numbers too by which a test keeps endpoints and callers apart, `haiku-17` and `ada-17`. */
export function nameWithoutNumbers(service: Service, request: ProxiedRequest): string {
  return requestName(service, request).replaceAll(/\b(haiku|ada)-\d+/g, '$1');
}
