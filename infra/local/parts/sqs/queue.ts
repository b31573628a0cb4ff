import { randomUUID } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Change, StateFile } from '../state-file.ts';
import { sqsErrors } from './errors.ts';
import { SQS_LIMITS } from './limits.ts';
import type { MessageAttributes } from './message-md5.ts';
import { numberOf, redrivePolicyOf, type QueueAttributes } from './queue-attributes.ts';
import { formatReceipt, parseReceipt } from './receipt.ts';

/** What does not change about a message. It is written once; a body can be large. */
export interface Message {
  id: string;
  body: string;
  attributes: MessageAttributes;
  sentAtMs: number;
  /** The queue that it was moved from, for a message in a dead letter queue. */
  sourceArn?: string;
}

/** What changes with each receive. */
export interface Delivery {
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedAtMs?: number;
  lastReceivedAtMs?: number;
  /** Of the last receive; absent before the first. */
  receipt?: string;
}

/** A queue's settings. */
export interface QueueSettings {
  name: string;
  attributes: QueueAttributes;
  createdAtMs: number;
  modifiedAtMs: number;
}

/** All that SQS keeps on disk; the key says which. */
export type SqsRow = { settings: QueueSettings } | { message: Message } | { delivery: Delivery };

/** How the keys of a queue's rows are made. A queue's name has no slash. */
export const rowKeys = {
  settings: (queue: string) => `queue/${queue}`,
  message: (queue: string, id: string) => `message/${queue}/${id}`,
  delivery: (queue: string, id: string) => `delivery/${queue}/${id}`,
};

interface Held {
  message: Message;
  delivery: Delivery;
}

/**
 * One standard queue: who may see which message, and when. Each method writes first and changes what is in memory
 * afterwards, without an `await` between: two receives can never be handed the same message.
 */
export class Queue {
  settings: QueueSettings;
  readonly #held = new Map<string, Held>();
  readonly #waiting = new Set<() => void>();
  readonly #store: StateFile<SqsRow>;
  readonly #clock: Clock;

  constructor(settings: QueueSettings, store: StateFile<SqsRow>, clock: Clock) {
    this.settings = settings;
    this.#store = store;
    this.#clock = clock;
  }

  /** Puts a message that is on disk already back into memory. */
  restore(message: Message, delivery: Delivery): void {
    this.#held.set(message.id, { message, delivery });
  }

