import type { CallEvent, Listener } from '#protocol/events.ts';
import { inARow } from '#protocol/gates-in-a-row.ts';
import type { ModelRequest, PassRequest } from '#protocol/request.ts';
import { mapEventTexts } from '#protocol/texts.ts';
import { CallMasks, type Ground } from '#redaction/call-masks.ts';
import { createRestoringGate } from '#redaction/restoring-gate.ts';
import type { Ask, AskOptions, Call } from './call.ts';
import { masking } from './masked-output.ts';
import { rewritePassReply } from './pass-rewrite/rewrite-json.ts';
import type { Rewriting } from './pass-rewrite/rewriting.ts';
import { createPassStreamRewriter, rewritePassStream } from './pass-rewrite/stream-rewriter.ts';
import type { Rooms } from './rooms.ts';

/**
 * A way upstream on which secrets and personal data are masked, as the call's policy says: before anything else sees them, so
 * that the cache's keys and entries, the leads and the upstream all have the masked form. On the way back, where the policy is
 * `reversible`, the originals take their places again, for the caller alone (D11); and what the model itself wrote is masked
 * before anybody hears it, where the endpoint says so.
 */
export function maskedAsk(ask: Ask, { terms, ownPlaceholders }: Call, rooms: Rooms): Ask {
  const { redact, redactsOutput } = terms;
  if (redact === 'off' && !redactsOutput) return ask;
  const masks = redact === 'off' ? undefined : new CallMasks(redact, rooms.redactor(), ownPlaceholders);
  const together = new WeakMap<readonly ModelRequest[], readonly ModelRequest[]>();
  /** One list, one masked list: what is held for together is known by its list. */
  const maskAll = (requests: readonly ModelRequest[], own: CallMasks) => {
    let masked = together.get(requests);
    if (!masked) together.set(requests, (masked = requests.map((request) => own.mask(request))));
    return masked;
  };
  return async (request, options) => {
    const masked = masks ? masks.mask(request) : request;
    const ownTogether = masks && options.together && maskAll(options.together, masks);
    const own = ownTogether ? { ...options, together: ownTogether } : options;
    const ground = groundOf(masked);
    const restoring = masks && masks.placeholders.size > 0 ? restoringBy(masks, ground) : undefined;
    const rewritings = [...(redactsOutput ? [masking(rooms)] : []), ...(restoring ? [restoring] : [])];
    if (rewritings.length === 0) return ask(masked, own);
    if (masked.kind === 'pass') return askPassing(ask, masked, own, rewritings);
    const events = await ask(masked, throughGates(own, rewritings, ground));
    return masks ? events.map((event) => restored(event, masks, ground)) : events;
  };
}

function restoringBy(masks: CallMasks, answerGround: Ground): Rewriting {
  return {
    newGate: (ground) => createRestoringGate(masks, ground),
    whole: (text, ground) => masks.restore(text, ground),
    answerGround,
    isOneWay: false,
  };
}

/** What the model was asked to write: in JSON an original has to be escaped. */
function groundOf(request: ModelRequest): Ground {
  if (request.kind === 'respond') return request.format ? 'json' : 'text';
  if (request.kind !== 'pass') return 'text';
  const { response_format: chat, text: responses } = request.body as PassFormat;
  const type = chat?.type ?? responses?.format?.type ?? 'text';
  return type === 'text' ? 'text' : 'json';
}

interface PassFormat {
  readonly response_format?: { readonly type?: unknown } | null;
  readonly text?: { readonly format?: { readonly type?: unknown } | null } | null;
}

/** What is told while it is made passes these gates first, and the conditions behind them. */
function throughGates(options: AskOptions, rewritings: readonly Rewriting[], ground: Ground): AskOptions {
  const { listener, newGate } = options;
  if (!listener && !newGate) return options;
  const gates = () => rewritings.map((rewriting) => rewriting.newGate(ground));
  return { ...options, newGate: () => inARow(newGate ? [...gates(), newGate()] : gates()) };
}

function restored(event: CallEvent, masks: CallMasks, ground: Ground): CallEvent {
  const isArguments = event.type === 'tool-call';
  return mapEventTexts(event, (text) => masks.restore(text, isArguments ? 'json' : ground));
}

/** Asks in OpenAI's own words: its reply is rewritten as it comes, or whole. */
async function askPassing(
  ask: Ask,
  request: PassRequest,
  options: AskOptions,
  rewritings: readonly Rewriting[],
): Promise<readonly CallEvent[]> {
  const { listener } = options;
  const heard = listener && rewritingListener(listener, request, rewritings);
  try {
    const events = await ask(request, { ...options, ...(heard && { listener: heard.listener }) });
    // What is to stay masked was masked when it came, to be stored so.
    const lasting = rewritings.filter(({ isOneWay }) => !isOneWay);
    const whole = (event: CallEvent): CallEvent =>
      event.type === 'body' ? { ...event, text: rewritten(event.text, request, lasting) } : event;
    return events.map(whole);
  } finally {
    // Of a stream that was cut, too: what was held back was said.
    await heard?.end();
  }
}

function rewritten(text: string, { api, isStream }: PassRequest, rewritings: readonly Rewriting[]): string {
  return rewritings.reduce((whole, rewriting) => {
    const isStreamOf = isStream && (api === 'chat/completions' || api === 'responses');
    return isStreamOf ? rewritePassStream(api, whole, rewriting) : rewritePassReply(whole, rewriting);
  }, text);
}

/** Hears a reply through the rewriters of its stream; what they hold back is told by `end`. */
function rewritingListener(listener: Listener, request: PassRequest, rewritings: readonly Rewriting[]) {
  const { api } = request;
  if (api !== 'chat/completions' && api !== 'responses') throw new Error(`${api} has no streams`);
  const rewriters = rewritings.map((rewriting) => createPassStreamRewriter(api, rewriting));
  const through = (bytes: Uint8Array) => rewriters.reduce((chunk, rewriter) => rewriter.push(chunk), bytes);
  let isWritten = false;
  const tell = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : listener({ type: 'bytes', bytes, isWritten }));
  return {
    listener: ((event) => {
      if (event.type === 'body') return listener({ ...event, text: rewritten(event.text, request, rewritings) });
      if (event.type !== 'bytes') return listener(event);
      isWritten ||= event.isWritten;
      return tell(through(event.bytes));
    }) satisfies Listener,
    async end(): Promise<void> {
      for (const [at, rewriter] of rewriters.entries()) {
        const rest = rewriters.slice(at + 1).reduce((chunk, next) => next.push(chunk), rewriter.end());
        await tell(rest);
      }
    },
  };
}
