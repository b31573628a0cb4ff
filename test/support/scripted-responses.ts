import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseUsage,
  ServiceTier,
} from 'openai/resources/responses/responses';
import type { Completion, Finish } from './scripted-completion.ts';
import type { WireToolCall } from './scripted-tool-calls.ts';

/** What is on the wire: `output_text` is added by the SDK. */
export type WireResponse = Omit<Response, 'output_text'>;

/** The reply of `POST /v1/responses`. */
export function responseBody(completion: Completion): WireResponse {
  const status = finalStatus[completion.finish];
  const reason = incompleteReason(completion.finish);
  return {
    ...emptyResponse(completion),
    status,
    completed_at: status === 'completed' ? completion.createdAtSeconds : null,
    error: status === 'failed' ? { code: 'server_error', message: 'The model failed to generate a response.' } : null,
    incomplete_details: reason ? { reason } : null,
    output: status === 'failed' ? [] : output(completion, status),
    ...(completion.reportsUsage ? { usage: usage(completion) } : {}),
  };
}

/** The status of a response at its end. */
export const finalStatus = {
  stop: 'completed',
  length: 'incomplete',
  content_filter: 'incomplete',
  failed: 'failed',
} as const satisfies Record<Finish, string>;

/** A response as it stands when it was created: what was asked, and no output yet. */
export function emptyResponse({ id, createdAtSeconds, request, model, serviceTier }: Completion): WireResponse {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: createdAtSeconds,
    access_programs: null,
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: typeof request['max_output_tokens'] === 'number' ? request['max_output_tokens'] : null,
    metadata: {},
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    // The type lists the tiers of today; a test may serve one that the code under test has never heard of.
    service_tier: serviceTier as ServiceTier,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
  };
}

/** The message of a response, which stands first in its output. */
export function message(
  { id }: Completion,
  status: ResponseOutputMessage['status'],
  content: ResponseOutputMessage['content'],
): ResponseOutputMessage {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', status, content };
}

/** The one part of a message. */
export function part({ isRefusal, text }: Completion): ResponseOutputText | ResponseOutputRefusal {
  return isRefusal ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** A call, which follows the message, if there is one. */
export function functionCall(
  { callId, name, arguments: given }: WireToolCall,
  status: ResponseOutputMessage['status'],
): ResponseFunctionToolCall & { readonly id: string } {
  return { id: `fc_${callId}`, type: 'function_call', status, call_id: callId, name, arguments: given };
}

function output(completion: Completion, status: 'completed' | 'incomplete'): WireResponse['output'] {
  const calls = completion.toolCalls.map((call) => functionCall(call, status));
  return completion.hasText ? [message(completion, status, [part(completion)]), ...calls] : calls;
}

function incompleteReason(finish: Finish): 'max_output_tokens' | 'content_filter' | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'content_filter' ? finish : undefined;
}

function usage({ usage: tokens }: Completion): ResponseUsage {
  return {
    input_tokens: tokens.inputTokens,
    input_tokens_details: {
      cached_tokens: tokens.cachedTokens,
      cache_write_tokens: tokens.cacheWriteTokens,
      cache_write_tokens_details: {
        ttl_30m_tokens: tokens.cacheWriteTokens - tokens.cacheWrite12hTokens,
        ttl_12h_tokens: tokens.cacheWrite12hTokens,
      },
    },
    output_tokens: tokens.outputTokens,
    output_tokens_details: { reasoning_tokens: tokens.reasoningTokens },
    total_tokens: tokens.inputTokens + tokens.outputTokens,
  };
}
