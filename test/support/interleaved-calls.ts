import type { Call } from '#call/call.ts';
import { moneyPath } from '#call/money-path.ts';
import type { Rooms } from '#call/rooms.ts';
import type { SpecLimits } from '#budgets/limits.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { AwsServiceError } from '#platform/aws/signed-service.ts';
import { mintCallId } from '#platform/call-id.ts';
import { startDeadline, withinDeadline } from '#platform/deadline.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { noUsage } from '#protocol/usage.ts';
import { UpstreamFailure } from '#upstream/failure.ts';
import type { Upstream } from '#upstream/upstream.ts';
import type { Network } from './interleaved-network.ts';
import type { AttemptEnd } from './interleaved-plan.ts';
import type { SimulatedProcess } from './interleaved-process.ts';

/** What the upstream has done for a call, and what the caller was told. */
export interface Bill {
  readonly callId: string;
  readonly endpoint: string;
  readonly caller: string;
  billedPico: bigint;
  /** The entry that its own process wanted to write; absent: it never came so far. */
  receipt?: LedgerEntry;
}

export interface CallPlan {
  readonly number: number;
  readonly endpoint: string;
  readonly caller: string;
  readonly spec: SpecLimits;
  /** Most output, in tens of tokens. */
  readonly size: number;
  /** Of its attempts, one after the other; further ones are answered. */
  readonly ends: readonly AttemptEnd[];
}

export interface CallEnvironment {
  readonly process: SimulatedProcess;
  readonly rooms: Rooms;
  readonly network: Network;
  /** Told of each request just before it is sent upstream. */
  readonly onSend: (call: Call, request: ModelRequest) => void;
}

const DEADLINE_MS = 25_000;
const REPLY_MS = 28_000;
const KILL_MS = 30_000;
const INPUT_TOKENS = 20;

/** Pico-USD a token of input and of output, by hand. */
const PRICES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  'gpt-6-luna': [100_000n, 500_000n],
  'gpt-5.6-luna': [200_000n, 1_200_000n],
};

/** Sends a call through the product's money path, in a simulated process. */
export function startCall(environment: CallEnvironment, plan: CallPlan): Bill {
  const { process, network } = environment;
  const { clock } = process;
  const nowMs = clock.nowMs();
  // Of the id only the time means anything; the rest is the same whenever the plan is played.
  const id = mintCallId(nowMs).slice(0, 10) + String(plan.number).padStart(16, '0');
  const bill: Bill = { callId: id, endpoint: plan.endpoint, caller: plan.caller, billedPico: 0n };
  process.start(async () => {
    const deadline = startDeadline(clock, nowMs + DEADLINE_MS);
    const call: Call = {
      id,
      terms: {
        name: plan.endpoint,
        version: 1,
        budget: plan.spec,
        idleTimeoutMs: 60_000,
        redact: 'off',
        redactsOutput: false,
      },
      principal: { id: plan.caller, kind: 'caller', roles: ['caller'] },
      requestId: `${process.name}-${plan.number}`,
      deadline,
      replyByMs: nowMs + REPLY_MS,
      killAtMs: nowMs + KILL_MS,
      cacheWish: { read: false, store: false, maxAgeSeconds: Infinity, onlyIfCached: false },
    };
    const rooms = { ...environment.rooms, upstream: upstreamFor(environment, plan, call, bill) };
    const request: ModelRequest = {
      kind: 'respond',
      model: 'gpt-6-luna',
      instructions: '',
      input: [{ type: 'message', role: 'user', text: 'rain' }],
      maxOutputTokens: plan.size * 10,
    };
    try {
      await moneyPath(
        call,
        rooms,
        (ask) => ask(request, { fallbackModels: ['gpt-5.6-luna'] }),
        ({ entry }) => (bill.receipt = entry),
      );
      network.note(process, `call ${plan.number} is answered`);
    } catch (error) {
      network.note(process, `call ${plan.number} ends: ${(error as Error).name}: ${(error as Error).message}`);
    } finally {
      deadline.dispose();
    }
  });
  return bill;
}

/** The way upstream of one call: each attempt ends as the plan says, and what is done is billed once. */
function upstreamFor({ process, network, onSend }: CallEnvironment, plan: CallPlan, call: Call, bill: Bill): Upstream {
  const ends = [...plan.ends];
  return {
    keys: { current: async () => ({ value: 'key', version: '1' }), refused: async () => false },
    breaker: { openForMs: () => undefined, sending: () => false, trip: () => undefined, reset: () => undefined },
    retryBudget: { hasToken: () => true, spend: () => undefined, earn: () => undefined },
    stream: () => Promise.reject(new Error('no call of a plan streams')),
    async send(request, { signal }) {
      onSend(call, request);
      const end = ends.shift() ?? 'answered';
      const outputTokens = plan.size * 6;
      let isBilled = false;
      const work = async () => {
        if (!isBilled && (end === 'answered' || end === 'cut')) {
          const [input, output] = PRICES[request.model]!;
          bill.billedPico += BigInt(INPUT_TOKENS) * input + BigInt(outputTokens) * output;
          isBilled = true;
        }
        return end;
      };
      const asked = network.send(process, `call ${plan.number} asks ${request.model}`, work, { isPatient: true });
      await withinDeadline(asked, signal).catch((error: unknown) => {
        if (signal.aborted) throw new UpstreamFailure({ class: 'cancelled' });
        throw new UpstreamFailure({ class: error instanceof AwsServiceError ? 'throttled' : 'timeout' });
      });
      if (end === 'cut') throw new UpstreamFailure({ class: 'timeout' });
      if (end === 'failed') throw new UpstreamFailure({ class: 'failed', status: 500 });
      if (end === 'not found') throw new UpstreamFailure({ class: 'model-not-found', status: 404 });
      const usage = { ...noUsage, inputTokens: INPUT_TOKENS, outputTokens };
      return {
        served: { model: request.model, usage },
        events: [
          { type: 'text', text: 'Rain.' },
          { type: 'finish', reason: 'stop' },
        ],
      };
    },
  };
}
