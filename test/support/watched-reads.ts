import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { WeirEnvironment } from './weir-environment.ts';

/** A DynamoDB that tells how far the cache's readers are: who was told that nothing is there has missed what comes. */
export interface WatchedReads {
  readonly dynamo: DynamoDb;
  /** Settles when so many reads of single items of the cache have been answered, and their readers have gone on. */
  answered(count: number): Promise<void>;
}

/** An environment that tells how far its calls are. */
export interface WatchedEnvironment extends WeirEnvironment {
  readonly reads: WatchedReads;
}

/** Watches the reads of the cache's table. */
export function watchReads(dynamo: DynamoDb): WatchedReads {
  let answered = 0;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    dynamo: {
      ...dynamo,
      async get(...question) {
        const item = await dynamo.get(...question);
        if (question[0].endsWith('-cache')) answered += 1;
        for (const { count, resolve } of waiting) if (answered >= count) setImmediate(resolve);
        return item;
      },
    },
    answered(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (answered >= count) setImmediate(resolve);
      else waiting.push({ count, resolve });
      return promise;
    },
  };
}
