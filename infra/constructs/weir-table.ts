import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { TableDefinition } from '../tables.ts';

export interface WeirTableProps {
  readonly definition: TableDefinition;
}

/** A table from its definition, with the care that the definition asks for. */
export class WeirTable extends Table {
  constructor(scope: Construct, id: string, { definition }: WeirTableProps) {
    const { partitionKey, sortKey, ttlAttribute, precious } = definition;
    super(scope, id, {
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      ...(sortKey && { sortKey: { name: sortKey, type: AttributeType.STRING } }),
      ...(ttlAttribute && { timeToLiveAttribute: ttlAttribute }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: precious },
      deletionProtection: precious,
      removalPolicy: precious ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    if (!precious) {
      Validations.of(this).acknowledge({
        id: 'AwsSolutions-DDB3',
        reason: 'Short-lived: what is lost here is, at worst, asked of the upstream once more.',
      });
    }
  }
}
