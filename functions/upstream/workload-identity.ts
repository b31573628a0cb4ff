import { httpTransport } from '#platform/aws/http-transport.ts';
import type { WorkloadIdentity } from '#platform/config.ts';
import type { Platform } from '#platform/platform.ts';
import type { KeySource } from './key-ring.ts';

/** The form in which the exchange is asked for (RFC 8693), and OpenAI's own two ids beside it. */
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
/** Whom the proof is for; the function's role may ask STS for no other. */
const AUDIENCE = 'https://api.openai.com/v1';
const PROOF_SECONDS = 300;
const TRIES = 2;
const TIMEOUT_MS = 4_000;
const LONGEST_PAUSE_MS = 200;
/** What the token lives where the reply does not say. */
const DEFAULT_LIFE_SECONDS = 3_600;

/**
 * Short-lived keys in the place of a stored one: AWS signs who the function is, and OpenAI gives a token for that, as
 * `workloadIdentity` of its SDK asks for it. The SDK's own exchange has no time-out, does not tell when a token ends, and goes by
 * the process's clock.
 */
export function workloadIdentitySource(
  { config, sts, clock, random }: Pick<Platform, 'config' | 'sts' | 'clock' | 'random'>,
  { identityProviderId, serviceAccountId }: WorkloadIdentity,
): KeySource {
  const url = new URL(config.openaiTokenUrl);
  let exchanges = 0;

  const exchange = async (proof: string): Promise<string> => {
    const body = JSON.stringify({
      grant_type: GRANT,
      subject_token: proof,
      subject_token_type: JWT,
      identity_provider_id: identityProviderId,
      service_account_id: serviceAccountId,
    });
    for (let tried = 1; ; tried++) {
      const asked = httpTransport({
        url,
        headers: { 'content-type': 'application/json' },
        body,
        timeoutMs: TIMEOUT_MS,
      });
      const reply = await (tried < TRIES ? asked.catch(() => undefined) : asked);
      if (reply?.status === 200) return reply.body;
      const isTransient = !reply || reply.status === 429 || reply.status >= 500;
      if (tried === TRIES || !isTransient) throw refusal(reply!.status, reply!.body);
      await new Promise<void>((resolve) => void clock.startTimer(resolve, random() * LONGEST_PAUSE_MS));
    }
  };

  return {
    id: `${identityProviderId}/${serviceAccountId}`,
    async read() {
      const proof = await sts.webIdentityToken({ audience: AUDIENCE, durationSeconds: PROOF_SECONDS });
      // From before it is asked for: a token does not live longer by coming late.
      const askedAtMs = clock.nowMs();
      const { value, lifeMs } = readToken(await exchange(proof));
      return { value, version: `token-${++exchanges}`, expiresAtMs: askedAtMs + lifeMs };
    },
  };
}

/** The code alone: a message may quote what was sent. */
function refusal(status: number, body: string): Error {
  const code = /"error"\s*:\s*"([a-z_]{1,64})"/.exec(body)?.[1];
  return new Error(`the token endpoint answered ${status}${code === undefined ? '' : ` (${code})`}`);
}

/** @throws Error without any word of the body */
function readToken(body: string): { value: string; lifeMs: number } {
  const { access_token: value, expires_in: lifeSeconds = DEFAULT_LIFE_SECONDS } = parsed(body);
  // What a header cannot carry the SDK would print in an error of its own.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new Error('the token endpoint answered 200 without a token');
  }
  if (typeof lifeSeconds !== 'number' || !(lifeSeconds > 0 && lifeSeconds < Infinity)) {
    throw new Error('the token endpoint answered 200 without the life of its token');
  }
  return { value, lifeMs: lifeSeconds * 1000 };
}

function parsed(body: string): { access_token?: unknown; expires_in?: unknown } {
  try {
    return (JSON.parse(body) as object | null) ?? {};
  } catch {
    return {};
  }
}
