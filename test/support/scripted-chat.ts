import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Closing, Completion } from './scripted-completion.ts';

type ChatTier = NonNullable<ChatCompletion['service_tier']>;

/** The reply of `POST /v1/chat/completions`. */
export function chatBody(completion: Completion): ChatCompletion {
  const { isRefusal, text, finish, choices } = completion;
  return {
    ...head(completion),
    object: 'chat.completion',
    choices: Array.from({ length: choices }, (_, index) => ({
      index,
      message: { role: 'assistant', content: isRefusal ? null : text, refusal: isRefusal ? text : null },
      finish_reason: finish === 'failed' ? 'stop' : finish,
      logprobs: null,
    })),
    ...(completion.reportsUsage ? { usage: usage(completion) } : {}),
  };
}

/**
 * The chunks of a streamed chat completion. Usage comes last and only if it was asked for, with `choices: []`; the
 * chunks before then bear `usage: null`.
 */
export async function* chatChunks(
  completion: Completion,
  chunks: AsyncIterable<string>,
  closing: Closing,
): AsyncGenerator<ChatCompletionChunk | { error: object }> {
  const { isRefusal, finish, request } = completion;
  const includeUsage = request.stream_options?.include_usage === true;
  const chunk = (choices: ChatCompletionChunk.Choice[]): ChatCompletionChunk => ({
    ...head(completion),
    object: 'chat.completion.chunk',
    choices,
    ...(includeUsage ? { usage: null } : {}),
  });
  const inEachChoice = function* (
    delta: ChatCompletionChunk.Choice.Delta,
    finishReason: ChatCompletionChunk.Choice['finish_reason'] = null,
  ): Generator<ChatCompletionChunk> {
    for (let index = 0; index < completion.choices; index += 1)
      yield chunk([{ index, delta, finish_reason: finishReason, logprobs: null }]);
  };

  yield* inEachChoice({ role: 'assistant', content: '', refusal: null });
  for await (const text of chunks) yield* inEachChoice(isRefusal ? { refusal: text } : { content: text });
  if (closing === 'none') return;
  if (closing === 'error-event') {
    yield { error: { message: 'The server had an error.', type: 'server_error', param: null, code: 'server_error' } };
    return;
  }
  yield* inEachChoice({}, finish === 'failed' ? 'stop' : finish);
  if (includeUsage && completion.reportsUsage) yield { ...chunk([]), usage: usage(completion) };
}

function head({ id, createdAtSeconds, model, serviceTier }: Completion) {
  // The type lists the tiers of today; a test may serve one that the code under test has never heard of.
  const tier = serviceTier as ChatTier | null;
  return { id: `chatcmpl-${id}`, created: createdAtSeconds, model, service_tier: tier };
}

function usage({ usage: tokens }: Completion): CompletionUsage {
  return {
    prompt_tokens: tokens.inputTokens,
    completion_tokens: tokens.outputTokens,
    total_tokens: tokens.inputTokens + tokens.outputTokens,
    prompt_tokens_details: {
      audio_tokens: 0,
      cached_tokens: tokens.cachedTokens,
      cache_write_tokens: tokens.cacheWriteTokens,
    },
    completion_tokens_details: {
      audio_tokens: 0,
      reasoning_tokens: tokens.reasoningTokens,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
