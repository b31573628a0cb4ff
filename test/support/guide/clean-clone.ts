import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../../..');
/** npm's own record of what it installed: newer than the lock file, it says that nothing is left to install. */
const INSTALLED = '.package-lock.json';

/**
 * Fills a folder as a clone of what would be committed now: what git tracks or would take, and nothing that it ignores. The packages
 * are there as after `npm ci`, which would take 20 seconds and the network. Their files are the repository's own by hard links, and the
 * folders the clone's: an `npm ci` in it, or a folder that is removed, takes links away, and never what they lead to.
 */
export async function makeCleanClone(folder: string): Promise<void> {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: ROOT, maxBuffer: 64_000_000 });
  for (const path of new Set(stdout.split('\0').filter(Boolean))) {
    // One that is deleted, but not committed so yet.
    if (!existsSync(join(ROOT, path))) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await copyFile(join(ROOT, path), join(folder, path));
  }
  await linkPackages(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const { name } of await readdir(from, { withFileTypes: true })) {
    // Caches of the tools, which write into their files: a link would share what is written.
    if (name.startsWith('.') && name !== '.bin') continue;
    await linkTree(join(from, name), join(to, name));
  }
  await copyFile(join(from, INSTALLED), join(to, INSTALLED));
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await linkFile(source, target);
  }
}

async function linkFile(source: string, target: string): Promise<void> {
  await link(source, target).catch(async (error: NodeJS.ErrnoException) => {
    // The temporary folder is on another disk.
    if (error.code !== 'EXDEV') throw error;
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  });
}
