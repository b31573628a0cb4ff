import { MalformedBody, TooLarge } from '#platform/errors.ts';
import type { HttpMiddleware } from '../http-middleware.ts';
import type { HttpCall } from '../http-call.ts';
import { parseJsonBytes, parseLooseJsonBytes } from '../safe-json.ts';

export interface ParseBodyOptions {
  /** @default 1,500,000 */
  readonly maxBodyBytes?: number;
  /** Numbers that JavaScript would round stay as they were written. @default false */
  readonly isPassedOn?: boolean;
}

/**
 * Reads the body as JSON in strict UTF-8, within a size. Whatever its content type says: many clients send none or a
 * wrong one, and the bearer key keeps other sites' forms out.
 */
export default function parseBody({
  maxBodyBytes = 1_500_000,
  isPassedOn = false,
}: ParseBodyOptions = {}): HttpMiddleware {
  return {
    before(request) {
      const call = request.event;
      const { text, encoding } = bodyOf(call);
      // Measured before it is decoded.
      const byteLength = Buffer.byteLength(text, encoding);
      if (byteLength > maxBodyBytes) {
        const message = `the body must be at most ${maxBodyBytes} bytes long, but ${byteLength} were provided`;
        throw new TooLarge(message, { limitBytes: maxBodyBytes, bodyBytes: byteLength });
      }
      const bytes = Buffer.from(text, encoding);
      call.input = isPassedOn ? parseLooseJsonBytes(bytes) : parseJsonBytes(bytes);
    },
  };
}

function bodyOf({ rawBody }: HttpCall): { readonly text: string; readonly encoding: 'base64' | 'utf8' } {
  if (!rawBody || rawBody.text === '') throw new MalformedBody('the body is empty; JSON is required');
  return { text: rawBody.text, encoding: rawBody.isBase64 ? 'base64' : 'utf8' };
}
