import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Clock } from '#platform/clock.ts';

export const IDENTITY_PROVIDER = 'idp_weir';
export const SERVICE_ACCOUNT = 'user_weir';
const AUDIENCE = 'https://api.openai.com/v1';

/** A request for a proof, as STS was sent it. */
export interface ProofRequest {
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string;
}

/**
 * AWS's STS and OpenAI's token endpoint on a loopback socket: the one signs who asks, the other knows the signature, and gives a token
 * for it once it has looked at both ids and at the proof's end.
 */
export class IdentityServer {
  readonly proofRequests: ProofRequest[] = [];
  readonly tokenRequests: Readonly<Record<string, unknown>>[] = [];
  /** All proofs and tokens that were ever given. */
  readonly proofs: string[] = [];
  readonly tokens: string[] = [];
  /** What a token's reply says of its life; undefined: nothing. May be changed at any time. */
  expiresInSeconds: unknown = 3_600;
  readonly #endsAtMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #onToken: (token: string) => void;
  readonly #server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    void this.#serve(request, response);
  });

  constructor(clock: Clock, onToken: (token: string) => void) {
    this.#clock = clock;
    this.#onToken = onToken;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const [status, reply] =
      request.url === '/oauth/token' ? this.#exchange(body) : this.#prove(body, request.headers.authorization ?? '');
    response.writeHead(status, { 'content-type': reply.startsWith('<') ? 'text/xml' : 'application/json' }).end(reply);
  }

  #prove(body: string, authorization: string): [number, string] {
    const form = Object.fromEntries(new URLSearchParams(body));
    this.proofRequests.push({ form, authorization });
    if (form['Action'] !== 'GetWebIdentityToken' || form['Version'] !== '2011-06-15') {
      return [400, stsError('InvalidAction', 'Could not find operation.')];
    }
    if (form['SigningAlgorithm'] !== 'RS256') return [400, stsError('ValidationError', 'SigningAlgorithm')];
    const seconds = Number(form['DurationSeconds'] ?? 300);
    const claims = { aud: form['Audience.member.1'], sub: 'arn:aws:iam::111122223333:role/summarize' };
    const proof = [{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const token = [...proof, randomBytes(64).toString('base64url')].join('.');
    this.proofs.push(token);
    this.#endsAtMs.set(token, this.#clock.nowMs() + seconds * 1000);
    return [
      200,
      `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <GetWebIdentityTokenResult>
          <WebIdentityToken>${token}</WebIdentityToken>
          <Expiration>${new Date(this.#clock.nowMs() + seconds * 1000).toISOString()}</Expiration>
        </GetWebIdentityTokenResult>
        <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
      </GetWebIdentityTokenResponse>`,
    ];
  }

  #exchange(body: string): [number, string] {
    const asked = JSON.parse(body) as Record<string, unknown>;
    this.tokenRequests.push(asked);
    const { subject_token: proof, identity_provider_id: provider, service_account_id: account } = asked;
    const [, claims = ''] = String(proof).split('.');
    const isMeant =
      (JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { aud?: string }).aud === AUDIENCE;
    if ((this.#endsAtMs.get(String(proof)) ?? 0) <= this.#clock.nowMs() || !isMeant) {
      return [401, oauthError('invalid_grant', `the subject token ${String(proof)} is not valid`)];
    }
    if (provider !== IDENTITY_PROVIDER || account !== SERVICE_ACCOUNT) {
      return [403, oauthError('access_denied', `the subject token ${String(proof)} may not be used so`)];
    }
    if (
      asked['grant_type'] !== 'urn:ietf:params:oauth:grant-type:token-exchange' ||
      asked['subject_token_type'] !== 'urn:ietf:params:oauth:token-type:jwt'
    ) {
      return [400, oauthError('unsupported_grant_type', 'grant_type')];
    }
    const token = randomBytes(48).toString('base64url');
    this.tokens.push(token);
    this.#onToken(token);
    const issued = 'urn:ietf:params:oauth:token-type:access_token';
    const life = this.expiresInSeconds;
    return [
      200,
      JSON.stringify({ access_token: token, issued_token_type: issued, token_type: 'Bearer', expires_in: life }),
    ];
  }
}

/** A refusal in STS's words. */
export function stsError(code: string, message: string): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
    <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>
  </ErrorResponse>`;
}

/** A refusal as RFC 6749 words it; this one quotes what it was sent. */
function oauthError(error: string, description: string): string {
  return JSON.stringify({ error, error_description: description });
}
