import { setTimeout } from 'node:timers/promises';
import type { AtRest } from '../../at-rest.ts';
import { startCompanion } from '../../companion.ts';
import type { StreamKind } from '../load.ts';
import { readStream, type StreamRead } from './read-stream.ts';
import { EVERY_MS, tagOf } from './story.ts';
import type { UpstreamAccount } from './upstream-process.ts';
import type { LedgerSum, WeirAddress, WeirQuestion } from './weir-process.ts';

export interface SoakOptions {
  readonly clients: number;
  /** How many streams each client opens at least, the next when the last has ended. */
  readonly leastEach: number;
  /** For how long clients that have done so go on. @default 0 */
  readonly forMs?: number;
}

/** What became of a soak. */
export interface Soaked {
  readonly read: readonly StreamRead[];
  /** What was wrong with others, of those before and after the soak too. */
  readonly failures: readonly string[];
  /** The most streams that were open at a time. */
  readonly mostOpen: number;
  /** Before it, when every kind of stream was read; amid it, with all streams open; when it is over. */
  readonly looks: { readonly start: AtRest; readonly middle: AtRest; readonly end: AtRest };
  readonly ledger: LedgerSum;
  readonly upstream: UpstreamAccount;
  /** All streams that were asked for, those before and after the soak too. */
  readonly asked: number;
}

const KINDS: readonly StreamKind[] = ['chat', 'responses', 'summarize'];
/** Streams of five seconds to seven: as much as two hundred clients can ask of a machine of two cores. */
const FEWEST_PIECES = 50;
const MORE_PIECES = 20;
/** As many as the code of a call needs to be compiled, so that this is no growth. */
const WARM_UP_STREAMS = 120;
const FEW_PIECES = 5;
/** Weir closes connections that rested for longer than 4 s as it makes the next call. */
const REST_MS = 4_200;
/** A caller has its last event before the call's last timer is over. */
const SETTLE_MS = 1_500;
const REST_POLLS = 5;
/**
 * Connections that the sweeper and the like may open within the soak: each is a function of its own, whose idle connections stay until
 * it runs again. What streams leave behind is as many as there were streams.
 */
export const OF_SCHEDULES = 8;

/**
 * Keeps so many streams open at a time through the local gateway, on both compatible APIs and `summarize`; each has a text of its own.
 * Weir, its DynamoDB and the upstream are processes of their own.
 */
export async function soak({ clients, leastEach, forMs = 0 }: SoakOptions): Promise<Soaked> {
  await using upstream = startCompanion<object, UpstreamAccount>('streams/soak/upstream-process.ts');
  const { baseUrl } = await upstream.ask({});
  await using weir = startCompanion<WeirQuestion, unknown>('streams/soak/weir-process.ts', {
    arguments: [baseUrl],
    nodeOptions: ['--expose-gc'],
  });
  const address = (await weir.ask({ what: 'look' })) as WeirAddress;
  const look = async () => (await weir.ask({ what: 'rest' })) as AtRest;
  const readers = new Readers(address);
  const rested = async (): Promise<AtRest> => {
    await setTimeout(REST_MS);
    await readers.readEachKind();
    await setTimeout(SETTLE_MS);
    return look();
  };

  for (let read = 0; read < WARM_UP_STREAMS; read += 4 * KINDS.length)
    await Promise.all([readers.readEachKind(), readers.readEachKind(), readers.readEachKind(), readers.readEachKind()]);
  const start = await rested();
  readers.take();

  const scatterMs = FEWEST_PIECES * EVERY_MS;
  const until = performance.now() + forMs;
  const client = async (number: number): Promise<void> => {
    // As they come in life: not all at once.
    await setTimeout((number / clients) * scatterMs);
    for (let own = 0; own < leastEach || performance.now() < until; own++)
      await readers.readNext(FEWEST_PIECES + (number % MORE_PIECES));
  };
  const amid = setTimeout(Math.max(scatterMs, forMs / 2)).then(look);
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const middle = await amid;
  const { read, mostOpen } = readers.take();

  let end = await rested();
  for (let poll = 1; poll < REST_POLLS && !isBack(end, start); poll++) end = leastOf(end, await rested());
  const ledger = (await weir.ask({ what: 'ledger' })) as LedgerSum;
  return {
    read,
    failures: readers.failures,
    mostOpen,
    looks: { start, middle, end },
    ledger,
    upstream: await upstream.ask({}),
    asked: readers.asked,
  };
}

function isBack(end: AtRest, start: AtRest): boolean {
  return end.descriptors - start.descriptors <= OF_SCHEDULES && end.timers <= start.timers;
}

/** What stays behind is there at each look; what only passes, as the timers of the queues' next polls do, is not. */
function leastOf(one: AtRest, other: AtRest): AtRest {
  const names = Object.keys(one) as (keyof AtRest)[];
  return Object.fromEntries(names.map((name) => [name, Math.min(one[name], other[name])])) as unknown as AtRest;
}

/** Opens streams, one tag each, the kinds in turn. */
class Readers {
  asked = 0;
  readonly failures: string[] = [];
  #open = 0;
  #seen = { read: [] as StreamRead[], mostOpen: 0 };
  readonly #weir: WeirAddress;

  constructor(weir: WeirAddress) {
    this.#weir = weir;
  }

  /** What was seen since the last take. */
  take() {
    const seen = this.#seen;
    this.#seen = { read: [], mostOpen: 0 };
    return seen;
  }

  async readNext(pieces: number): Promise<void> {
    const number = this.asked++;
    const kind = KINDS[number % KINDS.length] as StreamKind;
    const seen = this.#seen;
    seen.mostOpen = Math.max(seen.mostOpen, ++this.#open);
    try {
      seen.read.push(await readStream(kind, this.#weir, tagOf(number, pieces)));
    } catch (error) {
      this.failures.push((error as Error).message);
    } finally {
      this.#open--;
    }
  }

  async readEachKind(): Promise<void> {
    await Promise.all(KINDS.map(() => this.readNext(FEW_PIECES)));
  }
}
