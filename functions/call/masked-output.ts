import type { CallEvent } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { mapEventTexts } from '#protocol/texts.ts';
import { createMaskingGate } from '#redaction/masking-gate.ts';
import type { Answered } from './attempt.ts';
import type { Call } from './call.ts';
import { rewritePassReply } from './pass-rewrite/rewrite-json.ts';
import type { Rewriting } from './pass-rewrite/rewriting.ts';
import { rewritePassStream } from './pass-rewrite/stream-rewriter.ts';
import type { Rooms } from './rooms.ts';

/** How what the model writes is masked. */
export function masking(rooms: Rooms): Rewriting {
  return {
    newGate: () => createMaskingGate(rooms.redactor()),
    whole: (text) => rooms.redactor().redact(text).text,
    answerGround: 'text',
    isOneWay: true,
  };
}

/** A fresh answer as it may be stored and given: masked, where the endpoint says so. */
export function maskedOutput(answered: Answered, request: ModelRequest, { terms }: Call, rooms: Rooms): Answered {
  if (!terms.redactsOutput) return answered;
  return { ...answered, events: answered.events.map((event) => maskedEvent(event, request, rooms)) };
}

function maskedEvent(event: CallEvent, request: ModelRequest, rooms: Rooms): CallEvent {
  if (event.type !== 'body' || request.kind !== 'pass')
    return mapEventTexts(event, (text) => rooms.redactor().redact(text).text);
  const { api, isStream } = request;
  const isStreamOf = isStream && (api === 'chat/completions' || api === 'responses');
  const rewriting = masking(rooms);
  const text = isStreamOf ? rewritePassStream(api, event.text, rewriting) : rewritePassReply(event.text, rewriting);
  return { ...event, text };
}
