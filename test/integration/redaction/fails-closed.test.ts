import { beforeEach, expect, test, vi } from 'vitest';
import type { Redactor } from '#redaction/redactor.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { storedTexts } from '#test/support/stored-texts.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** Which texts the redactor chokes on: a fault that no text is known to cause. */
const { chokes } = vi.hoisted(() => ({ chokes: { on: (_text: string): boolean => false } }));
const RAW = 'the raw text of ada@example.com';

vi.mock('#redaction/redactor.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('#redaction/redactor.ts')>();
  const createRedactor = (...set: Parameters<typeof original.createRedactor>): Redactor => {
    const real = original.createRedactor(...set);
    return {
      redact(text) {
        if (chokes.on(text)) throw new Error(`choked on ${text}`);
        return real.redact(text);
      },
    };
  };
  return { ...original, createRedactor };
});

beforeEach(() => void (chokes.on = () => false));

test.each(['reversible', 'mask', 'block'] as const)(
  'D8 %s: a redactor that throws fails the request: 500, nothing is sent, and the raw text is nowhere',
  async (redact) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    chokes.on = (text) => text.includes(RAW);
    const environment = serving(weir, { haiku: haiku({ redact }) });
    const reply = await environment.post('haiku', { topic: RAW });
    expect([reply.status, reply.body['code'], upstream.requests]).toEqual([500, 'internal', []]);
    expect(reply.raw + weir.lines.join('\n') + (await storedTexts(weir)).join('\n')).not.toContain(RAW);
    expect(weir.logged('an unplanned error')).toHaveLength(1);
  },
);

test('D8 a redactor that throws on everything: log lines are dropped, an error is a plain 500 that quotes nobody', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ text: 'Rain.' }));
  chokes.on = () => true;
  const environment = serving(weir, { haiku: haiku() });
  const wrong = await environment.post('haiku', { topic: '', [RAW]: 1 });
  expect([wrong.status, wrong.body['code']]).toEqual([500, 'internal']);
  expect(wrong.raw).not.toContain(RAW);
  // What needs no masking goes on.
  expect((await environment.post('haiku', { topic: RAW })).body).toEqual({ haiku: 'Rain.' });
  const written = weir.lines.join('\n');
  expect(written).toContain('a log line was dropped: it could not be redacted');
  expect(written).not.toContain(RAW);
});

test('D8 in the OpenAI-compatible routes too', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  chokes.on = () => true;
  const reply = await weir.post('openai/chat-completions', { model: RAW, messages: [] });
  expect([reply.status, (reply.body['error'] as { code: string }).code]).toEqual([500, 'internal']);
  expect(reply.raw).not.toContain(RAW);
});
