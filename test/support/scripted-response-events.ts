import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { Completion } from './scripted-completion.ts';
import { obfuscation } from './scripted-noise.ts';
import type { Play } from './scripted-play.ts';
import { emptyResponse, finalStatus, functionCall, message, part, responseBody } from './scripted-responses.ts';
import type { Piece, WireToolCall } from './scripted-tool-calls.ts';

/** A stream event without its number, which is given as it is sent. */
type Unnumbered<Event = ResponseStreamEvent> = Event extends unknown ? Omit<Event, 'sequence_number'> : never;

/** The events of a streamed response: the message, if there is one, and then each call, opened, written and closed in turn. */
export async function* responseEvents(
  completion: Completion,
  play: Play,
): AsyncGenerator<{ readonly type: string; readonly sequence_number: number }> {
  let sequenceNumber = 0;
  for await (const event of unnumberedEvents(completion, play)) yield { ...event, sequence_number: sequenceNumber++ };
}

/** A delta that no terminal event should be followed by. */
export function responseAfterthought(completion: Completion): ResponseStreamEvent {
  const said = { ...messagePlace(completion), delta: ' An afterthought.', logprobs: [] };
  return { type: 'response.output_text.delta', ...said, sequence_number: 99 };
}

async function* unnumberedEvents(completion: Completion, play: Play): AsyncGenerator<Unnumbered> {
  const { hasText, toolCalls, finish } = completion;
  const started = { ...emptyResponse(completion), status: 'in_progress', output_text: '' } as const;
  yield { type: 'response.created', response: started };
  yield { type: 'response.in_progress', response: started };
  await play.thought;

  const firstCall = hasText ? 1 : 0;
  if (hasText) yield* opened(completion);
  let openedCalls = 0;
  for await (const piece of play.pieces) {
    while (piece.kind === 'arguments' && openedCalls <= piece.at) {
      yield* openedCalls === 0 ? closedMessage(completion, play) : closedCall(toolCalls, openedCalls - 1, firstCall);
      yield openedCall(toolCalls[openedCalls]!, firstCall + openedCalls++);
    }
    yield { ...delta(piece, completion, firstCall), ...padding(completion, piece) };
  }
  if (play.closing === 'none') return;
  if (play.closing === 'error-event') {
    yield { type: 'error', code: 'server_error', message: 'The server had an error.', param: null };
    return;
  }

  const said = { ...completion, text: play.terminalText ?? completion.text };
  const response = { ...responseBody(said), output_text: said.text };
  if (finish === 'failed') return yield { type: 'response.failed', response };
  if (openedCalls === 0) yield* closedMessage(completion, play);
  else yield* closedCall(toolCalls, openedCalls - 1, firstCall);
  while (openedCalls < toolCalls.length) {
    yield openedCall(toolCalls[openedCalls]!, firstCall + openedCalls);
    yield* closedCall(toolCalls, openedCalls++, firstCall);
  }
  yield { type: `response.${finalStatus[finish]}`, response };
}

const messagePlace = ({ id }: Completion) => ({ item_id: `msg_${id}`, output_index: 0, content_index: 0 });

function* opened(completion: Completion): Generator<Unnumbered> {
  yield { type: 'response.output_item.added', output_index: 0, item: message(completion, 'in_progress', []) };
  const empty = part({ ...completion, text: '' });
  yield { type: 'response.content_part.added', ...messagePlace(completion), part: empty };
}

function* closedMessage(completion: Completion, { terminalText }: Play): Generator<Unnumbered> {
  if (!completion.hasText) return;
  const said = { ...completion, text: terminalText ?? completion.text };
  const place = messagePlace(completion);
  yield completion.isRefusal
    ? { type: 'response.refusal.done', ...place, refusal: said.text }
    : { type: 'response.output_text.done', ...place, text: said.text, logprobs: [] };
  yield { type: 'response.content_part.done', ...place, part: part(said) };
  const status = completion.finish === 'stop' ? 'completed' : 'incomplete';
  yield { type: 'response.output_item.done', output_index: 0, item: message(said, status, [part(said)]) };
}

function openedCall(call: WireToolCall, output_index: number): Unnumbered {
  return {
    type: 'response.output_item.added',
    output_index,
    item: functionCall({ ...call, arguments: '' }, 'in_progress'),
  };
}

function* closedCall(calls: readonly WireToolCall[], at: number, firstCall: number): Generator<Unnumbered> {
  const item = functionCall(calls[at]!, 'completed');
  const output_index = firstCall + at;
  const { id, arguments: given } = item;
  yield { type: 'response.function_call_arguments.done', item_id: id, output_index, arguments: given };
  yield { type: 'response.output_item.done', output_index, item };
}

function delta(piece: Piece, completion: Completion, firstCall: number): Unnumbered {
  if (piece.kind === 'arguments') {
    const { id } = functionCall(completion.toolCalls[piece.at]!, 'in_progress');
    const type = 'response.function_call_arguments.delta';
    return { type, item_id: id, output_index: firstCall + piece.at, delta: piece.text };
  }
  const place = messagePlace(completion);
  if (completion.isRefusal) return { type: 'response.refusal.delta', ...place, delta: piece.text };
  return { type: 'response.output_text.delta', ...place, delta: piece.text, logprobs: [] };
}

function padding({ obfuscation: isPadded, id, text }: Completion, piece: Piece): { readonly obfuscation?: string } {
  return isPadded ? { obfuscation: obfuscation(`${id}.${text}.${piece.text}`) } : {};
}
