import { Aws, Validations } from 'aws-cdk-lib';
import { ApiKey, UsagePlan, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RATE_TIERS, ratePlanName } from '#edge/callers/rate-tiers.ts';
import { sharedUsageKey } from '#edge/callers/usage-key.ts';
import type { EntryFunction } from './entry-function.ts';

export interface RatePlansProps {
  readonly api: RestApi;
  /** Name of the stage: a part of the plans' names, which an account shows in one list. */
  readonly stage: string;
}

/**
 * How fast callers may come: a usage plan for each rate, and one, with one API key, for all who have no rate of their own. The keys
 * of callers are put into the plans by the functions that manage callers.
 */
export class RatePlans extends Construct {
  readonly #plans: readonly UsagePlan[];

  constructor(scope: Construct, id: string, { api, stage }: RatePlansProps) {
    super(scope, id);
    const apiStages = [{ api, stage: api.deploymentStage }];
    this.#plans = RATE_TIERS.map((tier) => {
      const description = `Callers of Weir with ${tier} requests a second`;
      return new UsagePlan(this, `Plan${tier}`, {
        name: ratePlanName(stage, tier),
        description,
        throttle: { rateLimit: tier, burstLimit: tier },
        apiStages,
      });
    });
    const description = 'Callers of Weir without a rate of their own';
    const shared = new UsagePlan(this, 'Shared', { name: `weir-${stage}-shared`, description, apiStages });
    const value = sharedUsageKey(api.restApiId);
    shared.addApiKey(new ApiKey(this, 'SharedKey', { apiKeyName: `weir-${stage}-shared`, description, value }));
  }

  /**
   * Lets functions do what their specs say to the keys of callers. In policies of their own, for the functions come before the methods,
   * and those before the stage and its plans.
   */
  allow(does: 'makes' | 'deletes', functions: readonly EntryFunction[]): void {
    for (const { entryName, lambda } of functions) {
      const statements = does === 'makes' ? this.#making() : deleting();
      const policy = new Policy(this, `${entryName.replaceAll('/', '-')}-${does}`, {
        roles: [lambda.role!],
        statements,
      });
      if (does === 'makes') continue;
      Validations.of(policy).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:apigateway:<AWS::Region>::/apikeys/*]',
        reason: 'API Gateway gives a key its id when a caller is made; what it opens is nothing but a rate.',
      });
    }
  }

  /** Keys are found again by their names, and IAM knows no lesser right for that than to list all keys of the account. */
  #making(): PolicyStatement[] {
    return [
      on(['GET', 'POST'], controlPlane('/apikeys')),
      on(['GET'], controlPlane('/usageplans')),
      on(['POST'], ...this.#plans.map(({ usagePlanId }) => controlPlane(`/usageplans/${usagePlanId}/keys`))),
    ];
  }
}

function deleting(): PolicyStatement[] {
  return [on(['GET'], controlPlane('/apikeys')), on(['DELETE'], controlPlane('/apikeys/*'))];
}

function on(methods: readonly string[], ...resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ actions: methods.map((method) => `apigateway:${method}`), resources: [...resources] });
}

/** A resource of the control plane, which belongs to no account (https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html). */
function controlPlane(path: string): string {
  return `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}::${path}`;
}
