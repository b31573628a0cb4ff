import { Aws, Stack, Validations } from 'aws-cdk-lib';
import type { Method } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

interface Joined {
  readonly 'Fn::Join': readonly [string, readonly (string | { readonly Ref: string })[]];
}

export interface AdministratorsPolicyProps {
  /** Name of the stage: each deployment has its own administrators. */
  readonly stage: string;
  /** The methods that IAM guards. */
  readonly methods: readonly Method[];
}

/** What lets IAM's users, groups and roles be administrators of this deployment: to be attached to them by hand. */
export class AdministratorsPolicy extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { stage, methods }: AdministratorsPolicyProps) {
    super(scope, id);
    const policy = new ManagedPolicy(this, 'Policy', {
      // IAM's names are the account's, whatever the region.
      managedPolicyName: `weir-${stage}-administrators-${Aws.REGION}`,
      description: `Manages callers and budgets of Weir (${stage}), and reads the audit trail`,
      statements: [
        new PolicyStatement({
          actions: ['execute-api:Invoke'],
          resources: methods.map((method) => method.methodArn),
        }),
      ],
    });
    const withParameters = methods.map((method) => this.#shown(method.methodArn)).filter((arn) => arn.includes('*'));
    Validations.of(policy).acknowledge(
      ...withParameters.map((arn) => ({
        id: `AwsSolutions-IAM5[Resource::${arn}]`,
        reason: 'The star is a parameter of a route, such as the id of a caller: administrators manage all of them.',
      })),
    );
    this.arn = policy.managedPolicyArn;
  }

  /** An ARN as findings show it: `arn:<AWS::Partition>:…`. */
  #shown(arn: string): string {
    const { 'Fn::Join': joined } = Stack.of(this).resolve(arn) as Joined;
    return joined[1].map((part) => (typeof part === 'string' ? part : `<${part.Ref}>`)).join('');
  }
}
