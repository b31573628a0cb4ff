import type { ChatCompletion, ChatCompletionMessageFunctionToolCall } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Completion } from './scripted-completion.ts';
import type { WireToolCall } from './scripted-tool-calls.ts';

type ChatTier = NonNullable<ChatCompletion['service_tier']>;

/** The reply of `POST /v1/chat/completions`. */
export function chatBody(completion: Completion): ChatCompletion {
  return {
    ...chatHead(completion),
    object: 'chat.completion',
    choices: Array.from({ length: completion.choices }, (_, index) => ({
      index,
      message: message(completion, index),
      finish_reason: finishReason(completion),
      logprobs: null,
    })),
    ...(completion.reportsUsage ? { usage: chatUsage(completion) } : {}),
  };
}

/** What a completion's reply and each of its chunks begin with. */
export function chatHead({ id, createdAtSeconds, model, serviceTier }: Completion) {
  // The type lists the tiers of today; a test may serve one that the code under test has never heard of.
  const tier = serviceTier as ChatTier | null;
  return { id: `chatcmpl-${id}`, created: createdAtSeconds, model, service_tier: tier };
}

/** Calls are an answer of their own kind, unless something went wrong. */
export function finishReason({ finish, toolCalls }: Completion): ChatCompletion.Choice['finish_reason'] {
  if (finish === 'length' || finish === 'content_filter') return finish;
  return toolCalls.length > 0 ? 'tool_calls' : 'stop';
}

/** The id of a call in a choice: no two choices share one. */
export function callIdIn(choice: number, { callId }: WireToolCall): string {
  return choice === 0 ? callId : `${callId}_${choice}`;
}

/** The usage of a completion, as Chat Completions tells it. */
export function chatUsage({ usage: tokens }: Completion): CompletionUsage {
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

function message(completion: Completion, choice: number): ChatCompletion['choices'][number]['message'] {
  const { isRefusal, hasText, text, toolCalls } = completion;
  const calls = toolCalls.map((call): ChatCompletionMessageFunctionToolCall => {
    const { name, arguments: given } = call;
    return { id: callIdIn(choice, call), type: 'function', function: { name, arguments: given } };
  });
  return {
    role: 'assistant',
    content: isRefusal || !hasText ? null : text,
    refusal: isRefusal ? text : null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}
