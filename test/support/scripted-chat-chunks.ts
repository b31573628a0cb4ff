import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import { callIdIn, chatHead, chatUsage, finishReason } from './scripted-chat.ts';
import type { Completion } from './scripted-completion.ts';
import { obfuscation } from './scripted-noise.ts';
import type { Play } from './scripted-play.ts';
import type { Piece, WireToolCall } from './scripted-tool-calls.ts';

type Delta = ChatCompletionChunk.Choice.Delta;

/**
 * The chunks of a streamed chat completion: each piece in every choice, and a call's name before its arguments. Usage
 * comes last and only if it was asked for, with `choices: []`; the chunks before then bear `usage: null`.
 */
export async function* chatChunks(
  completion: Completion,
  { pieces, closing, thought }: Play,
): AsyncGenerator<ChatCompletionChunk | { error: object }> {
  const { isRefusal, hasText, toolCalls, request } = completion;
  const includeUsage = request.stream_options?.include_usage === true;
  let number = 0;
  const chunk = (choices: ChatCompletionChunk.Choice[]): ChatCompletionChunk => ({
    ...chatHead(completion),
    object: 'chat.completion.chunk',
    choices,
    ...(includeUsage ? { usage: null } : {}),
    ...(completion.obfuscation ? { obfuscation: obfuscation(`${completion.id}.${number++}`) } : {}),
  });
  const inEachChoice = function* (deltaOf: (index: number) => Delta, reason?: ReturnType<typeof finishReason>) {
    for (let index = 0; index < completion.choices; index += 1)
      yield chunk([{ index, delta: deltaOf(index), finish_reason: reason ?? null, logprobs: null }]);
  };

  await thought;
  yield* inEachChoice(() => ({ role: 'assistant', content: hasText ? '' : null, refusal: null }));
  let opened = 0;
  for await (const piece of pieces) {
    while (piece.kind === 'arguments' && opened <= piece.at) yield* inEachChoice(opening(toolCalls, opened++));
    yield* inEachChoice(() => pieceDelta(piece, isRefusal));
  }
  if (closing === 'none') return;
  if (closing === 'error-event') {
    yield { error: { message: 'The server had an error.', type: 'server_error', param: null, code: 'server_error' } };
    return;
  }
  while (opened < toolCalls.length) yield* inEachChoice(opening(toolCalls, opened++));
  yield* inEachChoice(() => ({}), finishReason(completion));
  if (includeUsage && completion.reportsUsage) yield { ...chunk([]), usage: chatUsage(completion) };
}

/** A content delta that no finished completion should be followed by. */
export function chatAfterthought(completion: Completion): ChatCompletionChunk {
  const delta = { content: ' An afterthought.' };
  const choices = [{ index: 0, delta, finish_reason: null, logprobs: null }];
  return { ...chatHead(completion), object: 'chat.completion.chunk', choices };
}

function opening(calls: readonly WireToolCall[], at: number): (choice: number) => Delta {
  const call = calls[at]!;
  return (choice) => ({
    tool_calls: [
      { index: at, id: callIdIn(choice, call), type: 'function', function: { name: call.name, arguments: '' } },
    ],
  });
}

function pieceDelta(piece: Piece, isRefusal: boolean): Delta {
  if (piece.kind === 'arguments') return { tool_calls: [{ index: piece.at, function: { arguments: piece.text } }] };
  return isRefusal ? { refusal: piece.text } : { content: piece.text };
}
