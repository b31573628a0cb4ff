import { setTimeout } from 'node:timers/promises';
import type { AtRest } from '../../at-rest.ts';
import { startCompanion } from '../../companion.ts';
import type { StreamKind } from '../load.ts';
import { readStream, type StreamRead } from './read-stream.ts';
import { EVERY_MS, piecesFor, tagOf } from './story.ts';
import type { UpstreamAccount } from './upstream-process.ts';
import type { LedgerSum, WeirAddress, WeirQuestion } from './weir-process.ts';

export interface SoakOptions {
  readonly clients: number;
  /** For how long clients open new streams: each the next when its last has ended. */
  readonly forMs: number;
}

/** What became of a soak. */
export interface Soaked {
  readonly read: readonly StreamRead[];
  /** What was wrong with the others. */
  readonly failures: readonly string[];
  /** The most streams that were open at a time. */
  readonly mostOpen: number;
  /** Before it, when every kind of stream was read; amid it, with all streams open; and when it is over. */
  readonly looks: { readonly start: AtRest; readonly middle: AtRest; readonly end: AtRest };
  readonly ledger: LedgerSum;
  readonly upstream: UpstreamAccount;
  /** All streams that were asked for, those before and after the soak too. */
  readonly asked: number;
}

const KINDS: readonly StreamKind[] = ['chat', 'responses', 'summarize'];
/** As many as the code of a call needs to be compiled, so that this is no growth. */
const WARM_UP_STREAMS = 120;
/** Connections that rested are closed as another call is made: so long that may take. */
const REST_WITHIN_MS = 15_000;
const REST_POLL_MS = 500;

/**
 * Keeps so many streams open at a time through the local gateway, on both compatible APIs and `summarize`; each has a text of its own.
 * Weir, its DynamoDB and the upstream are processes of their own.
 */
export async function soak({ clients, forMs }: SoakOptions): Promise<Soaked> {
  await using upstream = startCompanion<object, UpstreamAccount>('streams/soak/upstream-process.ts');
  const { baseUrl } = await upstream.ask({});
  await using weir = startCompanion<WeirQuestion, unknown>('streams/soak/weir-process.ts', {
    arguments: [baseUrl],
    nodeOptions: ['--expose-gc'],
  });
  const address = (await weir.ask({ what: 'look' })) as WeirAddress;
  const look = async () => (await weir.ask({ what: 'rest' })) as AtRest;
  const readers = new Readers(address);

  await Promise.all(Array.from({ length: WARM_UP_STREAMS }, () => readers.readNext()));
  await readers.readEachKind();
  const start = await rested(look, readers);
  readers.forget();

  const until = performance.now() + forMs;
  const client = async (number: number): Promise<void> => {
    // As they come in life: not all at once.
    await setTimeout((number / clients) * piecesFor(tagOf(number)).length * EVERY_MS);
    do await readers.readNext();
    while (performance.now() < until);
  };
  const amid = setTimeout(forMs / 2).then(look);
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const middle = await amid;
  const { read, failures, mostOpen } = readers.seen;

  const end = await rested(look, readers, start);
  const ledger = (await weir.ask({ what: 'ledger' })) as LedgerSum;
  return { read, failures, mostOpen, looks: { start, middle, end }, ledger, upstream: await upstream.ask({}), asked: readers.asked };
}

/** Opens streams, one tag each, the kinds in turn. */
class Readers {
  asked = 0;
  #open = 0;
  #seen = { read: [] as StreamRead[], failures: [] as string[], mostOpen: 0 };
  readonly #weir: WeirAddress;

  constructor(weir: WeirAddress) {
    this.#weir = weir;
  }

  get seen() {
    return this.#seen;
  }

  /** What was seen until now is not counted. */
  forget(): void {
    this.#seen = { read: [], failures: [], mostOpen: 0 };
  }

  async readNext(): Promise<void> {
    const number = this.asked++;
    const kind = KINDS[number % KINDS.length] as StreamKind;
    const seen = this.#seen;
    seen.mostOpen = Math.max(seen.mostOpen, ++this.#open);
    try {
      seen.read.push(await readStream(kind, this.#weir, tagOf(number)));
    } catch (error) {
      seen.failures.push((error as Error).message);
    } finally {
      this.#open--;
    }
  }

  async readEachKind(): Promise<void> {
    for (const _ of KINDS) await this.readNext();
  }
}
