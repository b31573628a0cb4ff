import { once } from 'node:events';
import type { Step } from '#test/support/scripted-exchange.ts';

/** A stream of Chat Completions of any size, made as fast as it is taken and no faster. Nothing of it stands on the bill. */
export class Pouring {
  /** Chunks written so far. */
  sent = 0;
  readonly #chunks: number;
  readonly #chunkBytes: number;

  constructor({ chunks, chunkBytes }: { readonly chunks: number; readonly chunkBytes: number }) {
    this.#chunks = chunks;
    this.#chunkBytes = chunkBytes;
  }

  get step(): Step {
    return async ({ response, over }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (; this.sent < this.#chunks && !over.aborted; this.sent++) {
        const content = `${this.sent} `.padEnd(this.#chunkBytes, 'weir ');
        if (response.write(chunkOf({ delta: { content }, finish_reason: null }))) continue;
        await once(response, 'drain', { signal: over }).catch(() => undefined);
      }
      if (over.aborted) return;
      const usage = { prompt_tokens: 4, completion_tokens: 1_000 };
      response.write(chunkOf({ delta: {}, finish_reason: 'stop' }));
      response.end(`data: ${JSON.stringify({ ...HEAD, choices: [], usage })}\n\ndata: [DONE]\n\n`);
    };
  }

  /** Settles when nothing was written for so long that whoever takes it must be full. */
  async atRest(): Promise<number> {
    for (let seen = -1, quietTurns = 0; quietTurns < 100;) {
      quietTurns = this.sent === seen ? quietTurns + 1 : 0;
      seen = this.sent;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return this.sent;
  }
}

const HEAD = { id: 'chatcmpl-poured', object: 'chat.completion.chunk', model: 'gpt-6-luna', service_tier: 'default' };

function chunkOf(choice: object): string {
  return `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, ...choice }], usage: null })}\n\n`;
}
