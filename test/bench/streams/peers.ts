import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Row, Unit } from '../report.ts';
import { startServing, type Serving } from './serving.ts';

/** Another gateway, or why it is not here. */
export type Peer = { readonly serving: Serving } | { readonly absent: string };

const FOLDER = join(import.meta.dirname, '..', 'peers');
const COMMAND = join(FOLDER, 'node_modules/@portkey-ai/gateway/build/start-server.js');
const INSTALL_WITHIN_MS = 120_000;

/**
 * Installs Portkey into a folder of its own, with no script of its packages run, and starts it. It is no dependency of the project, and
 * what fails of it fails nothing else.
 */
export async function startPortkey(): Promise<Peer> {
  try {
    const npm = ['ci', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await promisify(execFile)('npm', npm, { timeout: INSTALL_WITHIN_MS });
    return { serving: await startServing('portkey-process.ts', { arguments: [COMMAND] }) };
  } catch (error) {
    const lines = (error as Error).message.split('\n');
    return {
      absent: `could not be installed or started: ${lines.find((line) => line.startsWith('npm error')) ?? lines[0]}`,
    };
  }
}

/** What Portkey has to be told by headers: whose API it speaks to, and where that is. */
export function portkeyHeaders(upstreamUrl: string): Readonly<Record<string, string>> {
  return {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstreamUrl}/v1`,
    authorization: 'Bearer bench',
  };
}

/** The row of a gateway that was not measured. */
export function absentRow(name: string, unit: Unit, peer: Peer | undefined): Row {
  const note = peer && 'absent' in peer ? peer.absent : 'npm run bench -- --peers installs and measures it';
  return { name, measured: undefined, unit, note };
}
