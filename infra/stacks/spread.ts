import { createHash } from 'node:crypto';

/**
 * Spreads names over as few groups as hold at most `most` each. A name that changes its group is made anew in another
 * stack, and a queue made anew is an empty one; so each name goes to the group for which its hash is highest (rendezvous
 * hashing). A new name moves no other, until a group is full: then one more group takes its share, and nothing moves
 * between the others.
 *
 * @returns the groups by number, from 0; one may be empty
 */
export function spread(names: readonly string[], most: number): string[][] {
  for (let count = Math.ceil(names.length / most); ; count++) {
    const groups = Array.from({ length: count }, (): string[] => []);
    for (const name of names) groups[groupOf(name, count)]!.push(name);
    if (groups.every((group) => group.length <= most)) return groups;
  }
}

function groupOf(name: string, count: number): number {
  const weights = Array.from({ length: count }, (_, group) => weigh(name, group));
  return weights.indexOf(Math.max(...weights));
}

function weigh(name: string, group: number): number {
  return createHash('sha256').update(`${group}/${name}`).digest().readUIntBE(0, 6);
}
