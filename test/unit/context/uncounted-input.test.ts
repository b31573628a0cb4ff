import { expect, test } from 'vitest';
import { contextWindowTokens } from '#context/context-window.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import type { RespondRequest } from '#protocol/request.ts';
import { mapRequestTexts } from '#protocol/texts.ts';
import { toResponsesParams } from '#upstream/to-openai.ts';

const request: RespondRequest = {
  kind: 'respond',
  model: 'gpt-6-luna',
  instructions: '',
  input: [{ type: 'message', role: 'user', text: 'What is this?' }],
  maxOutputTokens: 100,
};
const withImages = (...urls: string[]): RespondRequest => ({
  ...request,
  input: [
    { type: 'message', role: 'user', text: 'What is this?', images: urls.map((url) => ({ url, detail: 'high' })) },
  ],
});

test('I8 a picture is bounded by its detail, not by the length of its address', () => {
  const plain = inputTokenBound(request);
  const dataUrl = `data:image/png;base64,${'A'.repeat(400_000)}`;
  expect(inputTokenBound(withImages('https://example.com/a.png'))).toBe(plain + 3_000);
  expect(inputTokenBound(withImages('https://example.com/a.png', dataUrl))).toBe(plain + 6_000);
});

test('I8 what continues a stored answer is bounded by the context window of its model, whatever else it says', () => {
  const continued = { ...request, previousResponseId: 'resp_1' };
  expect(inputTokenBound(continued)).toBe(contextWindowTokens('gpt-6-luna'));
  expect(contextWindowTokens('gpt-5-mini-2025-08-07')).toBe(400_000);
  expect(contextWindowTokens('gpt-5.6-luna')).toBe(1_050_000);
  expect(contextWindowTokens('a-model-of-tomorrow')).toBeGreaterThan(1_050_000);
});

test('pictures and stored answers are sent as OpenAI takes them, with the detail that was bounded', () => {
  const params = toResponsesParams({ ...withImages('https://example.com/a.png'), previousResponseId: 'resp_1' }, 'ada');
  expect(params.previous_response_id).toBe('resp_1');
  expect(params.input).toEqual([
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is this?' },
        { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'high' },
      ],
    },
  ]);
});

test('the walk over texts sees the address of a picture too', () => {
  const seen: string[] = [];
  const changed = mapRequestTexts(withImages('https://example.com/a.png?key=1'), (text, place) => {
    seen.push(place);
    return text.replace('key=1', 'key=…');
  });
  expect(seen).toContain('input.0.images.0');
  expect(JSON.stringify(changed)).toContain('key=…');
});
