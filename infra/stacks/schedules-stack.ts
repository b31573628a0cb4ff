import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BundleOf } from '../constructs/bundle-of.ts';
import { Rotation, type RotatedSecret } from '../constructs/rotation.ts';
import { Schedule } from '../constructs/schedule.ts';
import type { State } from '../constructs/state.ts';
import { slugOf } from '../inventory.ts';

export interface SchedulesStackProps extends StackProps {
  readonly bundles: readonly BundleOf<'schedule'>[];
  readonly rotations: readonly BundleOf<'rotation'>[];
  /** The secrets whose keys are rotated. */
  readonly rotated: readonly RotatedSecret[];
  readonly state: State;
}

/** What the clock starts. A stack of its own, so that nothing that is asked over HTTP has to be touched for it. */
export class SchedulesStack extends Stack {
  readonly schedules: readonly Schedule[];

  constructor(scope: Construct, id: string, { bundles, rotations, rotated, state, ...props }: SchedulesStackProps) {
    super(scope, id, { description: 'Weir: schedules', ...props });
    this.schedules = [
      ...bundles.map((bundle) => new Schedule(this, slugOf(bundle.entry.name), { bundle, state })),
      ...rotations.map((bundle) => new Rotation(this, slugOf(bundle.entry.name), { bundle, state, rotated })),
    ];
  }
}
