import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** As much of a lock entry as this file reads or writes. */
interface LockEntry {
  readonly version?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The `packages` of a package-lock.json, by path; `''` is the repository itself. */
export type LockPackages = Readonly<Record<string, LockEntry>>;

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * Adds to a lock the platform packages that its tools name and npm left out.
 *
 * A tool with native code lists one optional package for each platform. Where some of them are not in the registry,
 * `npm install` leaves them out of the lock, and npm 11's `npm ci` then refuses it (EUSAGE: "Missing … from lock
 * file"). An entry that says which platform it is for satisfies `npm ci`, which skips it everywhere else.
 *
 * @returns the same packages when nothing was missing, in npm's order otherwise
 */
export function mendLock(packages: LockPackages): LockPackages {
  const missing = Object.values(packages).flatMap(({ dev, optionalDependencies = {} }) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => !hasPackage(packages, name) && /^\d+\.\d+\.\d+/.test(version))
      .flatMap(([name, version]) => {
        const platform = platformOf(name);
        if (platform === undefined) return [];
        return [[`node_modules/${name}`, { version, ...platform, ...(dev && { dev }), optional: true }] as const];
      }),
  );
  if (missing.length === 0) return packages;

  const all = [...Object.entries(packages), ...missing];
  return Object.fromEntries(all.toSorted(([a], [b]) => a.localeCompare(b, 'en')));
}

function hasPackage(packages: LockPackages, name: string): boolean {
  return Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
}

/** `@oxlint/binding-linux-arm-musleabihf` → linux, arm, musl; `undefined` for a package that is for no one platform. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (os.length !== 1 || cpu.length !== 1) return undefined;

  if (words.some((word) => word.startsWith('musl'))) return { os, cpu, libc: ['musl'] };
  return words.some((word) => word.startsWith('gnu')) ? { os, cpu, libc: ['glibc'] } : { os, cpu };
}

function mendFile(path: string, installedPath: string): void {
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: LockPackages };
  const packages = mendLock(lock.packages);
  const added = Object.keys(packages).length - Object.keys(lock.packages).length;
  console.log(added === 0 ? 'The lock is whole.' : `${added} platform packages added to the lock.`);
  if (added === 0) return;

  const installed = existsSync(installedPath) && statSync(installedPath).mtimeMs > statSync(path).mtimeMs;
  writeFileSync(path, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  // What is installed has not changed: `npm run ensure`, which compares these two times, has nothing to do.
  if (installed) utimesSync(installedPath, new Date(), new Date());
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..');
  mendFile(resolve(root, 'package-lock.json'), resolve(root, 'node_modules/.package-lock.json'));
}
