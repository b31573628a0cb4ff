import type { Clock } from '#platform/clock.ts';
import { UNLIMITED_PICO, type BudgetTerms, type ScopeName } from './budget.ts';
import { NO_SETTINGS, type Settings, type SettingsStore } from './settings.ts';
import { WINDOW_KINDS, type WindowKind } from './windows.ts';

/** What an endpoint's spec says of its budget. */
export interface SpecLimits {
  readonly limitsPico: Readonly<Partial<Record<WindowKind, bigint>>>;
  readonly shards: number;
}

/** A first limit on a scope counts within this time; a changed one at once, for it changes the counters. */
const KNOWN_FOR_MS = 30_000;
const MOST_KNOWN = 5_000;

/** The budgets to which calls belong, by what specs and settings say. Settings are read when they are needed, and kept for 30 s. */
export class Limits {
  readonly #settings: SettingsStore;
  readonly #clock: Clock;
  readonly #known = new Map<ScopeName, { readonly settings: Promise<Settings>; readonly untilMs: number }>();

  constructor(settings: SettingsStore, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * The budgets of an endpoint's call for a caller: the endpoint's month first, and always; the others where they have a limit.
   * @throws when settings cannot be read: limits are not guessed
   */
  async of(endpoint: string, caller: string, spec: SpecLimits): Promise<readonly BudgetTerms[]> {
    const [own, callers, account] = await Promise.all([
      this.#settingsOf(`endpoint:${endpoint}`),
      this.#settingsOf(`caller:${caller}`),
      this.#settingsOf('account'),
    ]);
    return [
      ...termsOf(`endpoint:${endpoint}`, own, spec),
      ...termsOf(`caller:${caller}`, callers),
      ...termsOf('account', account),
    ];
  }

  #settingsOf(scope: ScopeName): Promise<Settings> {
    const known = this.#known.get(scope);
    if (known && this.#clock.nowMs() < known.untilMs) return known.settings;
    const settings = this.#settings.read(scope);
    this.#known.delete(scope);
    this.#known.set(scope, { settings, untilMs: this.#clock.nowMs() + KNOWN_FOR_MS });
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value as ScopeName);
    // What could not be read is not known.
    settings.catch(() => {
      if (this.#known.get(scope)?.settings === settings) this.#known.delete(scope);
    });
    return settings;
  }
}

/** The terms of a scope's budgets: what is set, else what the spec says; an endpoint's month even without a limit. */
export function termsOf(scope: ScopeName, settings: Settings = NO_SETTINGS, spec?: SpecLimits): BudgetTerms[] {
  const shards = settings.shards ?? spec?.shards ?? 1;
  return WINDOW_KINDS.flatMap((kind) => {
    const limitPico = settings.limitsPico[kind] ?? spec?.limitsPico[kind];
    if (limitPico === undefined && !(spec && kind === 'month')) return [];
    return [{ scope, kind, limitPico: limitPico ?? UNLIMITED_PICO, shards, source: settings.revision }];
  });
}
