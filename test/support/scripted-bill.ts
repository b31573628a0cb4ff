/** Tokens of one piece of work. Cached and cache-write tokens are part of the input, reasoning of the output. */
export interface ScriptedUsage {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  /** All tokens written to the prompt cache, with either retention. */
  readonly cacheWriteTokens: number;
  /** Those of them that are kept for 12 hours; the rest are kept for 30 minutes. */
  readonly cacheWrite12hTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** What one token costs, in pico-USD (10⁻¹² USD): a price of $1 per million tokens is `1_000_000n`. */
export interface TokenPrices {
  readonly input: bigint;
  readonly cachedInput: bigint;
  readonly output: bigint;
  /** @default the price of `input` */
  readonly cacheWriteInput?: bigint;
  /** @default the price of `cacheWriteInput` */
  readonly cacheWrite12hInput?: bigint;
}

/** What was done, as far as its price may depend on it. */
export interface BilledWork {
  /** The model that served, which need not be the one asked for. */
  readonly model: string;
  readonly serviceTier: string | null;
  readonly usage: ScriptedUsage;
}

/**
 * Prices by the model that serves. A plain row prices every tier and length alike; where these matter the test
 * gives a function and so states the rule in its own words, not in those of the code under test.
 */
export type PriceTable = Readonly<Record<string, TokenPrices | ((work: BilledWork) => TokenPrices)>>;

export type BilledKind = 'responses' | 'chat' | 'embeddings';

/** One piece of work on the upstream's bill. */
export interface BillLine extends ScriptedUsage {
  readonly requestId: string;
  readonly kind: BilledKind;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly pico: bigint;
  /** Whether the client was sent the whole reply, usage figures included. If not, it can only guess this line. */
  readonly delivered: boolean;
}

type OpenLine = { -readonly [Field in keyof BillLine]: BillLine[Field] };

/** The upstream's own account of what it did. It shares no code with Weir: two sums that agree prove something. */
export class Bill {
  readonly #lines: OpenLine[] = [];
  readonly #prices: PriceTable;

  constructor(prices: PriceTable) {
    this.#prices = prices;
  }

  /** The models that have a price. */
  get models(): readonly string[] {
    return Object.keys(this.#prices);
  }

  /** In the order in which the work was begun. */
  get lines(): readonly BillLine[] {
    return this.#lines;
  }

  /** @throws Error if work was done by a model without a price: a bill of $0 would prove nothing. */
  get totalPico(): bigint {
    return this.#sum(this.#lines);
  }

  /** The part of the total that clients can know exactly. @throws Error as `totalPico` does */
  get deliveredPico(): bigint {
    return this.#sum(this.#lines.filter((line) => line.delivered));
  }

  /** Opens a line. It can still grow (`recharge`) and is not delivered yet (`deliver`). */
  charge(work: BilledWork & { readonly requestId: string; readonly kind: BilledKind }): BillLine {
    const { requestId, kind, model, serviceTier, usage } = work;
    const line: OpenLine = { requestId, kind, model, serviceTier, ...usage, pico: this.#price(work), delivered: false };
    this.#lines.push(line);
    return line;
  }

  /** Replaces a line's usage, as a stream goes on. */
  recharge(line: BillLine, usage: ScriptedUsage): void {
    const { model, serviceTier } = line;
    Object.assign(line, usage, { pico: this.#price({ model, serviceTier, usage }) });
  }

  /** Notes whether the client got the reply that this line is for. */
  deliver(line: BillLine, delivered: boolean): void {
    Object.assign(line, { delivered });
  }

  #price(work: BilledWork): bigint {
    const row = this.#prices[work.model];
    if (row === undefined) return 0n;
    return costPico(work.usage, typeof row === 'function' ? row(work) : row);
  }

  #sum(lines: readonly BillLine[]): bigint {
    const unpriced = lines.find((line) => this.#prices[line.model] === undefined);
    if (unpriced) throw new Error(`The scripted upstream was given no price for ${unpriced.model}`);
    return lines.reduce((total, line) => total + line.pico, 0n);
  }
}

function costPico(usage: ScriptedUsage, prices: TokenPrices): bigint {
  const cacheWritePrice = prices.cacheWriteInput ?? prices.input;
  const cacheWrite12hPrice = prices.cacheWrite12hInput ?? cacheWritePrice;
  const plainTokens = usage.inputTokens - usage.cachedTokens - usage.cacheWriteTokens;
  return (
    BigInt(plainTokens) * prices.input +
    BigInt(usage.cachedTokens) * prices.cachedInput +
    BigInt(usage.cacheWriteTokens - usage.cacheWrite12hTokens) * cacheWritePrice +
    BigInt(usage.cacheWrite12hTokens) * cacheWrite12hPrice +
    BigInt(usage.outputTokens) * prices.output
  );
}
