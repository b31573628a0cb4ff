import { type Code, mintedAt, spanOf, windowOf } from './names.ts';
import type { Settings, World } from './world.ts';

/** How long settings in memory are believed. */
export const SETTINGS_SECONDS = 30;

/** What an environment remembers between calls. It is lost when the process dies. */
export interface Environment {
  readonly number: number;
  /** Budget → the purse it spends from. */
  readonly purses: Map<string, Purse>;
  readonly settings: Map<string, { readonly at: number; readonly value: Settings }>;
}

export interface Purse {
  readonly name: string;
  readonly drawId: string;
  readonly drawValue: string;
  readonly usedUntil: number;
  left: number;
}

export function newEnvironment(number: number): Environment {
  return { number, purses: new Map(), settings: new Map() };
}

/** A scope's settings as the environment knows them. */
export function known(world: World, environment: Environment, scope: string): Settings {
  const cached = environment.settings.get(scope);
  if (cached && cached.at > world.clock() - SETTINGS_SECONDS) return cached.value;
  const value = settingsOf(world, scope);
  environment.settings.set(scope, { at: world.clock(), value });
  return value;
}

export function settingsOf(world: World, scope: string): Settings {
  return world.settings.get(scope) ?? { revision: 0, limits: {}, shards: 1 };
}

export interface Need {
  readonly code: Code;
  readonly budget: string;
}

/** The budgets that a call belongs to: the endpoint's month always, others where they have a limit. */
export function needsOf(world: World, environment: Environment, callId: string, endpoint: string, caller: string) {
  const scopes = [`endpoint:${endpoint}`, `caller:${caller}`, 'account'] as const;
  const needs: Need[] = [];
  for (const [index, scope] of scopes.entries()) {
    const { limits } = known(world, environment, scope);
    for (const span of ['m', 'd'] as const) {
      if (limits[span] === undefined) continue;
      const code = `${'eca'.charAt(index)}${span}` as Code;
      needs.push({ code, budget: budgetFor(world, code, callId, endpoint, caller) });
    }
  }
  return needs;
}

/** The budget that a code names for a call: the window is that in which the call was minted. */
export function budgetFor(world: World, code: Code, callId: string, endpoint: string, caller: string): string {
  const scope = code.startsWith('e') ? `endpoint:${endpoint}` : code.startsWith('c') ? `caller:${caller}` : 'account';
  return `${scope}#${windowAt(world, code.endsWith('m') ? 'm' : 'd', mintedAt(callId))}`;
}

/** When a budget's window ends. */
export function endOf(world: World, budget: string): number {
  return (Number(windowOf(budget).slice(1)) + 1) * world.windowSeconds[spanOf(budget)];
}

export function windowAt(world: World, span: 'm' | 'd', at: number): string {
  return `${span}${Math.floor(at / world.windowSeconds[span])}`;
}
