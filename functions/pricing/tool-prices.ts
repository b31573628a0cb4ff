import { parseUsd } from '#platform/money.ts';
import type { PicoUsd } from '#platform/money.ts';

/** How often a request calls, or may at most call, OpenAI's own tools that are billed by the call. */
export interface ToolCalls {
  readonly webSearch?: number;
  readonly fileSearch?: number;
}

/** $10 for 1,000 calls, at any tier and in any region. Source: https://developers.openai.com/api/docs/pricing */
const webSearchPicoUsd = parseUsd('0.01');
/** $2.50 for 1,000 calls, at any tier and in any region. Same source. */
const fileSearchPicoUsd = parseUsd('0.0025');

export function toolCost({ webSearch = 0, fileSearch = 0 }: ToolCalls): PicoUsd {
  return BigInt(webSearch) * webSearchPicoUsd + BigInt(fileSearch) * fileSearchPicoUsd;
}
