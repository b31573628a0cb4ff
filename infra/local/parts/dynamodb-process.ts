/**
 * The process that dynalite runs in. It outlives the process that started it, so that a gateway which is killed in the
 * middle of its work finds every acknowledged write when it comes back. Started by `dynamodb.ts`, with one argument:
 * the settings as JSON.
 */
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { INSTANCE_HEADER, LOOPBACK, writeInstanceFile, type ProcessSettings } from './dynamodb-instance.ts';

interface DynaliteOptions {
  /** The LevelDB folder; in memory without it. */
  path?: string | undefined;
  createTableMs: number;
  deleteTableMs: number;
  updateTableMs: number;
}
/** dynalite brings no types. */
const dynalite = createRequire(import.meta.url)('dynalite') as (options: DynaliteOptions) => Server;

const settings = JSON.parse(process.argv[2] ?? '{}') as ProcessSettings;
const server = dynalite({ path: settings.databasePath, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

server.prependListener('request', (_request, response) => {
  response.setHeader('x-weir-emulator', 'dynamodb');
  response.setHeader(INSTANCE_HEADER, settings.instanceId);
});

// dynalite rethrows a request's 'error' event, which is what a client that dies while sending causes. Its store has not
// seen that request, and must outlive that client.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === 'ECONNRESET') return;
  console.error(error);
  process.exit(1);
});

function stop(): void {
  server.close((error?: Error) => {
    if (settings.instancePath) rmSync(settings.instancePath, { force: true });
    process.exit(error ? 1 : 0);
  });
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// In memory there is nothing to outlive the parent for.
if (!settings.databasePath) process.on('disconnect', () => process.exit(0));

server.listen(settings.port, LOOPBACK, () => void announce());

/** Says that the database answers, and not only the port: a folder that another process holds open fails here. */
async function announce(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const reply = await fetch(`http://${LOOPBACK}:${port}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=unchecked',
    },
    body: '{}',
  });
  if (!reply.ok) throw new Error(`the database answered ${reply.status}: ${await reply.text()}`);
  const instance = { pid: process.pid, port, instanceId: settings.instanceId };
  if (settings.instancePath) writeInstanceFile(settings.instancePath, instance);
  process.send?.(instance);
}
