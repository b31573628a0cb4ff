/** One piece that an entry charges. */
export interface Charge {
  readonly part: string;
  readonly id: string;
  readonly amount: number;
}

export interface Entry {
  readonly basis: 'exact' | 'unknown' | 'void';
  readonly cost: number;
  readonly charges: readonly Charge[];
  readonly by: object;
}

/** A call in the list of adjustments. */
export interface Pointer {
  readonly endpoint: string;
  /** When it was put into the list. */
  readonly at: number;
  /** When all its parts had it. */
  readonly done?: number;
}

/** The ledger's table: entries and adjustment rows are put if absent and never changed; the list is a set that shrinks. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  readonly adjustments = new Map<string, number>();
  readonly list = new Map<string, Pointer>();

  record(endpoint: string, callId: string, entry: Entry): boolean {
    return putIfAbsent(this.entries, `${endpoint}/${callId}`, entry);
  }
  entry(endpoint: string, callId: string): Entry | undefined {
    return this.entries.get(`${endpoint}/${callId}`);
  }
  adjust(endpoint: string, callId: string, delta: number): boolean {
    return putIfAbsent(this.adjustments, `${endpoint}/${callId}`, delta);
  }
  adjustment(endpoint: string, callId: string): number | undefined {
    return this.adjustments.get(`${endpoint}/${callId}`);
  }
  done(callId: string, done: number): boolean {
    const pointer = this.list.get(callId);
    if (!pointer || pointer.done !== undefined) return false;
    this.list.set(callId, { ...pointer, done });
    return true;
  }
  enlist(callId: string, pointer: Pointer): boolean {
    return putIfAbsent(this.list, callId, pointer);
  }
}

function putIfAbsent<T>(table: Map<string, T>, key: string, item: T): boolean {
  if (table.has(key)) return false;
  table.set(key, item);
  return true;
}
