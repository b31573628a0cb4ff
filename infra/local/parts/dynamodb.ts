import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answers, LOOPBACK, readInstanceFile, type Instance, type ProcessSettings } from './dynamodb-instance.ts';

const ENTRY = fileURLToPath(new URL('dynamodb-process.ts', import.meta.url));
const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 35_000; // dynalite gives requests that are under way 30 s
const POLL_MS = 25;

export interface DynamoDbOptions {
  /** The folder that keeps the tables. `undefined`: in memory, and gone with this process. */
  dataDir: string | undefined;
  /** For a process that has to be started; one that runs keeps its port. @default a free port */
  port?: number | undefined;
}

/** A DynamoDB that answers. */
export interface RunningDynamoDb {
  endpoint: string;
  pid: number;
  /** Ends the process cleanly, whoever started it, and resolves once it is gone. */
  stop(): Promise<void>;
}

/**
 * DynamoDB on this machine: dynalite in a process of its own, on the loopback address, with tables that are there as
 * soon as they are created. With a data folder the process outlives this one, a kill -9 included, and the next start
 * finds it again by the file `dynamodb.json` in that folder; its messages go to `dynamodb.log` beside it. Of several
 * starts at once on one folder, one wins, by LevelDB's own lock, and the others use it.
 * @throws where the process does not come up, with the place of its log
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<RunningDynamoDb> {
  const { dataDir, port = 0 } = options;
  if (dataDir === undefined) {
    const child = launch({ instanceId: randomUUID(), port }, 'inherit');
    return running(await ready(child));
  }
  mkdirSync(dataDir, { recursive: true });
  const instancePath = join(dataDir, 'dynamodb.json');
  const databasePath = join(dataDir, 'dynamodb');
  const logPath = join(dataDir, 'dynamodb.log');
  const found = await runningInstance(instancePath);
  if (found) return running(found, instancePath);

  const log = openSync(logPath, 'a');
  const child = launch({ instanceId: randomUUID(), port, databasePath, instancePath }, log);
  closeSync(log);
  try {
    const instance = await ready(child);
    child.disconnect();
    child.unref();
    return running(instance, instancePath);
  } catch (error) {
    const winner = await eventually(() => runningInstance(instancePath), POLL_MS * 40);
    if (winner) return running(winner, instancePath);
    throw new Error(`DynamoDB did not start; see ${logPath}`, { cause: error });
  }
}

function launch(settings: ProcessSettings, messages: number | 'inherit'): ChildProcess {
  return spawn(process.execPath, [ENTRY, JSON.stringify(settings)], {
    // A group of its own: the terminal's Ctrl-C reaches this process only, which then stops the database in order.
    detached: true,
    stdio: ['ignore', messages, messages, 'ipc'],
  });
}

/** Waits for the process to say that its database answers. */
async function ready(child: ChildProcess): Promise<Instance> {
  const { promise, resolve, reject } = Promise.withResolvers<Instance>();
  child.once('message', (message) => resolve(message as Instance));
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`the process ended with ${code ?? signal}`)));
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`no answer within ${START_WITHIN_MS} ms`));
  }, START_WITHIN_MS);
  return promise.finally(() => clearTimeout(timer));
}

async function runningInstance(instancePath: string): Promise<Instance | undefined> {
  const instance = readInstanceFile(instancePath);
  return instance && (await answers(instance)) ? instance : undefined;
}

function running(instance: Instance, instancePath?: string): RunningDynamoDb {
  return {
    endpoint: `http://${LOOPBACK}:${instance.port}`,
    pid: instance.pid,
    async stop() {
      // Its number may be another program's by now: only what still answers with the right id is told to end.
      if (!(await answers(instance))) return;
      process.kill(instance.pid, 'SIGTERM');
      // Without a parent that collects it, an ended process still has a number; its file is gone all the same.
      const isGone = await eventually(
        async () => !isAlive(instance.pid) || hasLeft(instance, instancePath),
        STOP_WITHIN_MS,
      );
      if (!isGone) throw new Error(`DynamoDB (process ${instance.pid}) did not end within ${STOP_WITHIN_MS} ms`);
    },
  };
}

/** The process removes its file as its last step, after the database is closed. */
function hasLeft(instance: Instance, instancePath: string | undefined): boolean {
  return instancePath !== undefined && readInstanceFile(instancePath)?.instanceId !== instance.instanceId;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks until there is an answer, or the time is over. */
async function eventually<T>(ask: () => Promise<T | undefined | false>, withinMs: number): Promise<T | undefined> {
  for (let waitedMs = 0; waitedMs <= withinMs; waitedMs += POLL_MS) {
    const answer = await ask();
    if (answer) return answer;
    await delay(POLL_MS);
  }
  return undefined;
}