  configure(attributes: QueueAttributes): void {
    const settings = { ...this.settings, attributes, modifiedAtMs: this.#clock.nowMs() };
    this.#store.write([rowKeys.settings(settings.name), { settings }]);
    this.settings = settings;
    this.#wake();
  }

  /** Adds messages, all or none. */
  send(entries: readonly { message: Message; delaySeconds?: number | undefined }[]): void {
    const delayByDefault = numberOf(this.settings.attributes, 'DelaySeconds');
    const added = entries.map(({ message, delaySeconds = delayByDefault }) => ({
      message,
      delivery: { visibleAtMs: message.sentAtMs + delaySeconds * 1000, receiveCount: 0 },
    }));
    this.#store.write(...added.flatMap((held) => this.#rows(held)));
    this.#take(added);
  }

  /**
   * Hands out up to `max` visible messages and hides them. What has used up its receives goes to the dead letter queue
   * instead, as SQS does it: at the receive that would be one too many.
   */
  receive(max: number, visibilitySeconds: number, deadLetterQueue: (arn: string) => Queue | undefined): Held[] {
    const nowMs = this.#clock.nowMs();
    const policy = redrivePolicyOf(this.settings.attributes);
    const target = policy && deadLetterQueue(policy.deadLetterTargetArn);
    const received: Held[] = [];
    const moved: Held[] = [];
    for (const held of this.#current(nowMs)) {
      if (received.length === max) break;
      if (held.delivery.visibleAtMs > nowMs) continue;
      const isSpent = policy && target && held.delivery.receiveCount >= policy.maxReceiveCount;
      if (isSpent) moved.push(held);
      else received.push({ ...held, delivery: this.#nextDelivery(held, nowMs, visibilitySeconds) });
    }
    const arrivals = moved.map(({ message }) => ({
      message: { ...message, sourceArn: queueArn(this.settings.name) },
      delivery: { visibleAtMs: nowMs, receiveCount: 0 },
    }));
    this.#store.write(
      ...received.map(({ message, delivery }) => this.#deliveryRow(message.id, delivery)),
      ...arrivals.flatMap((held) => target!.#rows(held)),
      ...moved.flatMap(({ message }) => this.#removal(message.id)),
    );
    for (const held of received) this.#held.set(held.message.id, held);
    for (const { message } of moved) this.#held.delete(message.id);
    if (arrivals.length > 0) target!.#take(arrivals);
    return received;
  }

  /** A receipt of an earlier receive succeeds without an effect, as at SQS. @throws ReceiptHandleIsInvalid */
  delete(receipt: string): void {
    const { messageId } = parseReceipt(receipt, this.settings.name);
    if (this.#held.get(messageId)?.delivery.receipt === receipt) this.#remove([messageId]);
  }

  /** @throws ReceiptHandleIsInvalid, MessageNotInflight, InvalidParameterValue beyond 12 h since the receive */
  changeVisibility(receipt: string, visibilitySeconds: number): void {
    const { messageId } = parseReceipt(receipt, this.settings.name);
    const held = this.#held.get(messageId);
    const nowMs = this.#clock.nowMs();
    if (!held || held.delivery.receipt !== receipt) {
      throw sqsErrors.invalidParameter(
        `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    if (held.delivery.visibleAtMs <= nowMs) throw sqsErrors.notInFlight();
    const visibleAtMs = nowMs + visibilitySeconds * 1000;
    if (visibleAtMs - (held.delivery.lastReceivedAtMs ?? nowMs) > SQS_LIMITS.maxVisibilitySeconds * 1000) {
      throw sqsErrors.invalidParameter(
        `Value ${visibilitySeconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [${SQS_LIMITS.maxVisibilitySeconds} seconds].`,
      );
    }
    const delivery = { ...held.delivery, visibleAtMs };
    this.#store.write(this.#deliveryRow(messageId, delivery));
    this.#take([{ ...held, delivery }]);
  }

  purge(): void {
    this.#remove([...this.#held.keys()]);
  }

  /** How many messages can be received, are being processed, or were sent with a delay that has not passed. */
  counts(): { visible: number; inFlight: number; delayed: number } {
    const nowMs = this.#clock.nowMs();
    const counts = { visible: 0, inFlight: 0, delayed: 0 };
    for (const { delivery } of this.#current(nowMs)) {
      if (delivery.visibleAtMs <= nowMs) counts.visible++;
      else if (delivery.receiveCount > 0) counts.inFlight++;
      else counts.delayed++;
    }
    return counts;
  }

  /** Resolves when a message may have become visible, when `untilMs` has come, or when `signal` aborts. */
  async untilChange(untilMs: number, signal: AbortSignal): Promise<void> {
    let wakeAtMs = untilMs;
    for (const { delivery } of this.#held.values()) wakeAtMs = Math.min(wakeAtMs, delivery.visibleAtMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.startTimer(resolve, Math.max(0, wakeAtMs - this.#clock.nowMs()));
    this.#waiting.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#waiting.delete(resolve);
    cancel();
  }

  /** The messages in the order of their arrival; those past the queue's retention are dropped on the way. */
  #current(nowMs: number): Held[] {
    const oldestMs = nowMs - numberOf(this.settings.attributes, 'MessageRetentionPeriod') * 1000;
    this.#remove([...this.#held.values()].filter((held) => held.message.sentAtMs < oldestMs).map((h) => h.message.id));
    return [...this.#held.values()];
  }

  #nextDelivery({ message, delivery }: Held, nowMs: number, visibilitySeconds: number): Delivery {
    return {
      visibleAtMs: nowMs + visibilitySeconds * 1000,
      receiveCount: delivery.receiveCount + 1,
      firstReceivedAtMs: delivery.firstReceivedAtMs ?? nowMs,
      lastReceivedAtMs: nowMs,
      receipt: formatReceipt(this.settings.name, message.id, randomUUID()),
    };
  }

  #take(entries: readonly Held[]): void {
    for (const held of entries) this.#held.set(held.message.id, held);
    this.#wake();
  }

  #remove(messageIds: readonly string[]): void {
    this.#store.write(...messageIds.flatMap((id) => this.#removal(id)));
    for (const id of messageIds) this.#held.delete(id);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #rows({ message, delivery }: Held): Change<SqsRow>[] {
    return [[rowKeys.message(this.settings.name, message.id), { message }], this.#deliveryRow(message.id, delivery)];
  }

  #deliveryRow(messageId: string, delivery: Delivery): Change<SqsRow> {
    return [rowKeys.delivery(this.settings.name, messageId), { delivery }];
  }

  #removal(messageId: string): Change<SqsRow>[] {
    const { name } = this.settings;
    return [
      [rowKeys.message(name, messageId), undefined],
      [rowKeys.delivery(name, messageId), undefined],
    ];
  }
}

/** The account and region that this machine pretends to be. */
export const LOCAL_ACCOUNT_ID = '000000000000';
const LOCAL_REGION = 'us-east-1';

/** The ARN by which redrive policies name a queue. */
export function queueArn(queueName: string): string {
  return `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:${queueName}`;
}
