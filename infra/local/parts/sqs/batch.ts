import { AwsError } from '../json-protocol-server.ts';
import { sqsErrors } from './errors.ts';
import { SQS_LIMITS } from './limits.ts';

const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;

interface Failure {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

/** @throws EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct */
export function assertBatch(entries: readonly { Id: string }[]): void {
  if (entries.length === 0) throw sqsErrors.emptyBatch();
  if (entries.length > SQS_LIMITS.maxBatchEntries) throw sqsErrors.tooManyEntries(entries.length);
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (!ENTRY_ID.test(Id)) throw sqsErrors.invalidBatchEntryId();
    if (seen.has(Id)) throw sqsErrors.idsNotDistinct(Id);
    seen.add(Id);
  }
}

/** Runs each entry by itself: one that AWS would refuse fails alone, and the reply says which. */
export function eachOfBatch<E extends { Id: string }, R extends object>(
  entries: readonly E[],
  run: (entry: E) => R | void,
): { Successful: ({ Id: string } & Partial<R>)[]; Failed: Failure[] } {
  assertBatch(entries);
  const Successful: ({ Id: string } & Partial<R>)[] = [];
  const Failed: Failure[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...(run(entry) as R) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.queryCode ?? error.name, Message: error.message });
    }
  }
  return { Successful, Failed };
}
