import { readFile } from 'node:fs/promises';

const files = new Map<string, Promise<unknown>>();

/**
 * Reads a JSON file that the build put beside the bundle, once an environment.
 * @throws when it is missing: the function was deployed without it
 */
export function loadDataFile<Content>(path: string): Promise<Content> {
  let content = files.get(path);
  if (!content) files.set(path, (content = readFile(path, 'utf8').then((text) => JSON.parse(text) as unknown)));
  return content as Promise<Content>;
}
