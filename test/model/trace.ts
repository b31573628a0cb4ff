import { World } from './world.ts';

const WRITES = ['openHead', 'openShard', 'reserve', 'topUp', 'settle', 'adjust', 'take', 'freeze', 'share'] as const;

/** Prints every write of the budgets table in the runs that follow: when, by whom, what, and what came of it. */
export function traceWrites(print: (line: string) => void): void {
  for (const name of WRITES) {
    const write = World.prototype[name] as (this: World, ...args: unknown[]) => unknown;
    const traced = function traced(this: World, ...args: unknown[]): unknown {
      const told = args.map((arg) => JSON.stringify(arg)).join(' ');
      print(`${String(this.now).padStart(6)} ${this.who.padEnd(9)} ${name} ${told}`);
      const result = write.apply(this, args);
      print(`${' '.repeat(16)} → ${String(result)}`);
      return result;
    };
    Object.defineProperty(World.prototype, name, { value: traced });
  }
}
