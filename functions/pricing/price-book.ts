/**
 * What OpenAI charges, as a table: one line a model and a day from which its price holds (00:00 UTC; `null`: for as
 * long as is known). Prices are decimal strings in USD per 1,000,000 tokens, at the standard tier, in the global
 * region, for at most 272,000 input tokens. A change of price is a new line; an old one is never edited, because a
 * call is priced at its own time.
 *
 * Absent on purpose, so that they are refused rather than priced too low: models whose audio or image tokens cost more
 * than their text tokens (audio, realtime, transcribe, tts, image), and search previews, which bill every call.
 */
export type PriceLine = readonly [
  model: string,
  effectiveFrom: string | null,
  input: string,
  /** `null`: no discount, cached input costs as much as input. */
  cachedInput: string | null,
  /** Input written to the cache for 30 minutes; `null`: no surcharge, as before gpt-5.6. */
  cacheWrite30m: string | null,
  /** Input written to the cache for 12 hours; `null`: twice the 30-minute price, as on every page that states it. */
  cacheWrite12h: string | null,
  /** `null`: the model puts out no tokens. */
  output: string | null,
  /** `long`: above 272,000 input tokens the whole request is dearer. `free`: zero is the price, not a gap. */
  terms: 'flat' | 'long' | 'free',
  /** The factor of the fast (or priority) tier; `null`: not sold. */
  fast: '2' | '5/2' | '5/3' | '7/4' | '9/5' | null,
  /** The factor of the ultrafast tier; `null`: not sold. */
  ultrafast: '3' | '6' | null,
  source: keyof typeof priceSources,
  confidence: PriceConfidence,
];

/**
 * How sure a line is. `confirmed`: OpenAI's own page says so, or two independent price lists agree. `third-party`: one
 * list does, or several that may have copied each other. `assumed`: a price in it was derived; its note says which.
 */
export type PriceConfidence = 'confirmed' | 'third-party' | 'assumed';

/** Where the lines come from, and as of which day. */
export const priceSources = {
  openai: { source: "https://developers.openai.com/api/docs/models, the model's own page", asOf: '2026-11-22' },
  both: { source: '@pydantic/genai-prices 0.1.8 and LiteLLM 00035b69', asOf: '2026-11-22' },
  genai: { source: '@pydantic/genai-prices 0.1.8', asOf: '2026-11-22' },
  press: { source: 'price pages of several resellers and gateways', asOf: '2026-11-22' },
} as const;

