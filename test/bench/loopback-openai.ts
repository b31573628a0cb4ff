import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { serveOnLoopback, type FixedReply } from './loopback-server.ts';

export interface LoopbackOpenAi {
  /** With the `/v1`. */
  readonly url: string;
  /** The last request's body, as it came: so that the raw SDK can be made to send just the same. */
  lastBody(): string;
}

const SUMMARY =
  'The river authority measured the weir at Oberau for one year. The flow stayed within the limits of the permit on all ' +
  'but three days, which a storm in March explains. The fish ladder was used by more salmon than in any year before.';

/**
 * An upstream that answers at once, and always the same: a reply of the scripted upstream, taken once and repeated byte by
 * byte. The scripted upstream itself keeps every request and a bill, which thousands of calls need not pay for.
 */
export async function startLoopbackOpenAi(model: string): Promise<LoopbackOpenAi> {
  const fixed = await recordReply(model);
  let lastBody = '';
  const url = await serveOnLoopback(({ body }) => {
    lastBody = body;
    return fixed;
  });
  return { url: `${url}/v1`, lastBody: () => lastBody };
}

async function recordReply(model: string): Promise<FixedReply> {
  await using upstream = await startScriptedUpstream();
  upstream.otherwise(answer({ text: SUMMARY }));
  const reply = await fetch(`${upstream.baseUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: 'A report.', service_tier: 'default' }),
  });
  const perConnection = new Set(['connection', 'keep-alive', 'content-length', 'date', 'transfer-encoding']);
  const headers = Object.fromEntries([...reply.headers].filter(([name]) => !perConnection.has(name)));
  return { status: reply.status, headers, body: await reply.text() };
}
