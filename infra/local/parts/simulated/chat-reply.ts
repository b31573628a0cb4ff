import {
  buildTextChunks,
  buildTextCompletion,
  buildToolCallChunks,
  buildToolCallCompletion,
  type SSEChunk,
} from '@copilotkit/aimock';
import type { Answer } from '../simulated-answers.ts';
import { WHOLE, inPieces, type StreamEvent } from './event-stream.ts';
import type { TextRequest } from './text-request.ts';

/** The reply of Chat Completions: the same answer in each choice. */
export function chatReply({ model, tier, choices }: TextRequest, made: Answer): object {
  const completion = made.call
    ? buildToolCallCompletion([made.call], model, undefined, overrides(made))
    : buildTextCompletion(made.text, model, undefined, overrides(made));
  const [choice] = completion.choices;
  const all = Array.from({ length: choices }, (_, index) => inChoice(choice!, index));
  return { ...completion, choices: all, service_tier: tier, usage: usageOf(made, choices) };
}

/** The same streamed; every chunk comes once for each choice. */
export function chatEvents(request: TextRequest, made: Answer): StreamEvent[] {
  const { model, tier, choices, wantsUsage } = request;
  const chunks = made.call
    ? buildToolCallChunks([made.call], model, WHOLE, undefined, overrides(made))
    : buildTextChunks(made.text, model, WHOLE, undefined, overrides(made));
  const common = { service_tier: tier, ...(wantsUsage && { usage: null }) };
  const said = chunks.flatMap(cutUp).flatMap(({ chunk, isPiece }) =>
    Array.from({ length: choices }, (_, index) => {
      const whole = { ...chunk, choices: [inChoice(chunk.choices[0]!, index)], ...common };
      return { text: `data: ${JSON.stringify(whole)}\n\n`, isPiece: isPiece && index === 0 };
    }),
  );
  const usage = { ...chunks[0], choices: [], ...common, usage: usageOf(made, choices) };
  const last = wantsUsage ? [{ text: `data: ${JSON.stringify(usage)}\n\n`, isPiece: false }] : [];
  return [...said, ...last, { text: 'data: [DONE]\n\n', isPiece: false }];
}

/** Text and arguments in pieces; the other chunks as they are. */
function cutUp(chunk: SSEChunk): { chunk: SSEChunk; isPiece: boolean }[] {
  const [choice] = chunk.choices;
  const { content, tool_calls: calls } = choice?.delta ?? {};
  const [call] = calls ?? [];
  const given = call?.function?.arguments;
  const withDelta = (delta: object) => ({ chunk: { ...chunk, choices: [{ ...choice!, delta }] }, isPiece: true });
  if (content) return inPieces(content).map((piece) => withDelta({ content: piece }));
  if (!given) return [{ chunk, isPiece: false }];
  return inPieces(given).map((piece) => withDelta({ tool_calls: [{ ...call, function: { arguments: piece } }] }));
}

type Choice = ReturnType<typeof buildToolCallCompletion>['choices'][number] | SSEChunk['choices'][number];

/** A choice in another place. No two choices share the id of a call. */
function inChoice<Some extends Choice>(choice: Some, index: number): Some {
  if (index === 0) return choice;
  const place = 'message' in choice ? 'message' : 'delta';
  const said = (choice as { message?: Said; delta?: Said })[place];
  if (!said?.tool_calls) return { ...choice, index };
  const calls = said.tool_calls.map((call) => ({ ...call, ...(call.id && { id: `${call.id}_${index}` }) }));
  return { ...choice, index, [place]: { ...said, tool_calls: calls } };
}

interface Said {
  tool_calls?: { id?: string }[];
}

function overrides({ isCut, call }: Answer) {
  return { finishReason: isCut ? 'length' : call ? 'tool_calls' : 'stop' };
}

function usageOf({ inputTokens, outputTokens }: Answer, choices: number) {
  const completionTokens = outputTokens * choices;
  return {
    prompt_tokens: inputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens: completionTokens,
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    total_tokens: inputTokens + completionTokens,
  };
}
