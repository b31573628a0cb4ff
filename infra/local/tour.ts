import { showName } from '#edge/shown.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import type { LocalWeir } from './local-weir.ts';
import type { ReplyHead } from './prelude.ts';

/** What start-up prints: where Weir is, with which keys, and three lines to try. */
export function tour({ outputs, keys, simulated, entries, logFile }: LocalWeir): string {
  const example = entries.find((entry) => entry.name === 'summarize' && entry.spec.kind === 'endpoint');
  const body =
    example?.spec.kind === 'endpoint' ? JSON.stringify(example.spec.example).replaceAll("'", String.raw`'\''`) : '{}';
  const url = outputs.apiUrl;
  const auth = (key: string) => `-H 'Authorization: Bearer ${key}'`;
  return `
Weir is at ${url}

  caller key         ${keys.caller}
  administrator key  ${keys.administrator}
${
  simulated
    ? `
  THE UPSTREAM IS SIMULATED: no OPENAI_API_KEY is set, so answers come from simple rules on this machine,
  nothing leaves it, and nothing is billed. Costs shown are what OpenAI would charge. Replies bear
  "x-weir-upstream: simulated".
`
    : `
  The upstream is real: calls are billed.
`
}
Try it. Summarize a text, and look at the x-weir-… headers:

  curl -is ${url}/v1/summarize ${auth(keys.caller)} -H 'content-type: application/json' -d '${body}'

The same again comes from the cache, for nothing:

  curl -is ${url}/v1/summarize ${auth(keys.caller)} -H 'content-type: application/json' -d '${body}'

What it all cost:

  curl -s ${url}/v1/spend ${auth(keys.administrator)}

The API as a page, where each endpoint can be tried: ${url}/docs

Any OpenAI SDK: baseURL ${url}/openai/v1, apiKey ${keys.caller}

The API as OpenAPI: ${url}/openapi.json   Logs: ${logFile}   Ctrl-C ends it.
`;
}

/** One line a request, for the person at the terminal. */
export function replyLine(
  { method, path }: { method: string; path: string },
  { statusCode, headers }: ReplyHead,
  tookMs: number,
): string {
  const time = new Date().toTimeString().slice(0, 8);
  const cost = headers['x-weir-cost-usd'];
  const money = cost === undefined ? '' : ` $${formatUsd(parseUsd(cost))}`;
  const cache = headers['x-weir-cache'] ? ` cache ${headers['x-weir-cache']}` : '';
  return `${time}  ${method} ${showName(path.split('?')[0] ?? '')}  ${statusCode}${cache}${money}  ${tookMs} ms`;
}
