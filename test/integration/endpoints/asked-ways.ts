import type { EndpointSpec } from '#edge/specs.ts';
import { FUNCTIONS_FOLDER, readInventory, type Entry } from '#infra/inventory.ts';
import type { RecordedRequest } from '#test/support/scripted-exchange.ts';
import { isRouting, user } from './chat-upstream.ts';

/** One way to ask an endpoint, and which of its questions is to fail upstream. */
export interface AskedWay {
  readonly way: string;
  readonly endpoint: string;
  readonly spec: EndpointSpec;
  readonly body: object;
  readonly isStreamed: boolean;
  /** The answer to the question at hand is told while it is made. */
  readonly isTold: boolean;
  /** The answer to the question at hand is written by a model. */
  readonly isWritten: boolean;
  /** The models of the question at hand: the first, and what it falls back on. */
  readonly models: number;
  /** Whether a request is the question at hand; the others are answered well. */
  readonly isAtHand: (request: RecordedRequest) => boolean;
  /** How many other requests of the same call are answered before the question at hand fails. */
  readonly besides: number;
}

/** A text that `extract` reads in this many pieces, the last of which has the word MARK in it. */
export const PIECES = 4;
const LONG_TEXT = `${'The river rose in the night, and the gates were opened by hand.\n\n'.repeat(1_860)}MARK`;

/** Weir's own endpoints, as the inventory has them; those that speak as OpenAI does tell failures in its words. */
export const ownEndpoints = (await readInventory(FUNCTIONS_FOLDER)).flatMap(({ name, spec }: Entry) =>
  spec.kind === 'endpoint' && spec.answers !== 'openai' ? [{ name, spec }] : [],
);

/** How each of them is asked: by its example, streamed too where it can be, and the calls of several questions by each of these. */
export const ASKED_WAYS: readonly AskedWay[] = ownEndpoints.flatMap(({ name, spec }) =>
  waysOf(name, spec).flatMap((way) => (spec.stream ? [plain(way), streamed(way)] : [plain(way)])),
);

type AnyWay = Omit<AskedWay, 'isStreamed' | 'isTold'>;

function plain(way: AnyWay): AskedWay {
  return { ...way, isStreamed: false, isTold: false };
}

function streamed({ way, body, ...rest }: AnyWay): AskedWay {
  const isTold = rest.isAtHand !== isRouting;
  return { ...rest, way: `${way}, streamed`, body: { ...body, stream: true }, isStreamed: true, isTold };
}

function waysOf(endpoint: string, spec: EndpointSpec): AnyWay[] {
  const models = 1 + (spec.model?.fallbacks.length ?? 0);
  const example = { way: endpoint, endpoint, spec, body: spec.example as object, models, isWritten: isWritten(spec) };
  const any = { ...example, isAtHand: () => true, besides: 0 };
  if (endpoint === 'chat') {
    const isAnswering = (request: RecordedRequest) => !isRouting(request);
    return [
      { ...any, way: 'chat of a size', body: { messages: [user('Hello.')], size: 'large' } },
      { ...example, way: 'chat, at its routing', isAtHand: isRouting, besides: 0 },
      { ...any, way: 'chat, behind its routing', isAtHand: isAnswering, besides: 1 },
    ];
  }
  if (endpoint === 'extract') {
    const pieces = { ...example, way: 'extract, one of its pieces', body: { ...example.body, text: LONG_TEXT } };
    return [any, { ...pieces, isAtHand: ({ rawBody }) => rawBody.includes('MARK'), besides: PIECES - 1 }];
  }
  return [any];
}

function isWritten({ model }: EndpointSpec): boolean {
  return model?.name !== 'embedding' && model?.name !== 'moderation';
}
