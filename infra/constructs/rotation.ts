import { Duration, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { BundleOf } from './bundle-of.ts';
import { Schedule, type ScheduleProps } from './schedule.ts';
import type { UpstreamSecret } from './state.ts';

/** A secret whose keys are rotated, and the OpenAI project that they are for. */
export interface RotatedSecret {
  /** As specs name it. */
  readonly name: string;
  readonly project: string;
  readonly secret: UpstreamSecret;
}

export interface RotationProps extends ScheduleProps {
  readonly bundle: BundleOf<'rotation'>;
  readonly rotated: readonly RotatedSecret[];
}

/** A key lives for 90 days and has its end put off while it is in use: two rotations may fail, and then some. */
const ROTATE_EVERY = Duration.days(30);

/**
 * The function that rotates keys: a schedule that Secrets Manager invokes too. It alone reads the admin key, and writes those
 * secrets alone whose OpenAI project has been told.
 */
export class Rotation extends Schedule {
  constructor(scope: Construct, id: string, { rotated, environment, ...props }: RotationProps) {
    const { adminSecret } = props.state;
    const projects = Object.fromEntries(rotated.map(({ secret, project }) => [secret.arn, project]));
    super(scope, id, {
      ...props,
      environment: {
        WEIR_OPENAI_ADMIN_SECRET_ID: adminSecret.id,
        WEIR_ROTATED_SECRETS: Stack.of(scope).toJsonString(projects),
        ...environment,
      },
    });
    this.function.allow(adminSecret.arn, 'secretsmanager:GetSecretValue');
    for (const each of rotated) this.#rotate(each);
  }

  #rotate({ name, secret }: RotatedSecret): void {
    this.function.allow(
      secret.arn,
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    );
    const { lambda } = this.function;
    lambda.addPermission(`secret-${name}`, {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      action: 'lambda:InvokeFunction',
      sourceArn: secret.arn,
    });
    const schedule = new CfnRotationSchedule(this, `rotation-${name}`, {
      secretId: secret.arn,
      rotationLambdaArn: lambda.functionArn,
      rotationRules: { automaticallyAfterDays: ROTATE_EVERY.toDays() },
      // The first one is for who has put the admin key: npm run weir -- rotate.
      rotateImmediatelyOnUpdate: false,
    });
    const permission = lambda.node.tryFindChild(`secret-${name}`);
    if (permission) schedule.node.addDependency(permission);
  }
}
