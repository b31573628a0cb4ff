import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** As it stands in the request line, with its query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What API Gateway makes of a signature, in the words of its gateway responses. */
export type Verdict =
  | { readonly accessKeyId: string }
  | { readonly refused: 'MISSING_AUTHENTICATION_TOKEN' | 'DEFAULT_4XX' | 'INVALID_SIGNATURE' };

export interface Verifier {
  /** The secret of an access key; undefined where there is none. */
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly region: string;
  readonly nowMs: number;
}

/** A signature is good for so long before and after its date. */
const GOOD_FOR_MS = 5 * 60_000;
const CREDENTIAL =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([\da-f]{64})$/;

/**
 * Checks a signature as AWS does, by its documentation and with nothing of the library that signs
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function verifySignature(request: SignedRequest, { secretOf, region, nowMs }: Verifier): Verdict {
  const { headers } = request;
  const { authorization } = headers;
  if (authorization === undefined) return { refused: 'MISSING_AUTHENTICATION_TOKEN' };
  const [, accessKeyId = '', day = '', itsRegion = '', service = '', names = '', signature = ''] =
    CREDENTIAL.exec(authorization) ?? [];
  // "Authorization header requires 'Credential' parameter": a key of a caller, for one.
  if (signature === '') return { refused: 'DEFAULT_4XX' };
  const date = headers['x-amz-date'] ?? '';
  const secret = secretOf(accessKeyId);
  const signed = names.split(';');
  const isFresh = Math.abs(Date.parse(isoOf(date)) - nowMs) <= GOOD_FOR_MS;
  const isMeant = date.startsWith(day) && itsRegion === region && service === 'execute-api';
  const covers = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  if (secret === undefined || !isFresh || !isMeant || !covers.every((name) => signed.includes(name))) {
    return { refused: 'INVALID_SIGNATURE' };
  }
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, signed))].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`);
  const expected = hmac(key, text);
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? { accessKeyId } : { refused: 'INVALID_SIGNATURE' };
}

function canonical({ method, target, headers, body }: SignedRequest, signed: readonly string[]): string {
  const [path = '', query = ''] = target.split('?');
  const pairs = [...new URLSearchParams(query)].map((pair) => pair.map(encode).join('='));
  const lines = signed.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`);
  return [
    method,
    // Encoded once more than it travels, for any service but S3.
    path.split('/').map(encode).join('/'),
    pairs.sort().join('&'),
    lines.join(''),
    signed.join(';'),
    sha256(body),
  ].join('\n');
}

function encode(text: string): string {
  const code = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, code);
}

function isoOf(date: string): string {
  return date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
