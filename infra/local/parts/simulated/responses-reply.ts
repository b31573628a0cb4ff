import { buildTextStreamEvents, buildToolCallStreamEvents, type ResponsesSSEEvent } from '@copilotkit/aimock';
import type { Answer } from '../simulated-answers.ts';
import { WHOLE, inPieces, type StreamEvent } from './event-stream.ts';
import type { TextRequest } from './text-request.ts';

/** The reply of Responses. */
export function responsesReply(request: TextRequest, made: Answer): object {
  return parts(request, made).response;
}

/** The same streamed: numbered events, the last of which bears the reply. */
export function responsesEvents(request: TextRequest, made: Answer): StreamEvent[] {
  const { events, response } = parts(request, made);
  const all = [...events, { type: `response.${response.status}`, response }];
  return all.map((event, sequence_number) => ({
    text: `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`,
    isPiece: event.type.endsWith('.delta'),
  }));
}

function parts({ model, tier, echoed }: TextRequest, made: Answer) {
  const built = made.call
    ? buildToolCallStreamEvents([made.call], model, WHOLE)
    : buildTextStreamEvents(made.text, model, WHOLE);
  const state = { error: null, incomplete_details: null, ...echoed, service_tier: tier };
  const events = built.slice(0, -1).flatMap((event) => cutUp(withState(event, state)));
  const response = {
    ...(built.at(-1)?.['response'] as object),
    ...state,
    status: made.isCut ? 'incomplete' : 'completed',
    ...(made.isCut && { incomplete_details: { reason: 'max_output_tokens' } }),
    usage: {
      input_tokens: made.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: made.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: made.inputTokens + made.outputTokens,
    },
  };
  return { events, response };
}

/** The first events show the response as it stands before it is written. */
function withState(event: ResponsesSSEEvent, state: object): ResponsesSSEEvent {
  const begun = event['response'] as object | undefined;
  return begun ? { ...event, response: { ...begun, ...state } } : event;
}

function cutUp(event: ResponsesSSEEvent): ResponsesSSEEvent[] {
  const { delta } = event;
  if (typeof delta !== 'string') return [event];
  const withPiece = (piece: string): ResponsesSSEEvent => ({ ...event, delta: piece });
  return inPieces(delta).map(withPiece);
}
