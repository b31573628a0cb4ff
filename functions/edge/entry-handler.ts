import { createPlatform, type Platform } from '#platform/platform.ts';
import type { InvocationContext } from './invocation-context.ts';
import { streamifyResponse, type StreamingHandler } from './lambda-stream.ts';
import { redactLine } from './redact-line.ts';
import type { Trial } from './trial.ts';

/** A handler as Lambda calls it. */
export type LambdaHandler = (event: unknown, context: InvocationContext) => Promise<unknown>;

/** A bundle does not know its file: who loads it tells the entry's name, and may bring a platform of its own. */
export interface Binding {
  readonly name: string;
  readonly platform: Platform;
  /** Of an endpoint that is evaluated. Absent: it works as it is defined. */
  readonly trial?: Trial;
}

/** A handler that gives its reply whole. */
export interface BufferedEntryHandler extends LambdaHandler {
  readonly mode: 'buffered';
  bindTo(binding: Binding): LambdaHandler;
}

/** A handler that writes its reply, plain ones too, to a stream. */
export interface StreamingEntryHandler extends StreamingHandler {
  readonly mode: 'streaming';
  bindTo(binding: Binding): StreamingHandler;
}

/** What an entry file exports as `handler`: works by itself on Lambda, and can be bound by the inventory. */
export type EntryHandler = BufferedEntryHandler | StreamingEntryHandler;

/**
 * Makes the `handler` of an entry file. Nothing happens at import: on Lambda the platform is built, and the entry's name
 * read from `WEIR_ENTRY`, at the first event.
 */
export function entryHandler(create: (binding: Binding) => LambdaHandler): BufferedEntryHandler {
  let bound: LambdaHandler | undefined;
  const handler: LambdaHandler = (event, context) => (bound ??= create(bindingFromProcess()))(event, context);
  return Object.assign(handler, { mode: 'buffered' as const, bindTo: create });
}

/** The same for a handler that streams. */
export function streamingEntryHandler(create: (binding: Binding) => StreamingHandler): StreamingEntryHandler {
  let bound: StreamingHandler | undefined;
  const handler = streamifyResponse((event, responseStream, context) =>
    (bound ??= create(bindingFromProcess()))(event, responseStream, context),
  );
  return Object.assign(handler, { mode: 'streaming' as const, bindTo: create });
}

function bindingFromProcess(): Binding {
  const platform = createPlatform({ redact: redactLine });
  return { name: platform.config.entry ?? 'unbound', platform };
}
