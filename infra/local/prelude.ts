/** What a reply says before its body. */
export interface ReplyHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The content type by which API Gateway knows that a function writes a head before its body. */
export const PRELUDE_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';

const DELIMITER = Buffer.alloc(8);
/** The delimiter has to end within these: API Gateway's limit. */
const MAX_PRELUDE_BYTES = 16_384;

/**
 * Finds the head before a streamed body, however it is cut into writes: JSON, eight NUL bytes, body.
 *
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
 */
export class PreludeReader {
  #seen: Buffer = Buffer.alloc(0);

  /**
   * @returns head, and what came behind it; undefined while there is not enough of it
   * @throws Error for what can be no head
   */
  take(bytes: Buffer): { readonly head: ReplyHead; readonly rest: Buffer } | undefined {
    this.#seen = Buffer.concat([this.#seen, bytes]);
    // JSON holds no NUL, so that the first one ends it.
    const at = this.#seen.indexOf(0);
    const endsAt = at + DELIMITER.byteLength;
    if (at < 0 ? this.#seen.byteLength > MAX_PRELUDE_BYTES : endsAt > MAX_PRELUDE_BYTES) {
      throw new Error(`the head of a streamed reply must end within ${MAX_PRELUDE_BYTES} bytes`);
    }
    if (at < 0 || this.#seen.byteLength < endsAt) return undefined;
    if (!this.#seen.subarray(at, endsAt).equals(DELIMITER)) {
      throw new Error('the head of a streamed reply must be followed by eight NUL bytes');
    }
    return { head: parseHead(this.#seen.subarray(0, at).toString()), rest: this.#seen.subarray(endsAt) };
  }
}

function parseHead(text: string): ReplyHead {
  const { statusCode = 200, headers = {} } = JSON.parse(text) as Partial<ReplyHead>;
  return { statusCode, headers };
}
