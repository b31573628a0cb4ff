import type { FoundWeir } from './find-weir.ts';
import type { Streams } from './streams.ts';

/** What the help of commands for administrators says of who that is. */
export const ADMINISTRATORS =
  '\nOf a deployment this is signed with your AWS credentials. Of a local start the key comes from WEIR_ADMIN_KEY, from where the ' +
  'start keeps it, or is asked for.';

/** A request as it will be sent. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** Absent: there is none. */
  readonly body?: string;
}

/** Who asks the API as an administrator. */
export interface Administrator {
  /** The headers that prove it. @throws CliFailure when there is nothing to prove it with */
  prove(request: ApiRequest): Promise<Record<string, string>>;
  /** What to look at when the API does not believe it. */
  readonly advice: string;
}

/**
 * The administrator that a Weir knows: of a deployment whoever the AWS CLI would be, of a local start whoever has its key. Neither proof
 * is ever sent to the other.
 *
 * @param givenKey the key that the environment has, if any
 * @throws UsageFailure where a key is wanted and there is none
 */
export async function findAdministrator(
  weir: FoundWeir,
  givenKey: string | undefined,
  streams: Streams,
): Promise<Administrator> {
  if (!weir.outputs.awsEndpoints) {
    const { createSigner } = await import('./sign-request.ts');
    return createSigner(weir.outputs);
  }
  const { findAdminKey } = await import('./budgets/admin-key.ts');
  const { value, from } = await findAdminKey(weir, givenKey, streams);
  return {
    prove: async () => ({ authorization: `Bearer ${value}` }),
    advice: `the administrator's key came from ${from}`,
  };
}
