import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Bundle } from '../bundle/bundle-entries.ts';
import { functionTimeoutSeconds } from '../function-timeout.ts';

export interface EntryFunctionProps {
  readonly bundle: Bundle;
  /** Variables beside `WEIR_ENTRY`. What is given here stays as it is. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default one month */
  readonly logRetention?: RetentionDays;
}

/**
 * The Lambda of one entry file: its bundle, its own log group, and a role of its own that may write that log and nothing
 * else, until `allow` names one more thing.
 */
export class EntryFunction extends Construct {
  /** The entry's name: `summarize`, `finance/spend`. */
  readonly entryName: string;
  readonly lambda: Function;
  /** The longest that an invocation may take. */
  readonly timeout: Duration;
  readonly logGroup: LogGroup;
  readonly #role: Role;

  constructor(scope: Construct, id: string, props: EntryFunctionProps) {
    super(scope, id);
    const { name, spec } = props.bundle.entry;
    this.entryName = name;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${name} may reach`,
    });
    this.logGroup.grantWrite(this.#role);

    this.timeout = Duration.seconds(functionTimeoutSeconds(spec));
    this.lambda = new Function(this, 'Function', {
      description: spec.summary.slice(0, MAX_DESCRIPTION_CHARS),
      code: Code.fromAsset(props.bundle.folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: spec.memoryMb,
      timeout: this.timeout,
      role: this.#role,
      logGroup: this.logGroup,
      environment: { WEIR_ENTRY: name, ...props.environment },
    });
  }

  /** Adds to the role: these actions, on this one resource. */
  allow(resourceArn: string, ...actions: readonly string[]): void {
    this.#role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [resourceArn] }));
  }

  /** Adds to the role an action that no resource can be named for: on all of them, and so under conditions alone. */
  allowAnywhere(action: string, conditions: NonNullable<PolicyStatementProps['conditions']>): void {
    this.#role.addToPolicy(new PolicyStatement({ actions: [action], resources: ['*'], conditions }));
    Validations.of(this.#role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: `${action} takes no resource; its conditions bind it.`,
    });
  }
}

/** Lambda's limit. */
const MAX_DESCRIPTION_CHARS = 256;
