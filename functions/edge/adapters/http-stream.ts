import type { Receipt } from '#call/call.ts';
import type { Platform } from '#platform/platform.ts';
import type { LiveEvent } from '#protocol/events.ts';
import type { HttpCall, StreamedReply } from '../http-call.ts';
import { logUnplanned } from '../log-unplanned.ts';
import { problemJson } from '../problem.ts';
import { ReplyStream } from '../reply-stream.ts';
import type { EndpointRequest, RunEndpoint } from '../run-endpoint.ts';
import { doneOf, printEvent } from '../sse-events.ts';

/** How the events of one form of stream are printed. */
export interface StreamForm {
  /** A part of the answer; undefined for what that form does not tell. */
  part(event: LiveEvent): Uint8Array | string | undefined;
  /** What follows a complete answer. */
  done(output: unknown, receipt: Receipt): string;
  /** What ends a reply that failed when its head was sent already. */
  failed(error: unknown, receipt: Receipt | undefined): string;
}

/** Answers with Weir's own events. */
export function streamReply(
  run: RunEndpoint,
  request: EndpointRequest,
  call: HttpCall,
  platform: Platform,
): Promise<StreamedReply> {
  return openStream(run, request, call, platform, {
    part: (event) => (event.type === 'text' ? printEvent('text', JSON.stringify({ text: event.text })) : undefined),
    done: (output, receipt) => printEvent('done', JSON.stringify(doneOf(output, receipt))),
    failed: (error) => printEvent('error', problemJson(error, call.requestId)),
  });
}

/**
 * Runs a call and gives its reply as soon as something of it can be told: a failure before that is answered with its status, a
 * later one with the stream's last event. The body ends when all is settled.
 */
export async function openStream(
  run: RunEndpoint,
  request: EndpointRequest,
  call: HttpCall,
  { clock, log }: Platform,
  form: StreamForm,
): Promise<StreamedReply> {
  const body = new ReplyStream(clock);
  const head: Record<string, string> = { ...STREAM_HEADERS };
  let receipt: Receipt | undefined;
  const listener = (event: LiveEvent) => {
    if (event.type === 'cached')
      return void Object.assign(head, { 'x-weir-cache': 'hit', age: String(event.ageSeconds) });
    const part = form.part(event);
    return part === undefined ? undefined : body.write(part);
  };
  const running = run(
    {
      ...request,
      listener,
      begun: (callId) => void (head['x-weir-call-id'] = callId),
      settled: (its) => {
        receipt = its;
        request.settled?.(its);
      },
    },
    // What cannot be printed is a fault like any other.
    (output, its) => form.done(output, its),
  )
    .then(({ reply: last }) => body.finish(last))
    .catch((error: unknown) => {
      if (!body.hasBegun) {
        body.destroy();
        throw error;
      }
      logUnplanned(error, call.requestId, log);
      body.finish(form.failed(error, receipt));
    });
  call.underWay = running;
  await Promise.race([body.begun, running]);
  return { statusCode: 200, headers: head, body };
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };
