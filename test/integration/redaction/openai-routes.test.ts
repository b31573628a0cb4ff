import { expect, test } from 'vitest';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { storedTexts } from '#test/support/stored-texts.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const ADA = 'ada@example.com';
/** A value that JSON has to escape, wherever it is put back. */
const QUOTED = '"o\'hara\\"@example.com';
const MODEL = 'gpt-6-luna';

const ROUTES = [
  {
    name: 'openai/chat-completions',
    bodyOf: (text: string) => ({ model: MODEL, messages: [{ role: 'user', content: text }] }),
  },
  { name: 'openai/responses', bodyOf: (text: string) => ({ model: MODEL, input: text }) },
] as const;

/** What the caller said, as the model was sent it. */
function saidIn(body: Readonly<Record<string, unknown>>): string {
  const messages = body['messages'] as { content: string }[] | undefined;
  return messages ? messages.at(-1)!.content : (body['input'] as string);
}

async function start() {
  const upstream = await startScriptedUpstream({ prices: tieredPrices });
  upstream.otherwise(choose(({ body }) => answer({ text: `You said: ${saidIn(body)}` })));
  const weir = await startWeir({ baseUrl: upstream.baseUrl });
  const stop = async () => {
    await weir[Symbol.asyncDispose]();
    await upstream.stop();
  };
  return { upstream, weir, [Symbol.asyncDispose]: stop };
}

/** The parts that are read of replies and events of either API. */
interface Told {
  readonly type?: string;
  readonly choices?: readonly {
    readonly message?: { readonly content: string };
    readonly delta?: { readonly content?: string };
  }[];
  readonly output?: readonly { readonly content: readonly { readonly text: string }[] }[];
  readonly delta?: string;
  readonly response?: Told;
}

function wholeText({ choices, output }: Told): string {
  return choices ? choices[0]!.message!.content : output!.at(-1)!.content[0]!.text;
}

/** The text of a plain reply, or of a stream's pieces put together. */
function textOf(raw: string): string {
  if (raw.startsWith('{')) return wholeText(JSON.parse(raw) as Told);
  const lines = raw.split('\n').filter((line) => line.startsWith('data: {'));
  const events = lines.map((line) => JSON.parse(line.slice(6)) as Told);
  const done = events.find(({ type }) => type === 'response.completed');
  if (!done) return events.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');
  const pieces = events.flatMap(({ type, delta }) => (type === 'response.output_text.delta' ? delta! : []));
  expect(pieces.join('')).toBe(wholeText(done.response!));
  return pieces.join('');
}

const CASES = [false, true].flatMap((stream) => ROUTES.map((route) => Object.assign({ stream }, route)));

test.each(CASES)(
  'D11 $name, stream $stream: reversible for a caller whose policy says so',
  async ({ name, bodyOf, stream }) => {
    await using here = await start();
    const policy = { redact: 'reversible', cacheSeconds: 3_600 } as const;
    const text = `write to ${ADA}, ${QUOTED} and ${ADA}`;
    for (const cache of ['miss', 'hit']) {
      const body = { ...bodyOf(text), stream };
      const reply = stream
        ? await here.weir.stream(name, body, { policy })
        : await here.weir.post(name, body, { policy });
      const raw = 'raw' in reply ? reply.raw : await reply.text();
      expect([cache, textOf(raw)]).toEqual([cache, `You said: ${text}`]);
    }
    expect(here.upstream.requests).toHaveLength(1);
    expect(saidIn(here.upstream.requests[0]!.body)).toMatch(/^write to \[EMAIL_1\], .* and \[EMAIL_1\]$/);
    const stored = (await storedTexts(here.weir)).join('\n') + here.weir.lines.join('\n');
    expect(stored).not.toContain(ADA);
  },
);

test.each(CASES)('$name, stream $stream: mask and block', async ({ name, bodyOf, stream }) => {
  await using here = await start();
  const body = { ...bodyOf(`write to ${ADA}`), stream };
  const ask = async (redact: RedactPolicy) => {
    const reply = stream
      ? await here.weir.stream(name, body, { policy: { redact } })
      : await here.weir.post(name, body, { policy: { redact } });
    return { status: reply.status, raw: 'raw' in reply ? reply.raw : await reply.text() };
  };
  const masked = await ask('mask');
  expect([masked.status, textOf(masked.raw)]).toEqual([200, 'You said: write to [EMAIL]']);
  const blocked = await ask('block');
  expect([blocked.status, blocked.raw.includes('input_blocked'), blocked.raw.includes(ADA)]).toEqual([
    422,
    true,
    false,
  ]);
  expect(here.upstream.requests).toHaveLength(1);
});

test.each(CASES)(
  '$name, stream $stream: off, and a request in which nothing is found, pass byte for byte',
  async ({ name, bodyOf, stream }) => {
    await using here = await start();
    const body = { ...bodyOf('a walk along the river'), stream };
    const replies = [];
    for (const redact of ['off', 'reversible'] as const) {
      const reply = stream
        ? await here.weir.stream(name, body, { policy: { redact } })
        : await here.weir.post(name, body, { policy: { redact } });
      replies.push('raw' in reply ? reply.raw : await reply.text());
    }
    const plain = replies.map((raw) =>
      raw.replaceAll(/"(id|created|created_at|completed_at)":\s*("[^"]*"|\d+)|msg_\w+|resp_\w+|: weir.*/g, ''),
    );
    expect(plain[1]).toBe(plain[0]);
  },
);

test('a structured answer can be parsed, whatever the originals are', async () => {
  await using here = await start();
  here.upstream.otherwise(choose(({ body }) => answer({ text: JSON.stringify({ said: saidIn(body) }) })));
  const format = { type: 'json_schema', json_schema: { name: 'said', schema: { type: 'object' } } };
  const body = { ...ROUTES[0].bodyOf(`from ${QUOTED}`), response_format: format };
  const reply = await here.weir.post('openai/chat-completions', body, { policy: { redact: 'reversible' } });
  expect(JSON.parse(textOf(reply.raw))).toEqual({ said: `from ${QUOTED}` });
});

test('embeddings: reversible is a mask, so equal texts stay equal', async () => {
  await using here = await start();
  here.upstream.otherwise(answer());
  const input = [`mail ${ADA}`, 'mail bob@example.org'];
  const reply = await here.weir.post(
    'openai/embeddings',
    { model: 'text-embedding-3-small', input },
    { policy: { redact: 'reversible' } },
  );
  expect([reply.status, here.upstream.requests[0]!.body.input]).toEqual([200, expect.any(Array)]);
  expect(JSON.stringify(here.upstream.requests[0]!.body)).not.toContain('@');
});
