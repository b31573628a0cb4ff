import { createServer, type AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { answerServing } from './serving.ts';

/** Process of Portkey: started as its own command starts it. Argument: the command's file. */
const file = process.argv[2] ?? '';
const POLL_MS = 20;
const START_WITHIN_MS = 20_000;

async function start(): Promise<string> {
  const port = await freePort();
  process.argv = [process.execPath, file, `--port=${port}`, '--headless'];
  await import(pathToFileURL(file).href);
  const url = `http://127.0.0.1:${port}`;
  for (let waitedMs = 0; waitedMs < START_WITHIN_MS; waitedMs += POLL_MS) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return url;
    await setTimeout(POLL_MS);
  }
  throw new Error('Portkey did not answer');
}

/** It takes no port of 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

answerServing(start());
