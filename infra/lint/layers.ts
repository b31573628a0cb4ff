import { readFileSync } from 'node:fs';
import { posix, relative, resolve, sep } from 'node:path';
import type { Importing, Rule, Visitor } from './rule.ts';

/** The rooms of `functions`, floor under floor: a room may import what lies below it, nothing beside or above. */
const FLOORS = [
  ['endpoints', 'jobs', 'pipelines', 'finance', 'security', 'pages'],
  ['edge'],
  ['call'],
  ['upstream', 'cache', 'ledger', 'budgets', 'pricing', 'redaction', 'context', 'idempotency'],
  ['protocol'],
  ['platform'],
];

/** The floor of the entry files: the only one without a `#` name, for nothing imports it. */
const ENTRIES = 0;

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * DESIGN.md's arrows. The rule follows paths, not spellings: `#cache/x.ts`, `../cache/x.ts`, `import('#cache/x.ts')`
 * and the type `import('#cache/x.ts').X` all go to the same room, and all are seen.
 */
export const layers: Rule = {
  create(context): Visitor {
    const file = relative(ROOT, context.filename).split(sep).join('/');
    const from = roomOf(file);
    if (from === undefined) return {};

    const check = ({ source }: Importing): void => {
      if (source === null) return;
      const literal = source.type === 'Literal' && typeof source.value === 'string' ? source.value : undefined;
      const fault = literal === undefined ? faultOfUnknown(from) : faultOf(file, from, literal);
      if (fault !== undefined) context.report({ node: source, message: fault });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    };
  },
};

/** What is wrong with `specifier` in `file`, which stands in the room `from`; `undefined` when nothing is. */
function faultOf(file: string, from: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier);
  const to = target === undefined ? undefined : roomOf(target);
  if (target === undefined || to === undefined) return undefined;
  if (from !== 'test' && floorOf(to) === ENTRIES && isEntry(target)) {
    return `${file} imports '${specifier}': an entry is a Lambda of its own; what two entries share stands on a lower floor.`;
  }
  if (to === from) return undefined;

  const fault = faultOfArrow(from, to);
  if (fault !== undefined) return `${file} imports '${specifier}' (${from} → ${to}): ${fault}.`;

  const hops = !specifier.startsWith('#') && floorOf(to) !== ENTRIES;
  return hops ? `${file} imports '${specifier}': write '#${target.replace(/^functions\//, '')}'.` : undefined;
}

/** Whether a file declares an entry: it exports a `spec`. */
function isEntry(target: string): boolean {
  try {
    return /export const \{[^}]*\bspec\b/.test(readFileSync(resolve(ROOT, target), 'utf8'));
  } catch {
    return false;
  }
}

function faultOfArrow(from: string, to: string): string | undefined {
  if (from === 'test') return undefined;
  if (to === 'test') return 'only tests import tests';
  if (from === 'infra') return floorOf(to) === ENTRIES ? 'infra knows entry files through its inventory' : undefined;
  if (to === 'infra') return 'functions never imports infra';

  const stranger = [from, to].find((room) => floorOf(room) < 0);
  if (stranger !== undefined) return `functions/${stranger} is not a room`;
  if (floorOf(to) === floorOf(from)) return 'siblings never import each other';
  return floorOf(to) < floorOf(from) ? 'arrows point down only' : undefined;
}

function faultOfUnknown(from: string): string | undefined {
  if (from === 'infra' || from === 'test') return undefined;
  return 'import() in functions takes a plain string, or neither this rule nor the bundler sees where it goes.';
}

/** The path that a specifier means, from the repository's root; `undefined` for a package. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier);
  if (!specifier.startsWith('#')) return undefined;
  const path = posix.normalize(specifier.slice(1));
  return /^(infra|test)\//.test(path) ? path : `functions/${path}`;
}

/** `infra`, `test`, or the folder under `functions`; `undefined` outside all three. */
function roomOf(path: string): string | undefined {
  const [top, room] = path.split('/');
  if (top === 'functions') return room;
  return top === 'infra' || top === 'test' ? top : undefined;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}
