import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BundleOf } from '../constructs/bundle-of.ts';
import { EndpointAlarms } from '../constructs/endpoint-alarms.ts';
import { Endpoint } from '../constructs/endpoint.ts';
import type { State } from '../constructs/state.ts';
import { slugOf } from '../inventory.ts';

export interface EndpointsStackProps extends StackProps {
  readonly bundles: readonly BundleOf<'endpoint'>[];
  readonly state: State;
  /** Where alarms go. @default they are only seen */
  readonly alarmTopicArn?: string | undefined;
}

/** An endpoint with its queues and alarms is 20 resources, and a stack shall stay under 400. */
export const MOST_ENDPOINTS_A_STACK = 19;

/** Some of the endpoints, each with its queues and alarms: an alarm lives and dies with what it watches. */
export class EndpointsStack extends Stack {
  readonly endpoints: readonly Endpoint[];
  readonly alarms: readonly EndpointAlarms[];

  constructor(scope: Construct, id: string, { bundles, state, alarmTopicArn, ...props }: EndpointsStackProps) {
    super(scope, id, { description: 'Weir: endpoints', ...props });
    this.endpoints = bundles.map((bundle) => new Endpoint(this, slugOf(bundle.entry.name), { bundle, state }));
    this.alarms = this.endpoints.map((endpoint) => new EndpointAlarms(endpoint, 'Alarms', { endpoint, alarmTopicArn }));
  }
}
