import { failureOfEvent } from '../classify-failure.ts';
import { usageOfResponse } from '../normalise-usage.ts';
import type { Verdict } from '../stream/read-blocks.ts';
import { finishOfResponse, type LoosePassResponse } from './pass-finish.ts';
import { PassReader } from './pass-reader.ts';
import { dataOf, deltaBytes } from './peek.ts';
import { servedBy } from './read-pass-reply.ts';

interface LooseEvent {
  readonly response?:
    (LoosePassResponse & { readonly model?: unknown; readonly usage?: unknown; readonly error?: unknown }) | null;
  readonly code?: unknown;
}

/** The name of an event, from its own line, or from the `type` of its data where that line is missing. */
const NAMED = /^event: ?([\w.]+)/m;
const TYPED = /"type"\s*:\s*"(response\.(?:created|completed|incomplete|failed)|error)"/;

/** Reads a stream of the Responses API. Its last event bears the whole response, with its usage. */
export class ResponseReader extends PassReader {
  read(block: Buffer): Verdict | Promise<Verdict> {
    const text = block.toString('latin1');
    const name = NAMED.exec(text)?.[1] ?? TYPED.exec(text)?.[1];
    switch (name) {
      case 'response.created':
        this.served = servedBy(this.#responseOf(block), undefined, this.options.requestId);
        return this.pass(block, 'more');
      case 'response.completed':
      case 'response.incomplete':
        this.#readLast(block);
        return this.pass(block, 'last');
      case 'response.failed':
        throw this.#failure(block);
      case 'error':
        throw this.failed(failureOfEvent(dataOf(block) ?? {}, this.options.requestId));
      case undefined:
        if (!/^data:/m.test(text)) return this.pass(block, 'comment');
        this.#see(text);
        return this.pass(block, 'more');
      default:
        if (name.endsWith('.delta')) this.#see(text);
        return this.pass(block, 'more');
    }
  }

  #see(text: string): void {
    const written = deltaBytes(text);
    if (written > 0) this.seen.add(written);
  }

  #readLast(block: Buffer): void {
    const response = this.#responseOf(block);
    const finish = finishOfResponse(response);
    if (finish === undefined) throw this.lied();
    this.served = servedBy(response, usageOfResponse(response.usage), this.options.requestId);
    this.conclude(finish);
  }

  #failure(block: Buffer) {
    const response = this.#responseOf(block);
    this.served = servedBy(response, usageOfResponse(response.usage), this.options.requestId);
    return this.failed(failureOfEvent(response.error ?? {}, this.options.requestId));
  }

  #responseOf(block: Buffer): NonNullable<LooseEvent['response']> {
    const { response } = (dataOf(block) ?? {}) as LooseEvent;
    if (response === null || typeof response !== 'object') throw this.lied();
    return response;
  }
}
