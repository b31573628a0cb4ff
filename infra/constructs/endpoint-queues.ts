import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface EndpointQueuesProps {
  /** Timeout of the function that consumes the work. */
  readonly functionTimeoutSeconds: number;
  /** At this receive the function buries a message that fails once more, with the reason. */
  readonly maxReceives: number;
}

/** Lambda's poller may still hold a batch that long after the function took it (AWS's own advice). */
const TIMEOUTS_OF_VISIBILITY = 6;

/**
 * Further receives before SQS itself moves a message, for the two ways in which the function's own burial fails: it died
 * over the message, or the dead-letter queue did not take it.
 */
const GRACE_RECEIVES = 2;

/** An endpoint's three queues: its work, the results, and what could not be done. */
export class EndpointQueues extends Construct {
  readonly work: Queue;
  readonly results: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { functionTimeoutSeconds, maxReceives }: EndpointQueuesProps) {
    super(scope, id);
    this.deadLetters = this.#queue('DeadLetters', { retentionPeriod: Duration.days(14) });
    this.work = this.#queue('Work', {
      visibilityTimeout: Duration.seconds(TIMEOUTS_OF_VISIBILITY * functionTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxReceives + GRACE_RECEIVES },
    });
    this.results = this.#queue('Results', {});
    Validations.of(this.results).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'Whoever sent the work reads the results; a message that nobody wants may expire.',
    });
  }

  /** Every queue holds content: encrypted, over TLS only, and not for longer than it takes. */
  #queue(id: string, props: QueueProps): Queue {
    return new Queue(this, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(4),
      ...props,
    });
  }
}
