import type { LedgerEntry } from '#ledger/entry.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import type { Wire } from './watched-fetch.ts';

/** A model with a price, and one for embeddings. */
export const model = 'gpt-6-luna';
export const embeddingModel = 'text-embedding-3-small';

/** What every stock client is told, and nothing else: where Weir is, and the caller's key. */
export interface Access {
  readonly baseURL: string;
  readonly apiKey: string;
}

/** A local Weir as `npm start` has it, and access to it for clients. */
export class Stand implements AsyncDisposable {
  readonly gateway: LocalGateway;

  constructor(gateway: LocalGateway) {
    this.gateway = gateway;
  }

  get access(): Access {
    return { baseURL: `${this.gateway.url}/openai/v1`, apiKey: this.gateway.weir.keys.caller };
  }

  /** A caller of its own, with no money to spend this month. */
  async pennilessKey(id: string): Promise<string> {
    const key = await this.gateway.register({ id, roles: ['caller'], endpoints: ['*'] });
    const reply = await this.gateway.send({
      method: 'PUT',
      path: `/v1/budgets/caller:${id}`,
      body: { window: 'month', limitUsd: '0' },
      key: this.gateway.weir.keys.administrator,
    });
    if (reply.status !== 200) throw new Error(reply.text);
    return key;
  }

  /** The ledger's entry of the call that a reply names in its headers. */
  async entryOf({ exchanges }: Wire, at = -1): Promise<LedgerEntry | undefined> {
    const callId = exchanges.at(at)?.headers.get('x-weir-call-id');
    return (await this.gateway.ledger()).find((entry) => entry.callId === callId);
  }

  /** What came into the ledger since it was read. */
  async entriesSince(before: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
    const known = new Set(before.map(({ callId }) => callId));
    return (await this.gateway.ledger()).filter(({ callId }) => !known.has(callId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
  }
}

/** Starts one. @param simulated with the upstream that answers by itself, as without a key; else with the scripted one */
export async function startStand({ simulated }: { readonly simulated: boolean }): Promise<Stand> {
  return new Stand(await startLocalGateway({ simulated }));
}
