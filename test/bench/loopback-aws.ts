import { localTableName } from '#infra/local/create-tables.ts';
import { serveOnLoopback, type FixedReply } from './loopback-server.ts';

/** DynamoDB and Secrets Manager in one. */
export interface LoopbackAws {
  readonly url: string;
  /** Requests by operation since the last look. */
  takeCounts(): Record<string, number>;
}

type Wire = Readonly<Record<string, unknown>>;
interface WireInput {
  readonly TableName?: string;
  readonly Key?: Wire;
  readonly Item?: Wire;
}

/** Shaped as a key is, and of a key's length. */
const SECRET = ['sk', 'proj', 'bench'.repeat(30)].join('-');

/**
 * The AWS that a warm environment meets when all goes well: every condition holds, and the cache and the table of callers have
 * what was put into them.
 *
 * Not the embedded DynamoDB: it takes milliseconds for a write, which only makes the bench slower, and what it decides is
 * the integration tests' affair. What the CPU of the function depends on is the number of requests and their size.
 */
export async function startLoopbackAws(): Promise<LoopbackAws> {
  const kept = new Map<unknown, Wire>();
  let counts: Record<string, number> = {};

  const operations: Readonly<Record<string, (input: WireInput) => object>> = {
    GetSecretValue: () => ({ Name: 'weir/openai', VersionId: 'bench-1', SecretString: SECRET }),
    GetItem({ TableName, Key = {} }) {
      const item = isKept(TableName) ? kept.get(partitionOf(Key)) : undefined;
      return item ? { Item: item } : {};
    },
    PutItem({ TableName, Item = {} }) {
      if (isKept(TableName)) kept.set(partitionOf(Item), Item);
      return {};
    },
    UpdateItem: () => ({}),
  };

  const url = await serveOnLoopback(({ headers, body }) => {
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    counts[operation] = (counts[operation] ?? 0) + 1;
    const answer = operations[operation];
    return answer
      ? reply(200, answer(JSON.parse(body) as WireInput))
      : reply(400, { __type: 'UnknownOperationException' });
  });
  return {
    url,
    takeCounts() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

/** The others are written, and never read while all goes well. */
const KEPT = new Set<string | undefined>([localTableName('cache'), localTableName('callers')]);

function isKept(table: string | undefined): boolean {
  return KEPT.has(table);
}

function partitionOf(item: Wire): string | undefined {
  return (item['pk'] as { S?: string } | undefined)?.S;
}

function reply(status: number, output: object): FixedReply {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'BENCH00000000000000000000000000000000000000000000000',
    'x-amz-crc32': '2745614147',
  };
  return { status, headers, body: JSON.stringify(output) };
}
