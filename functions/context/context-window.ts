/** What models can read at all, in tokens, by the beginning of their names; the longest that fits counts. */
const WINDOWS: readonly (readonly [prefix: string, tokens: number])[] = [
  ['gpt-4o', 128_000],
  ['gpt-4.1', 1_047_576],
  ['gpt-5', 400_000],
  ['gpt-5.4', 1_050_000],
  ['gpt-5.5', 1_050_000],
  ['gpt-5.6', 1_050_000],
  ['gpt-6', 1_050_000],
  ['o3', 200_000],
  ['text-embedding-3', 8_192],
];

/** For a model that is not known here: twice the largest window that OpenAI has published. */
const UNKNOWN_WINDOW_TOKENS = 2_100_000;

/**
 * The most input that a model can be billed for, whatever a request refers to: OpenAI refuses more
 * (https://platform.openai.com/docs/models). For gpt-6 the window of gpt-5.6 is assumed.
 */
export function contextWindowTokens(model: string): number {
  const fitting = WINDOWS.filter(([prefix]) => model.startsWith(prefix));
  const [, tokens] = fitting.toSorted(([a], [b]) => b.length - a.length)[0] ?? ['', UNKNOWN_WINDOW_TOKENS];
  return tokens;
}
