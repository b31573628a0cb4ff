import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndpointTerms } from '#call/call.ts';
import { boundOf, cutTo, priceAnswer } from '#call/price-attempt.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import { mintCallId } from '#platform/call-id.ts';
import { ConfigurationError } from '#platform/errors.ts';
import type { CallEvent } from '#protocol/events.ts';
import type { EmbedRequest, ModelRequest, RespondRequest } from '#protocol/request.ts';
import { noUsage } from '#protocol/usage.ts';
import { anyUsage } from '#test/support/pricing.ts';

const NOON = mintCallId(Date.UTC(2026, 10, 22, 12));
const BOUND_PICO = 123_456n;

const respond: RespondRequest = {
  kind: 'respond',
  model: 'gpt-6-luna',
  instructions: 'Be brief.', // 9 bytes
  input: [{ type: 'message', role: 'user', text: 'Hello.' }], // 6 bytes
  maxOutputTokens: 100,
};
const embed: EmbedRequest = { kind: 'embed', model: 'text-embedding-3-small', texts: ['weir', 'lock'] };
const said: CallEvent[] = [
  { type: 'text', text: 'Hello to you.' },
  { type: 'finish', reason: 'stop' },
];

const terms: EndpointTerms = {
  name: 'summarize',
  version: 1,
  budget: { limitsPico: {}, shards: 1 },
  idleTimeoutMs: 1,
  redact: 'off',
  redactsOutput: false,
};
const boundPico = (request: ModelRequest, id = NOON) => boundOf(request, { id, terms }).pico;

test('a bound is all input at the dearest input price and all output that is allowed', () => {
  // 9 + 6 bytes, two messages and the priming at 3 each, at $0.125 a million; 100 tokens at $0.50.
  expect(boundPico(respond)).toBe(24n * 125_000n + 100n * 500_000n);
  // 8 bytes and one a text, at $0.02; an embedding puts out no tokens.
  expect(boundPico(embed)).toBe(10n * 20_000n);
});

test('L2 where an endpoint lets its output be cut, its least bound is that of the least output', () => {
  const bound = boundOf(respond, { id: NOON, terms: { ...terms, leastOutputTokens: 40 } });
  expect(bound.leastPico).toBe(24n * 125_000n + 40n * 500_000n);
  // A caller who wants less than that anyway is not given more.
  const brief = boundOf({ ...respond, maxOutputTokens: 30 }, { id: NOON, terms: { ...terms, leastOutputTokens: 40 } });
  expect(brief.leastPico).toBe(brief.pico);
  // Without the endpoint's leave, and where there is no output, nothing can be cut.
  for (const request of [respond, embed]) {
    const whole = boundOf(request, { id: NOON, terms });
    expect(whole.leastPico).toBe(whole.pico);
  }
});

test('L2 a request is cut to what was covered: as much output as that buys, and not a token more', () => {
  const cutting = { id: NOON, terms: { ...terms, leastOutputTokens: 10 } };
  const bound = boundOf(respond, cutting);
  expect(cutTo(bound.pico, bound, respond, NOON)).toBe(respond);
  expect(cutTo(1n, boundOf(embed, cutting), embed, NOON)).toBe(embed);
  fc.assert(
    fc.property(fc.bigInt({ min: bound.leastPico, max: bound.pico }), (coveredPico) => {
      const { maxOutputTokens } = cutTo(coveredPico, bound, respond, NOON) as RespondRequest;
      expect(maxOutputTokens).toBeGreaterThanOrEqual(10);
      expect(boundPico({ ...respond, maxOutputTokens })).toBeLessThanOrEqual(coveredPico);
      expect(boundPico({ ...respond, maxOutputTokens: maxOutputTokens + 1 })).toBeGreaterThan(coveredPico);
    }),
    { seed: 20_261_122 },
  );
});

test('a call is priced at its own time: the moment at which its id was minted', () => {
  const luna56 = { ...respond, model: 'gpt-5.6-luna' };
  const [before, after] = [Date.UTC(2026, 6, 29, 23, 59, 59, 999), Date.UTC(2026, 6, 30)].map(mintCallId) as [
    string,
    string,
  ];
  expect(boundPico(luna56, before)).toBe(24n * 1_250_000n + 100n * 6_000_000n);
  expect(boundPico(luna56, after)).toBe(24n * 250_000n + 100n * 1_200_000n);
  const served = { model: 'gpt-5.6-luna', usage: { ...noUsage, inputTokens: 10 } };
  expect(priceAnswer(luna56, { served, events: said }, BOUND_PICO, before).costPico).toBe(10_000_000n);
  expect(priceAnswer(luna56, { served, events: said }, BOUND_PICO, after).costPico).toBe(2_000_000n);
});

