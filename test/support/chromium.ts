import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Under these names the machine may have one. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The machine's own Chromium, without a window. It finds no host but this machine: what a page wants from elsewhere it does not
 * get, as on a machine without a network.
 * @throws Error that says what to install, where there is none
 */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `The docs page is tested in a browser, and there is none: install Chromium (Debian: apt-get install -y --no-install-recommends chromium). Looked on the PATH for ${NAMES.join(', ')}.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
