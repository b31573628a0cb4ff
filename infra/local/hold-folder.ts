import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Holds a data folder for this process: two Weirs in one would write each other's files, and the first to end would take
 * the database from under the other. The hold is a socket, because a process that is killed cannot let go of a file.
 *
 * @returns what lets go
 * @throws Error when another process holds it
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  const digest = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex');
  // Not in the folder itself: a socket's path may have some hundred characters at most.
  const path = join(tmpdir(), `weir-${digest.slice(0, 16)}.sock`);
  for (;;) {
    const server = await listen(path);
    if (server) return () => new Promise((resolve) => void server.close(() => resolve()));
    if (await answers(path)) {
      throw new Error(`another one runs in ${folder}; end it, or set WEIR_DATA_DIR to another folder`);
    }
    // Its holder was killed.
    await rm(path, { force: true });
  }
}

/** Undefined when the path is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy());
    // What else goes on keeps the process alive, or nothing does.
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
