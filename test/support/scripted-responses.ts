import type {
  Response,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseStreamEvent,
  ResponseUsage,
  ServiceTier,
} from 'openai/resources/responses/responses';
import type { Closing, Completion, Finish } from './scripted-completion.ts';

/** What is on the wire: `output_text` is added by the SDK. */
type WireResponse = Omit<Response, 'output_text'>;

/** A stream event without its number, which is given as it is sent. */
type Unnumbered<Event = ResponseStreamEvent> = Event extends unknown ? Omit<Event, 'sequence_number'> : never;

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
    output: status === 'failed' ? [] : [message(completion, status, [part(completion)])],
    ...(completion.reportsUsage ? { usage: usage(completion) } : {}),
  };
}

/**
 * The events of a streamed response, one for each chunk of text between the opening and the closing ones.
 */
export async function* responseEvents(
  completion: Completion,
  chunks: AsyncIterable<string>,
  closing: Closing,
): AsyncGenerator<{ type: string }> {
  let sequenceNumber = 0;
  const numbered = (event: Unnumbered) => ({ ...event, sequence_number: sequenceNumber++ });
  const place = { item_id: `msg_${completion.id}`, output_index: 0, content_index: 0 };

  const started = { ...emptyResponse(completion), status: 'in_progress', output_text: '' } as const;
  yield numbered({ type: 'response.created', response: started });
  yield numbered({ type: 'response.in_progress', response: started });
  yield numbered({
    type: 'response.output_item.added',
    output_index: 0,
    item: message(completion, 'in_progress', []),
  });
  yield numbered({ type: 'response.content_part.added', ...place, part: part({ ...completion, text: '' }) });
  for await (const delta of chunks) {
    yield completion.isRefusal
      ? numbered({ type: 'response.refusal.delta', ...place, delta })
      : numbered({ type: 'response.output_text.delta', ...place, delta, logprobs: [] });
  }
  if (closing === 'none') return;
  if (closing === 'error-event') {
    yield numbered({ type: 'error', code: 'server_error', message: 'The server had an error.', param: null });
    return;
  }

  const response = { ...responseBody(completion), output_text: completion.text };
  if (completion.finish === 'failed') {
    yield numbered({ type: 'response.failed', response });
    return;
  }
  const status = finalStatus[completion.finish];
  yield completion.isRefusal
    ? numbered({ type: 'response.refusal.done', ...place, refusal: completion.text })
    : numbered({ type: 'response.output_text.done', ...place, text: completion.text, logprobs: [] });
  yield numbered({ type: 'response.content_part.done', ...place, part: part(completion) });
  yield numbered({
    type: 'response.output_item.done',
    output_index: 0,
    item: message(completion, status, [part(completion)]),
  });
  yield numbered({ type: `response.${status}`, response });
}

const finalStatus = {
  stop: 'completed',
  length: 'incomplete',
  content_filter: 'incomplete',
  failed: 'failed',
} as const satisfies Record<Finish, string>;

function incompleteReason(finish: Finish): 'max_output_tokens' | 'content_filter' | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'content_filter' ? finish : undefined;
}

/** A response as it stands when it was created: what was asked, and no output yet. */
function emptyResponse({ id, createdAtSeconds, request, model, serviceTier }: Completion): WireResponse {
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

function message(
  { id }: Completion,
  status: ResponseOutputMessage['status'],
  content: ResponseOutputMessage['content'],
): ResponseOutputMessage {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', status, content };
}

function part({ isRefusal, text }: Completion): ResponseOutputText | ResponseOutputRefusal {
  return isRefusal ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [], logprobs: [] };
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
