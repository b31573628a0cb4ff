import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPassRequest } from '#edge/openai/read-pass-request.ts';
import { InvalidRequest, WeirError } from '#platform/errors.ts';
import type { PassApi } from '#protocol/request.ts';
import { LEAST_BODY, readPass, refusalOf } from '#test/support/pass-reading.ts';
import { testKey } from '#test/support/test-key.ts';

const SEED = 20_261_122;
const APIS: readonly PassApi[] = ['chat/completions', 'responses', 'embeddings', 'moderations'];
const WRITING = ['chat/completions', 'responses'] as const;
const options = {
  limits: { timeoutMs: 1, maxOutputTokens: 4_000 },
  policy: undefined,
  nowMs: Date.parse('2026-11-22'),
};

describe.each(APIS)('%s', (api) => {
  test('members that nobody knows pass as they are, and the input is left as it was', () => {
    const name = fc.string({ minLength: 1, maxLength: 12 }).map((text) => `x_${text}`);
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue(), { maxKeys: 5 }), (unknown) => {
        const input = { ...LEAST_BODY[api], ...unknown };
        const before = structuredClone(input);
        const request = readPassRequest(api, input, options);
        expect(request.body).toMatchObject(unknown);
        expect(input).toEqual(before);
        expect(request.body).not.toBe(input);
      }),
      { seed: SEED },
    );
  });

  test('whatever comes in, it is read or refused in words, and never breaks', () => {
    const known = ['input', 'messages', 'model', 'n', 'stream', 'tools', 'store', 'stream_options', 'service_tier'];
    const member = fc.oneof(fc.jsonValue(), fc.array(fc.record({ type: fc.constantFrom('image_url', 'file', 'mcp') })));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...known), member)), (input) => {
        try {
          readPassRequest(api, input, options);
        } catch (error) {
          expect(error).toBeInstanceOf(WeirError);
          expect((error as WeirError).status).toBe(400);
          expect((error as WeirError).message).not.toMatch(/undefined|\[object/);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('what is no object is refused', () => {
    for (const input of [[], 'text', null, 7, undefined]) {
      expect(() => readPassRequest(api, input, options)).toThrow(/^body must be an object, but .+ was provided$/);
    }
  });

  test('I1 where a request goes, and as whom, is not its caller’s choice', () => {
    const names = ['base_url', 'baseURL', 'api_base', 'api_key', 'apiKey', 'api-key', 'organization', 'api_version'];
    for (const name of [...names, 'extra_headers', 'extra_body', 'project']) {
      const { status, message } = refusalOf(api, { [name]: 'https://elsewhere.example' });
      expect([status, message.startsWith(`${name} is not allowed: `)]).toEqual([400, true]);
    }
  });

  test('a model without a price is refused, never free (L9)', () => {
    expect(refusalOf(api, { model: 'gpt-99' })).toMatchObject({
      status: 400,
      code: 'model_not_priced',
      message: "model 'gpt-99' has no price, so its calls could not be paid for",
    });
  });

  test('a model that the caller may not use is refused with those that it may', () => {
    const policy = { models: ['gpt-6.1-sol', 'gpt-6-sol'] };
    expect(refusalOf(api, {}, policy)).toMatchObject({
      status: 403,
      code: 'model_not_allowed',
      message: `model '${String(LEAST_BODY[api]['model'])}' is not allowed to this caller; allowed are gpt-6.1-sol, gpt-6-sol`,
    });
    expect(readPass(api, {}, { models: [String(LEAST_BODY[api]['model'])] }).model).toBe(LEAST_BODY[api]['model']);
    expect(refusalOf(api, {}, { models: [] }).message).toContain('allowed are none');
  });

  test('a key in the place of a model is not told back', () => {
    const key = testKey('model');
    expect(refusalOf(api, { model: key }).message).not.toContain(key.slice(0, 12));
    expect(refusalOf(api, { model: key }, { models: ['m'] }).message).not.toContain(key.slice(0, 12));
  });

  test('a model that is no text is refused with what was given', () => {
    expect(refusalOf(api, { model: 5 }).message).toBe('model must be a text, but 5 was provided');
  });
});

describe.each(WRITING)('%s', (api) => {
  const name = api === 'responses' ? 'max_output_tokens' : 'max_completion_tokens';

  test('I6 an output limit beyond the endpoint’s is refused before anything is spent', () => {
    const least = api === 'responses' ? 16 : 1;
    for (const tokens of [1e9, 16_001, least - 1, -1]) {
      expect(refusalOf(api, { [name]: tokens }).message).toBe(
        `${name} must be from ${least} to 16,000, but ${tokens} was provided`,
      );
    }
    for (const given of [1.5, '100', true, [1]]) {
      expect(refusalOf(api, { [name]: given }).message).toContain(`${name} must be a whole number from `);
    }
    expect(readPass(api, { [name]: 16_000 }).maxOutputTokens).toBe(16_000);
    expect(readPass(api, { [name]: least }).maxOutputTokens).toBe(least);
  });

  test('I8 where the caller names no output limit the endpoint’s is sent', () => {
    for (const given of [undefined, null]) {
      expect(readPass(api, { [name]: given })).toMatchObject({ maxOutputTokens: 4_000, outputLimitName: name });
    }
  });

  test('model and output limit are put in when the request is sent, and stand nowhere else', () => {
    const { body, ...request } = readPass(api, { [name]: 100 });
    expect([request.model, request.maxOutputTokens, request.outputLimitName]).toEqual(['gpt-6-luna', 100, name]);
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['model']));
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining([name]));
  });

  test('the default of the caller’s policy stands in for a model that is not named', () => {
    for (const model of [undefined, null]) {
      expect(readPass(api, { model }, { defaultModel: 'gpt-6.1-terra' }).model).toBe('gpt-6.1-terra');
      expect(refusalOf(api, { model }).message).toBe('model is required (a text)');
    }
    expect(refusalOf(api, { model: undefined }, { defaultModel: 'gpt-6-luna', models: ['gpt-6-sol'] }).status).toBe(
      403,
    );
  });

  test('a model that writes nothing is refused, for its output has no price', () => {
    expect(refusalOf(api, { model: 'text-embedding-3-small' }).message).toBe(
      'model cannot be used here: text-embedding-3-small has no price for output tokens',
    );
  });

  test('OpenAI keeps nothing, unless caller and policy want it', () => {
    for (const store of [undefined, null, false]) expect(readPass(api, { store }).body['store']).toBe(false);
    expect(readPass(api, { store: true }, { mayStore: true }).body['store']).toBe(true);
    expect(readPass(api, {}, { mayStore: true }).body['store']).toBe(false);
    for (const policy of [undefined, {}, { mayStore: false }]) {
      expect(refusalOf(api, { store: true }, policy).message).toBe(
        "store must be false: this caller's policy does not let OpenAI keep its answers",
      );
    }
    expect(refusalOf(api, { store: 'yes' }).message).toBe("store must be true or false, but 'yes' was provided");
  });

  test('the tier is always named, and only one that can be paid for', () => {
    for (const tier of [undefined, null]) {
      const request = readPass(api, { service_tier: tier });
      expect([request.serviceTier, request.body['service_tier']]).toEqual(['default', 'default']);
    }
    for (const tier of ['auto', 'default', 'flex', 'priority', 'fast', 'ultrafast']) {
      const request = readPass(api, { service_tier: tier });
      expect([request.serviceTier, request.body['service_tier']]).toEqual([tier, tier]);
    }
    expect(refusalOf(api, { service_tier: 'scale' }).message).toMatch(/^service_tier cannot be paid for: .+capacity/);
    expect(refusalOf(api, { service_tier: 'warp' }).message).toMatch(/^service_tier must be one of auto, .+'warp' was/);
  });

  test('a stream is one only where it is asked for', () => {
    expect(readPass(api, { stream: true }).isStream).toBe(true);
    for (const stream of [undefined, null, false]) expect(readPass(api, { stream }).isStream).toBe(false);
    expect(refusalOf(api, { stream: 'true' }).message).toBe("stream must be true or false, but 'true' was provided");
  });

  test.each([
    ['background', true, 'must be false: the cost of work'],
    ['web_search_options', {}, 'is not allowed: what a search costs'],
    ['prompt', { id: 'pmpt_1' }, 'is not allowed: the tools and the model of a stored prompt'],
    ['context_management', [{ type: 'compaction' }], 'is not allowed: how often'],
    ['audio', { voice: 'alloy' }, 'is not allowed: sound has no price'],
    ['modalities', ['text', 'audio'], 'must be text only: sound has no price'],
  ])('I8 %s is refused: nothing here bounds its cost', (member, value, reason) => {
    const refusal = refusalOf(api, { [member]: value });
    expect(refusal.message.startsWith(`${member} ${reason}`)).toBe(true);
    expect(refusal.details['errors']).toMatchObject([{ field: member }]);
  });

  test('what switches those off passes', () => {
    const off = { background: false, prompt: null, context_management: [], audio: null, modalities: ['text'] };
    expect(readPass(api, off).body).toMatchObject(off);
    expect(readPass(api, { reasoning: { effort: 'low', mode: 'standard' } }).body).toMatchObject({
      reasoning: { effort: 'low', mode: 'standard' },
    });
  });

  test('a mode of thinking, or a moderator, that the price book does not know is refused', () => {
    expect(refusalOf(api, { reasoning: { mode: 'pro' } }).message).toContain("what 'pro' costs is not known");
    expect(refusalOf(api, { moderation: { model: 'gpt-99' } }).message).toContain("'gpt-99' is not");
    const moderation = { model: 'omni-moderation-latest' };
    expect(readPass(api, { moderation }).body).toMatchObject({ moderation });
  });

  test('who the end user is passes, within OpenAI’s own length', () => {
    expect(readPass(api, { safety_identifier: 'a'.repeat(128) }).body['safety_identifier']).toHaveLength(128);
    expect(readPass(api).body).not.toHaveProperty('safety_identifier');
    expect(() => readPass(api, { safety_identifier: 'a'.repeat(129) })).toThrow(InvalidRequest);
    expect(() => readPass(api, { safety_identifier: 5 })).toThrow(InvalidRequest);
  });

  test('I8 the longest life that anything asks of the prompt cache is known', () => {
    const part = (ttl: unknown) => ({ type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit', ttl } });
    const holder = api === 'responses' ? 'input' : 'messages';
    const content = (ttl: unknown) => ({ [holder]: [{ role: 'user', content: [part('30m'), part(ttl)] }] });
    expect(readPass(api).promptCacheTtl).toBe('30m');
    expect(readPass(api, { prompt_cache_options: { mode: 'explicit' } }).promptCacheTtl).toBe('30m');
    expect(readPass(api, { prompt_cache_options: { ttl: '12h' } }).promptCacheTtl).toBe('12h');
    expect(readPass(api, content('12h')).promptCacheTtl).toBe('12h');
    expect(readPass(api, { ...content('30m'), prompt_cache_options: { ttl: '30m' } }).promptCacheTtl).toBe('30m');
    expect(refusalOf(api, { prompt_cache_options: { ttl: '7d' } }).message).toBe(
      "prompt_cache_options.ttl must be one of 30m, 12h, but '7d' was provided",
    );
    expect(refusalOf(api, content('7d')).message).toContain(
      `${holder}.0.content.1.prompt_cache_breakpoint.ttl must be one of 30m, 12h`,
    );
    expect(refusalOf(api, { prompt_cache_retention: '1y' }).message).toContain('must be one of in_memory, 24h');
    expect(readPass(api, { prompt_cache_retention: '24h' })).toMatchObject({ promptCacheTtl: '30m' });
  });

  test('a number that JavaScript would round is read as what it is, and sent as it was written', () => {
    const raw = (text: string) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
    expect(refusalOf(api, { [name]: raw('12345678901234567890') }).message).toContain(
      'to 16,000, but 12345678901234567000 was provided',
    );
    expect(readPass(api, { [name]: raw('100.00000000000000') }).maxOutputTokens).toBe(100);
    expect(JSON.stringify(readPass(api, { seed: raw('12345678901234567890') }).body)).toContain(
      '"seed":12345678901234567890',
    );
  });
});
