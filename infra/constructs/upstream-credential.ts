import type { EntryFunction } from './entry-function.ts';
import { secretNamed, type State } from './state.ts';

/** How a function comes to call OpenAI. */
export interface UpstreamCredential {
  /** What the function is told. */
  readonly variables: Readonly<Record<string, string>>;
  /** Adds to the function's role what it takes. */
  allow(lambda: EntryFunction): void;
}

/** What functions/upstream/workload-identity.ts asks STS for, and nothing else. */
const PROOF = {
  // A proof may be for several at once: each must be one of these.
  'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['https://api.openai.com/v1'] },
  StringEquals: { 'sts:SigningAlgorithm': 'RS256' },
  NumericLessThanEquals: { 'sts:DurationSeconds': 300 },
};

/** By the key in the secret of that name, or, where the name is keyless, by who the function is. */
export function upstreamCredential(state: Pick<State, 'secrets' | 'identities'>, name: string): UpstreamCredential {
  const identity = state.identities.get(name);
  if (identity) {
    return {
      variables: { WEIR_WORKLOAD_IDENTITY: `${identity.identityProviderId}/${identity.serviceAccountId}` },
      allow: (lambda) => lambda.allowAnywhere('sts:GetWebIdentityToken', PROOF),
    };
  }
  const secret = secretNamed(state, name);
  return {
    variables: { WEIR_OPENAI_SECRET_ID: secret.id },
    allow: (lambda) => lambda.allow(secret.arn, 'secretsmanager:GetSecretValue'),
  };
}
