import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export const LOOPBACK = '127.0.0.1';
/** Every reply of the DynamoDB process bears its instance's id, so that a port taken over by another is noticed. */
export const INSTANCE_HEADER = 'x-weir-instance';

/** What the parent tells the process, as JSON in its one argument. */
export interface ProcessSettings {
  instanceId: string;
  /** 0 for a free port. */
  port: number;
  /** Without these two the database is in memory, and ends with its parent. */
  databasePath?: string | undefined;
  instancePath?: string | undefined;
}

/** A DynamoDB process that runs, or ran when its file was written. */
export interface Instance {
  pid: number;
  port: number;
  instanceId: string;
}

/** Written beside and renamed, so that a reader never sees half a file. */
export function writeInstanceFile(path: string, instance: Instance): void {
  writeFileSync(`${path}.next`, JSON.stringify(instance));
  renameSync(`${path}.next`, path);
}

/** @returns `undefined` where there is no file, or nothing readable in it */
export function readInstanceFile(path: string): Instance | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Instance;
  } catch {
    return undefined;
  }
}

/** Whether that very process still answers on its port. */
export async function answers(instance: Instance): Promise<boolean> {
  try {
    const reply = await fetch(`http://${LOOPBACK}:${instance.port}`, { signal: AbortSignal.timeout(2000) });
    await reply.arrayBuffer();
    return reply.headers.get(INSTANCE_HEADER) === instance.instanceId;
  } catch {
    return false;
  }
}
