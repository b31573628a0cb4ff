import { reasonOf } from '../failure.ts';
import { parseProblem } from '../problem.ts';

/** API Gateway gives up after 29 s; a cold start and the way there are within this. */
const TIMEOUT_MS = 35_000;
const TEXT = 'A weir is a low wall across a river. Everything that passes is held to a level, and measured.';

/** What became of the smoke call: the lines to show, and whether it went well. */
export interface SmokeCall {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** Makes one real call as an application would, past every part of the deployment. Costs a fraction of a cent. */
export async function smokeCall(apiUrl: string, callerKey: string): Promise<SmokeCall> {
  const url = `${apiUrl}/v1/summarize`;
  let reply: Response;
  try {
    reply = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${callerKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: TEXT, sentences: 1 }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const advice = `look at: is this deployed, and is ${apiUrl} its address?`;
    return { ok: false, lines: [`POST ${url}: no answer (${reasonOf(error)})`, advice] };
  }
  const text = await reply.text().catch(() => '');
  const facts = [`POST ${url}: ${reply.status}`, ...factsOf(reply.headers)].join(', ');
  if (reply.ok) return { ok: true, lines: [facts] };
  const problem = parseProblem(text);
  const said = problem.code === undefined ? [] : [`${problem.code}: ${problem.detail ?? ''}`];
  const request = problem.requestId === undefined ? '' : ` (request id ${problem.requestId})`;
  return { ok: false, lines: [facts, ...said, `look at: ${adviceFor(reply.status, problem.code)}${request}`] };
}

function factsOf(headers: Headers): string[] {
  const named = (name: string, label: string) => {
    const value = headers.get(`x-weir-${name}`);
    return value === null ? [] : [label + value];
  };
  return [
    ...named('cost-usd', 'cost $'),
    ...named('model', 'model '),
    ...named('call-id', 'call '),
    ...named('cache', 'cache '),
    ...named('upstream', 'upstream '),
  ];
}

/** What a status most likely means just after a set-up. */
function adviceFor(status: number, code: string | undefined): string {
  if (code === 'upstream_credential') return 'the OpenAI key; is it active, and of the right project?';
  if (code === 'upstream_configuration') return "the OpenAI key's permissions: it needs to write model responses";
  if (code === 'model_not_found') return "the OpenAI project's limits: it must allow the model of this endpoint";
  if (code === 'upstream_quota') return "the OpenAI organisation's credit and spend limits";
  if (code === 'configuration' || code === 'key_unavailable') return "the secret, and the function's right to read it";
  if (status === 401) return 'the callers table: does the authorizer of this deployment read it?';
  if (status === 403)
    return 'the clock: API Gateway may need some minutes to know the usage plans of a new deployment; call again then';
  if (status === 402) return "the endpoint's monthly budget";
  if (status === 404) return 'the address of the API, with its stage';
  return "the function's log for this call";
}
