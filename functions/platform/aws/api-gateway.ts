import type { HttpReply } from './http-transport.ts';
import { AwsServiceError, type Operation, type SignedService } from './signed-service.ts';

/** An API key, without its value. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
}

/** What Weir reads of a usage plan. */
export interface UsagePlan {
  readonly id: string;
  readonly name: string;
  readonly apiStages?: readonly { readonly apiId: string; readonly stage: string }[];
  /** Absent: as the stage has it. */
  readonly throttle?: { readonly rateLimit?: number; readonly burstLimit?: number };
}

/** The calls of API Gateway's control plane that a function makes. All may be repeated. @throws AwsServiceError; the transport's error */
export interface ApiGateway {
  /**
   * Makes a key that works in the plans it is put into.
   * @param value 20 to 128 letters and digits; unique in an account and region
   * @returns its id; or `exists`: a key has this value; or `full`: the account has as many keys as it may (10,000)
   */
  createApiKey(name: string, value: string): Promise<{ readonly id: string } | 'exists' | 'full'>;
  /** The keys whose names begin so. */
  apiKeysNamed(prefix: string): Promise<ApiKey[]>;
  /** Deletes a key, if it is there. */
  deleteApiKey(id: string): Promise<void>;
  usagePlans(): Promise<UsagePlan[]>;
  /** Puts a key into a plan, if it is not there. API Gateway may know of it minutes later. */
  addToUsagePlan(planId: string, keyId: string): Promise<void>;
}

/** So that three calls, each tried three times, end before API Gateway gives up on the route that makes them. */
const OPTIONS = { attempts: 3, timeoutMs: 2_500 };
const MOST_A_PAGE = 500;

/** API Gateway over REST-JSON (https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html). */
export function createApiGateway(sendSigned: SignedService): ApiGateway {
  const send = <Output>(method: string, path: string, body?: object): Promise<Output> => {
    const operation: Operation<Output> = {
      method,
      path,
      // Without it API Gateway answers in HAL, which nests its lists otherwise.
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : '',
      read: (text) => JSON.parse(text || '{}') as Output,
      readError,
    };
    return sendSigned(operation, OPTIONS);
  };
  const list = async <Item>(path: string): Promise<Item[]> => {
    const items: Item[] = [];
    let from = '';
    do {
      const page = await send<{ item?: Item[]; position?: string }>('GET', path + from);
      items.push(...(page.item ?? []));
      from = page.position ? `&position=${encodeURIComponent(page.position)}` : '';
    } while (from !== '');
    return items;
  };
  return {
    async createApiKey(name, value) {
      try {
        return await send<{ id: string }>('POST', '/apikeys', { name, value, enabled: true });
      } catch (error) {
        if (isNamed(error, 'ConflictException')) return 'exists';
        if (isNamed(error, 'LimitExceededException')) return 'full';
        throw error;
      }
    },
    async apiKeysNamed(prefix) {
      const found = await list<ApiKey>(`/apikeys?limit=${MOST_A_PAGE}&name=${encodeURIComponent(prefix)}`);
      return found.filter(({ name }) => name.startsWith(prefix));
    },
    deleteApiKey: (id) => unless('NotFoundException', send('DELETE', `/apikeys/${id}`)),
    usagePlans: () => list(`/usageplans?limit=${MOST_A_PAGE}`),
    addToUsagePlan: (planId, keyId) =>
      unless('ConflictException', send('POST', `/usageplans/${planId}/keys`, { keyId, keyType: 'API_KEY' })),
  };
}

async function unless(name: string, sent: Promise<unknown>): Promise<void> {
  await sent.catch((error: unknown) => {
    if (!isNamed(error, name)) throw error;
  });
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof AwsServiceError && error.name === name;
}

/** `ConflictException:http://internal.amazon.com/…`; two errors of one status differ in nothing else. */
function readError({ status, body, errorType = '' }: HttpReply): AwsServiceError {
  const name = errorType.split(':')[0] || 'UnknownError';
  try {
    return new AwsServiceError(name, status, (JSON.parse(body) as { message?: string }).message ?? '');
  } catch {
    return new AwsServiceError(name, status, `the service answered ${status} without a JSON body`);
  }
}
