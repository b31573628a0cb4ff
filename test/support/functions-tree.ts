import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { FUNCTIONS_FOLDER } from '#infra/inventory.ts';

const ROOT = resolve(FUNCTIONS_FOLDER, '..');

/** A copy of the repository's functions with more files in it. */
export interface FunctionsTree extends AsyncDisposable {
  readonly functionsFolder: string;
}

/** Makes one in a folder of its own. @param files texts by their path in `functions`: `finance/thing.ts` */
export async function growFunctions(files: Readonly<Record<string, string>>): Promise<FunctionsTree> {
  const tree = await mkdtemp(join(tmpdir(), 'weir-tree-'));
  const functionsFolder = join(tree, 'functions');
  await cp(FUNCTIONS_FOLDER, functionsFolder, { recursive: true });
  // What the `#` names mean is told by the nearest package.json.
  await cp(join(ROOT, 'package.json'), join(tree, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(functionsFolder, path)), { recursive: true });
    await writeFile(join(functionsFolder, path), text);
  }
  return { functionsFolder, [Symbol.asyncDispose]: () => rm(tree, { recursive: true, force: true }) };
}
