import { Alias } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

export interface NoticesProps {
  readonly stage: string;
  /** Who gets them by e-mail, once the address has agreed to. @default nobody, until somebody subscribes to the topic */
  readonly email?: string | undefined;
}

/**
 * The topic of notices: what is in order and should yet be known, such as a budget that is half spent. Not the one for alarms:
 * those are for who keeps Weir running, these for who pays for it.
 */
export class Notices extends Topic {
  constructor(scope: Construct, id: string, { stage, email }: NoticesProps) {
    super(scope, id, {
      displayName: `Weir ${stage}`,
      enforceSSL: true,
      // AWS's own key for SNS costs nothing by the month, and any role of the account that may publish may use it:
      // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
      masterKey: Alias.fromAliasName(scope, `${id}Key`, 'alias/aws/sns'),
    });
    if (email !== undefined) this.addSubscription(new EmailSubscription(email));
  }
}