test('L9 a model without a price, or not yet, is refused and never free', () => {
  expect(() => boundPico({ ...respond, model: 'gpt-7' })).toThrow(ConfigurationError);
  expect(() => boundPico({ ...respond, model: 'gpt-7' })).toThrow('no price for model "gpt-7"');
  expect(() => boundPico(respond, mintCallId(Date.UTC(2026, 8, 21)))).toThrow(ConfigurationError);
});

test('L10 an answer is priced by its usage, at the model and tier that served it', () => {
  const usage = { ...noUsage, inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 10, reasoningTokens: 5 };
  const served = { model: 'gpt-6-luna', serviceTier: 'flex', usage };
  expect(priceAnswer(respond, { served, events: said }, BOUND_PICO, NOON)).toEqual({
    // (600 × 100,000 + 400 × 10,000 + 10 × 500,000) ÷ 2
    costPico: 34_500_000n,
    basis: 'exact',
    priceRow: 'gpt-6-luna@2026-09-22',
    usage,
  });
});

test('L8 an answer without usage is priced by our own count of what was sent and said, and says so', () => {
  const price = priceAnswer(
    respond,
    { served: { model: 'gpt-6-luna', usage: undefined }, events: said },
    100n * BOUND_PICO,
    NOON,
  );
  // Words and dots: "Be brief." are 3, "Hello." 2, "Hello to you." 4.
  expect(price).toEqual({
    costPico: 5n * 100_000n + 4n * 500_000n,
    basis: 'estimated',
    priceRow: 'gpt-6-luna@2026-09-22',
    usage: { ...noUsage, inputTokens: 5, outputTokens: 4 },
  });
});

test('L8 what the model refused with, and what it put into a tool call, is output too', () => {
  const output = (event: CallEvent) =>
    priceAnswer(respond, { served: { model: 'gpt-6-luna', usage: undefined }, events: [event] }, BOUND_PICO, NOON).usage
      ?.outputTokens;
  expect(output({ type: 'refusal', text: 'abcdabcd' })).toBe(2);
  expect(output({ type: 'tool-call', callId: 'c', name: 'look', arguments: 'abcdabcd' })).toBeGreaterThanOrEqual(2);
});

test.each([
  ['a model', { model: 'gpt-7' }],
  ['a tier', { model: 'gpt-6-luna', serviceTier: 'scale' }],
])('L9 an answer served by %s without a price counts at its bound, as unknown, and keeps its usage', (_, served) => {
  const usage = { ...noUsage, inputTokens: 10, outputTokens: 1 };
  expect(priceAnswer(respond, { served: { ...served, usage }, events: said }, BOUND_PICO, NOON)).toEqual({
    costPico: BOUND_PICO,
    basis: 'unknown',
    usage,
  });
});

test('no usage within the request’s limits costs more than its bound', () => {
  const anyRequest = fc
    .tuple(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.nat(5_000),
      fc.constantFrom('gpt-6-luna', 'gpt-5.6-luna', 'gpt-6.1-sol'),
    )
    .map(([instructions, text, maxOutputTokens, model]): RespondRequest => {
      return {
        kind: 'respond',
        model,
        instructions,
        input: [{ type: 'message', role: 'user', text }],
        maxOutputTokens,
      };
    });
  const anyCase = anyRequest.chain((request) =>
    fc.tuple(fc.constant(request), anyUsage(inputTokenBound(request), request.maxOutputTokens)),
  );
  fc.assert(
    fc.property(anyCase, ([request, usage]) => {
      const mostPico = boundPico(request);
      // Nobody asks for 12-hour cache writes, so nobody is billed for them.
      const asked = {
        ...usage,
        cacheWrite30mTokens: usage.cacheWrite30mTokens + usage.cacheWrite12hTokens,
        cacheWrite12hTokens: 0,
      };
      const { costPico, basis } = priceAnswer(
        request,
        { served: { model: request.model, serviceTier: 'default', usage: asked }, events: said },
        mostPico,
        NOON,
      );
      expect(basis).toBe('exact');
      expect(costPico).toBeLessThanOrEqual(mostPico);
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});
