import { parseUsd } from '#platform/money.ts';
import type { PicoUsd, Ratio } from '#platform/money.ts';
import { priceNotes, priceSources } from '#pricing/price-book.ts';
import type { PriceConfidence, PriceLine } from '#pricing/price-book.ts';

/** One line of the price book, parsed, with what `null` stands for filled in. Prices are per 1,000,000 tokens. */
export interface PriceRow {
  /** `<model>@<effectiveFrom>`, or `<model>@undated`: what a ledger entry names. */
  readonly id: string;
  readonly model: string;
  /** The UTC day from whose 00:00 the price holds; `null`: for as long as is known. */
  readonly effectiveFrom: string | null;
  readonly inputPicoUsd: PicoUsd;
  readonly cachedInputPicoUsd: PicoUsd;
  readonly cacheWrite30mPicoUsd: PicoUsd;
  readonly cacheWrite12hPicoUsd: PicoUsd;
  /** `null`: the model puts out no tokens. */
  readonly outputPicoUsd: PicoUsd | null;
  readonly longContext: LongContext | null;
  /** The factor of the fast tier; `null`: not sold. */
  readonly fast: Ratio | null;
  /** The factor of the ultrafast tier; `null`: not sold. */
  readonly ultrafast: Ratio | null;
  /** Its price is declared to be zero. */
  readonly free: boolean;
  readonly source: string;
  /** The day the source was read. */
  readonly asOf: string;
  readonly confidence: PriceConfidence;
  readonly note?: string;
}

/** With more input tokens than this, the whole request costs more, and not only what lies above. */
export interface LongContext {
  readonly aboveInputTokens: number;
  /** Applies to input, cached input and cache writes. */
  readonly input: Ratio;
  readonly output: Ratio;
}

/** Strictly above 272,000. Source: https://developers.openai.com/api/docs/models/gpt-6-luna */
const longContext: LongContext = {
  aboveInputTokens: 272_000,
  input: { numerator: 2n, denominator: 1n },
  output: { numerator: 3n, denominator: 2n },
};

/** @throws RangeError when a price is not a decimal; the tests parse every line, so that no caller meets it */
export function parsePriceLine(line: PriceLine): PriceRow {
  const [model, effectiveFrom, input, cached, write30m, write12h, output, terms, fast, ultrafast, source, confidence] =
    line;
  const id = `${model}@${effectiveFrom ?? 'undated'}`;
  const inputPicoUsd = parseUsd(input);
  const note = priceNotes[id];
  return {
    id,
    model,
    effectiveFrom,
    inputPicoUsd,
    cachedInputPicoUsd: cached === null ? inputPicoUsd : parseUsd(cached),
    cacheWrite30mPicoUsd: write30m === null ? inputPicoUsd : parseUsd(write30m),
    cacheWrite12hPicoUsd: cacheWrite12h(inputPicoUsd, write30m, write12h),
    outputPicoUsd: output === null ? null : parseUsd(output),
    longContext: terms === 'long' ? longContext : null,
    fast: fast === null ? null : parseFactor(fast),
    ultrafast: ultrafast === null ? null : parseFactor(ultrafast),
    free: terms === 'free',
    ...priceSources[source],
    confidence,
    ...(note !== undefined && { note }),
  };
}

function cacheWrite12h(inputPicoUsd: PicoUsd, write30m: string | null, write12h: string | null): PicoUsd {
  if (write12h !== null) return parseUsd(write12h);
  return write30m === null ? inputPicoUsd : 2n * parseUsd(write30m);
}

/** `'5/3'` or `'2'`. */
function parseFactor(text: string): Ratio {
  const [numerator = '', denominator = '1'] = text.split('/');
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}
