import { setImmediate } from 'node:timers/promises';
import type { Step } from '#test/support/scripted-exchange.ts';

/** Another spelling of the same stream of events. */
export interface Spelling {
  /** @default LF */
  readonly lineEnd?: string;
  /** Begins with a byte order mark. @default false */
  readonly mark?: boolean;
  /** A comment before each event. @default none */
  readonly comment?: string;
  /** A comment in each event, before its other lines. @default none */
  readonly inner?: string;
  /** Writes of so many bytes, through line ends and characters too. @default one write an event */
  readonly chunkBytes?: number;
}

/** A step whose stream comes in another spelling. */
export function respelled(step: Step, { lineEnd = '\n', mark = false, comment, inner, chunkBytes }: Spelling): Step {
  return (exchange) => {
    const { response } = exchange;
    let isFirst = true;
    const spell = (event: string) => {
      const before = [isFirst && mark ? '\uFEFF' : '', comment && `: ${comment}\n\n`, inner && `: ${inner}\n`];
      isFirst = false;
      return Buffer.from((before.join('') + event).replaceAll('\n', lineEnd));
    };
    const write = async (event: Buffer, done: () => void) => {
      const bytes = spell(event.toString());
      const size = chunkBytes ?? bytes.length;
      for (let at = 0; at < bytes.length && !exchange.over.aborted; at += size) {
        response.write(bytes.subarray(at, at + size));
        // So that the client gets to read this piece by itself.
        if (chunkBytes !== undefined) await setImmediate();
      }
      done();
    };
    const spelled = new Proxy(response, {
      get(target, name) {
        if (name === 'write') return (event: Buffer, done: () => void) => void write(event, done);
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    return step({ ...exchange, response: spelled });
  };
}
