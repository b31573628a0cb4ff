import { startFaultProxy, type ProxiedAnswer, type ProxiedExchange, type ProxiedRequest } from '../fault-proxy.ts';

/** Whom a process talks to. */
export const SERVICES = ['dynamodb', 'secretsmanager', 'sqs', 'openai'] as const;
export type Service = (typeof SERVICES)[number];

/** A request of the process that stands at the crossing. Until somebody lets it, it neither lands nor is answered. */
export interface CrossingRequest {
  /** What it asks for; the second of one name is `… (2)`. */
  readonly name: string;
  /** Has the target do what is asked. The process does not hear of it. */
  land(): Promise<void>;
  /** Has the target do it, and gives the process the answer. */
  pass(): Promise<void>;
  /** Loses it, or its answer: the process's connection is cut. */
  lose(): void;
}

/** Where all requests of one process cross, whomever they are for: a proxy before each service, outside of the process. */
export interface Crossing extends AsyncDisposable {
  /** Where the process finds the services. */
  readonly endpoints: Readonly<Record<Service, string>>;
}

export interface CrossingOptions {
  /** Origins of the services: `http://host:port`. */
  readonly targets: Readonly<Record<Service, string>>;
  readonly nameOf: (service: Service, request: ProxiedRequest) => string;
  /** Says what becomes of a request, when it has come in whole. */
  readonly onRequest: (request: CrossingRequest) => void | Promise<void>;
}

export async function openCrossing({ targets, nameOf, onRequest }: CrossingOptions): Promise<Crossing> {
  await using parts = new AsyncDisposableStack();
  const seen = new Map<string, number>();
  const namedApart = (name: string): string => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return nth === 1 ? name : `${name} (${nth})`;
  };
  const proxies = await Promise.all(
    SERVICES.map(async (service) => {
      const proxy = parts.use(await startFaultProxy({ target: targets[service] }));
      const fault = (exchange: ProxiedExchange) =>
        onRequest(crossing(namedApart(nameOf(service, exchange.request)), exchange));
      proxy.rules.push({ fault });
      return [service, proxy.endpoint] as const;
    }),
  );
  const owned = parts.move();
  return {
    endpoints: Object.fromEntries(proxies) as Record<Service, string>,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function crossing(name: string, exchange: ProxiedExchange): CrossingRequest {
  let landed: Promise<ProxiedAnswer | undefined> | undefined;
  // An upstream that resets the connection has said all that it will say: so the process hears it.
  const land = () => (landed ??= exchange.forward().catch(isReset));
  return {
    name,
    land: async () => void (await land()),
    async pass() {
      const answer = await land();
      if (answer) exchange.reply(answer);
      else exchange.cut();
    },
    lose: () => exchange.cut(),
  };
}

/** @throws what is no reset */
function isReset(error: unknown): undefined {
  if ((error as { readonly code?: unknown }).code !== 'ECONNRESET') throw error;
}