// prettier-ignore
export const priceBook: readonly PriceLine[] = [
  // model                   from          input    cached   write30m write12h output  terms   fast   ultra source    confidence
  ['gpt-6.2-astra',          '2026-11-17', '8',     '0.40',  '10',    null,    '40',   'long', '2',   '6',  'press',  'assumed'],
  ['gpt-6.2-sol',            '2027-03-01', '2',     '0.10',  '2.5',   '5',     '10',   'long', '2',   '6',  'openai', 'confirmed'],
  ['gpt-6.2-sol',            '2026-11-17', '2',     '0.10',  '2.5',   '5',     '10',   'long', '2',   '3',  'openai', 'confirmed'],
  ['gpt-6.1-terra',          '2026-10-26', '1',     '0.05',  '1.25',  '2.50',  '5',    'long', '2',   '6',  'press',  'third-party'],
  ['gpt-6.1-sol',            '2026-09-29', '2',     '0.10',  '2.5',   null,    '10',   'long', '2',   '6',  'press',  'third-party'],
  ['gpt-6-sol',              '2026-09-22', '2',     '0.20',  '2.5',   null,    '10',   'long', '2',   '6',  'genai',  'confirmed'],
  ['gpt-6-luna',             '2026-09-22', '0.10',  '0.01',  '0.125', null,    '0.50', 'long', '2',   '6',  'openai', 'confirmed'],
  ['gpt-6-astra',            '2026-09-03', '10',    '1',     '12.5',  null,    '50',   'long', '2',   '6',  'genai',  'confirmed'],

  ['gpt-5.6-sol',            '2026-11-22', '5',     '0.50',  '6.25',  null,    '30',   'long', '2',   '6',  'press',  'assumed'],
  ['gpt-5.6-sol',            '2026-08-21', '4',     '0.40',  '5',     null,    '20',   'long', '2',   '6',  'openai', 'confirmed'],
  ['gpt-5.6-sol',            '2026-07-09', '5',     '0.50',  '6.25',  null,    '30',   'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.6-terra',          '2026-07-30', '2',     '0.20',  '2.5',   null,    '12',   'long', '2',   '6',  'genai',  'confirmed'],
  ['gpt-5.6-terra',          '2026-07-09', '2.5',   '0.25',  '3.125', null,    '15',   'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.6-luna',           '2026-07-30', '0.20',  '0.02',  '0.25',  null,    '1.20', 'long', '2',   '6',  'openai', 'confirmed'],
  ['gpt-5.6-luna',           '2026-07-09', '1',     '0.10',  '1.25',  null,    '6',    'long', '2',   '6',  'both',   'confirmed'],

  ['gpt-5.5',                null,         '5',     '0.50',  null,    null,    '30',   'long', '5/2', '6',  'both',   'confirmed'],
  ['gpt-5.5-pro',            null,         '30',    null,    null,    null,    '180',  'long', '5/2', '6',  'both',   'confirmed'],
  ['gpt-5.4',                null,         '2.5',   '0.25',  null,    null,    '15',   'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.4-pro',            null,         '30',    null,    null,    null,    '180',  'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.4-mini',           null,         '0.75',  '0.075', null,    null,    '4.5',  'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.4-nano',           null,         '0.20',  '0.02',  null,    null,    '1.25', 'long', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.2',                null,         '1.75',  '0.175', null,    null,    '14',   'flat', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.2-pro',            null,         '21',    null,    null,    null,    '168',  'flat', '2',   '6',  'both',   'confirmed'],
  ['gpt-5.1',                null,         '1.25',  '0.125', null,    null,    '10',   'flat', '2',   '6',  'both',   'confirmed'],
  ['gpt-5',                  null,         '1.25',  '0.125', null,    null,    '10',   'flat', '2',   '6',  'both',   'confirmed'],
  ['gpt-5-pro',              null,         '15',    null,    null,    null,    '120',  'flat', '2',   '6',  'both',   'confirmed'],
  ['gpt-5-mini',             null,         '0.25',  '0.025', null,    null,    '2',    'flat', '9/5', '6',  'genai',  'third-party'],
  ['gpt-5-nano',             null,         '0.05',  '0.005', null,    null,    '0.40', 'flat', '2',   '6',  'genai',  'third-party'],
  ['gpt-4.1',                null,         '2',     '0.50',  null,    null,    '8',    'flat', '7/4', '6',  'genai',  'third-party'],
  ['gpt-4.1-mini',           null,         '0.40',  '0.10',  null,    null,    '1.60', 'flat', '2',   '6',  'genai',  'third-party'],
  ['gpt-4o',                 null,         '2.5',   '1.25',  null,    null,    '10',   'flat', '2',   '6',  'genai',  'third-party'],
  ['gpt-4o-2024-05-13',      null,         '5',     null,    null,    null,    '15',   'flat', '2',   '6',  'genai',  'third-party'],
  ['gpt-4o-mini',            null,         '0.15',  '0.075', null,    null,    '0.60', 'flat', '5/3', '6',  'both',   'confirmed'],

  ['text-embedding-3-small', null,         '0.02',  null,    null,    null,    null,   'flat', null,  null, 'genai',  'third-party'],
  ['text-embedding-3-large', null,         '0.13',  null,    null,    null,    null,   'flat', null,  null, 'genai',  'third-party'],
  ['text-embedding-ada-002', null,         '0.10',  null,    null,    null,    null,   'flat', null,  null, 'genai',  'third-party'],

  ['omni-moderation-latest',     null,     '0',     null,    null,    null,    null,   'free', null,  null, 'openai', 'confirmed'],
  ['omni-moderation-2024-09-26', null,     '0',     null,    null,    null,    null,   'free', null,  null, 'openai', 'confirmed'],
];

/** What a reader of a line ought to know, by row id (`<model>@<effectiveFrom>`). */
export const priceNotes: Readonly<Record<string, string>> = {
  'gpt-6.2-astra@2026-11-17':
    'cached input derived from "60% cheaper than gpt-6-astra"; cache write from the 1.25 × input rule',
  'gpt-6.2-sol@2027-03-01': 'announced: ultrafast goes from 3 × to 6 × the standard price',
  'gpt-6.1-terra@2026-10-26': 'the first line whose 12-hour cache write was published: twice the 30-minute price',
  'gpt-6-sol@2026-09-22': 'third-party price pages agree with the source',
  'gpt-6-astra@2026-09-03': 'LiteLLM and third-party price pages agree with the source',
  'gpt-5.6-sol@2026-11-22':
    'the promotional price was promised through 2026-11-21 and nothing was announced since: back to the list price',
  'gpt-5.6-terra@2026-07-30': 'third-party price pages agree with the source',
  'gpt-5-mini@undated': "fast: 9/5, as on OpenAI's priority processing page",
  'gpt-5.5@undated': "fast: 5/2, as on OpenAI's priority processing page, where LiteLLM still says 2",
  'gpt-4.1@undated': "fast: 7/4, as on OpenAI's priority processing page",
  'gpt-4o-2024-05-13@undated': 'the one snapshot that costs more than its alias',
};
