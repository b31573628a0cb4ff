import { createPlatform, type Platform } from '#platform/platform.ts';
import { redactLine } from './redact-line.ts';

/** What Lambda, the local gateway and the tests give with an event. */
export interface InvocationContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** A handler as Lambda calls it. */
export type LambdaHandler = (event: unknown, context: InvocationContext) => Promise<unknown>;

/** A bundle does not know its file: who loads it tells the entry's name, and may bring a platform of its own. */
export interface Binding {
  readonly name: string;
  readonly platform: Platform;
}

/** What an entry file exports as `handler`: works by itself on Lambda, and can be bound by the inventory. */
export interface EntryHandler extends LambdaHandler {
  bindTo(binding: Binding): LambdaHandler;
}

/**
 * Makes the `handler` of an entry file. Nothing happens at import: on Lambda the platform is built, and the entry's name
 * read from `WEIR_ENTRY`, at the first event.
 */
export function entryHandler(create: (binding: Binding) => LambdaHandler): EntryHandler {
  let bound: LambdaHandler | undefined;
  const handler: LambdaHandler = (event, context) => (bound ??= create(bindingFromProcess()))(event, context);
  return Object.assign(handler, { bindTo: create });
}

function bindingFromProcess(): Binding {
  const platform = createPlatform({ redact: redactLine });
  return { name: platform.config.entry ?? 'unbound', platform };
}
