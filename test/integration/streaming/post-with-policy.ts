import type { CallerPolicy } from '#platform/principal.ts';
import { entryEvent, type RequestOptions } from '#test/support/entry-event.ts';
import type { TestReply } from '#test/support/weir-environment.ts';
import type { Weir } from '#test/support/weir.ts';

export interface PolicyOptions extends RequestOptions {
  /** What the authorizer says of the caller. @default nothing */
  readonly policy?: CallerPolicy;
}

/** Posts as `weir.post` does, for a caller with a policy; a streamed reply is read to its end. */
export async function postWithPolicy(
  weir: Weir,
  entryName: string,
  body: unknown,
  { policy, ...options }: PolicyOptions,
): Promise<TestReply> {
  const entry = weir.entries.find(({ name }) => name === entryName)!;
  const request = { method: 'POST', body };
  const event = entryEvent(entry, request, { requestTimeMs: weir.clock.nowMs(), ...options }) as {
    readonly requestContext: { readonly authorizer: Record<string, unknown> };
  };
  if (policy) event.requestContext.authorizer['policy'] = JSON.stringify(policy);
  const reply = (await weir.invoke(entryName, event)) as {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  };
  const isJson = reply.body.startsWith('{');
  const json = isJson ? (JSON.parse(reply.body) as Record<string, unknown>) : {};
  return { status: reply.statusCode, headers: reply.headers, body: json, raw: reply.body };
}
