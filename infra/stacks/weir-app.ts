import { App, STACK_RESOURCE_LIMIT_CONTEXT, Tags, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdkJson from '../../cdk.json' with { type: 'json' };
import type { Bundle } from '../bundle/bundle-entries.ts';
import { bundlesOf, type BundleOf } from '../constructs/bundle-of.ts';
import type { Endpoint } from '../constructs/endpoint.ts';
import type { Schedule } from '../constructs/schedule.ts';
import type { RotatedSecret } from '../constructs/rotation.ts';
import { parseCorsOrigin } from '../cors-preflight.ts';
import { secretNamed, type State } from '../constructs/state.ts';
import type { WorkloadIdentity } from '#platform/config.ts';
import { ApiStack } from './api-stack.ts';
import { assertDeployable } from './deployable.ts';
import { EndpointsStack, MOST_ENDPOINTS_A_STACK } from './endpoints-stack.ts';
import { ObservabilityStack } from './observability-stack.ts';
import { SchedulesStack } from './schedules-stack.ts';
import { spread } from './spread.ts';
import { ADMIN_SECRET, StateStack } from './state-stack.ts';

export interface WeirAppProps extends AppProps {
  /** All entries, bundled. */
  readonly bundles: readonly Bundle[];
  /** The time at which every model must have a price, in epoch milliseconds. @default now */
  readonly atMs?: number;
}

/** A stack holds 500 resources at most; room is left for what CDK adds. */
const MOST_RESOURCES_A_STACK = 399;
/** What API Gateway takes as a stage, short enough for every name that it becomes a part of. */
const STAGE = /^[a-z][a-z0-9]{0,15}$/;
const PROJECT_OF_SECRET = /^([\w/-]+)=(proj_\w+)$/;
const IDENTITY_OF_SECRET = /^([\w/-]+)=([\w-]+)\/([\w-]+)$/;
/** As much of an e-mail address as tells it from a mistake. SNS asks whoever has it to agree. */
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/**
 * What AWS would run. Context: `stage` (default `prod`) names one deployment of several in an account, `alarmTopicArn` the
 * SNS topic that alarms go to, `noticeEmail` the address that gets notices of budgets, `openaiProjects` the OpenAI project of
 * each secret whose keys are to be rotated (`openai=proj_…`, with commas between), `workloadIdentities` the identity provider and the
 * service account of each secret's name that shall have no key (`openai=idp_…/user_…`, likewise), `corsOrigin` the origin whose pages
 * may read replies, `waf` (`true`) puts AWS WAF before the API.
 *
 * @throws Error when an entry is not fit to be deployed, and at synth when cdk-nag or CDK's own rules find something
 */
export class WeirApp extends App {
  readonly state: StateStack;
  readonly endpoints: readonly Endpoint[];
  readonly schedules: readonly Schedule[];
  readonly api: ApiStack;
  readonly observability: ObservabilityStack;

  constructor({ bundles, atMs = Date.now(), ...props }: WeirAppProps) {
    super({
      ...props,
      context: { ...cdkJson.context, [STACK_RESOURCE_LIMIT_CONTEXT]: MOST_RESOURCES_A_STACK, ...props.context },
    });
    assertDeployable(bundles, atMs);
    const stage = this.#stage();
    const alarmTopicArn = this.node.tryGetContext('alarmTopicArn') as string | undefined;
    const endpointBundles = bundlesOf(bundles, 'endpoint');
    const [authorizer] = bundlesOf(bundles, 'authorizer') as [BundleOf<'authorizer'>];

    const names = secretNames(endpointBundles);
    const identities = this.#identities(names);
    this.state = new StateStack(this, `weir-${stage}-state`, {
      stage,
      secretNames: names.filter((name) => !identities.has(name)),
      identities,
      noticeEmail: this.#noticeEmail(),
    });
    this.endpoints = this.#makeEndpoints(stage, endpointBundles, this.state, alarmTopicArn);
    const rotated = this.#rotated(this.state);
    this.schedules = this.#makeSchedules(stage, bundles, rotated, this.state);
    this.api = new ApiStack(this, `weir-${stage}-api`, {
      stage,
      authorizer,
      state: this.state,
      rotated,
      endpoints: this.endpoints,
      routes: bundlesOf(bundles, 'route'),
      corsOrigin: parseCorsOrigin(this.node.tryGetContext('corsOrigin') as string | undefined, 'corsOrigin'),
      waf: this.#waf(),
    });
    this.observability = new ObservabilityStack(this, `weir-${stage}-observability`, {
      stage,
      alarmTopicArn,
      endpoints: this.endpoints,
      schedules: this.schedules,
      gateway: this.api.gateway,
      authorizer: this.api.authorizer,
    });

    Tags.of(this).add('weir:stage', stage);
    Validations.of(this).addPlugins(new AwsSolutionsChecks(this));
  }

  #stage(): string {
    const stage = (this.node.tryGetContext('stage') as string | undefined) ?? 'prod';
    if (STAGE.test(stage)) return stage;
    throw new Error(`stage must be 1 to 16 small letters and digits, a letter first, but '${stage}' was provided`);
  }

  #waf(): boolean {
    // Text on a command line, a boolean in cdk.json.
    const waf = this.node.tryGetContext('waf') as boolean | string | undefined;
    const wished = waf?.toString() ?? 'false';
    if (wished === 'true' || wished === 'false') return wished === 'true';
    throw new Error(`waf must be true or false, but '${wished}' was provided`);
  }

  #noticeEmail(): string | undefined {
    const email = this.node.tryGetContext('noticeEmail') as string | undefined;
    if (email === undefined || EMAIL.test(email)) return email;
    throw new Error(`noticeEmail must be an e-mail address, but '${email}' was provided`);
  }

  #makeEndpoints(
    stage: string,
    bundles: readonly BundleOf<'endpoint'>[],
    state: State,
    alarmTopicArn: string | undefined,
  ): Endpoint[] {
    const byName = new Map(bundles.map((bundle) => [bundle.entry.name, bundle]));
    return spread([...byName.keys()], MOST_ENDPOINTS_A_STACK).flatMap((names, group) => {
      if (names.length === 0) return [];
      const some = names.map((name) => byName.get(name)!);
      const id = `weir-${stage}-endpoints-${group + 1}`;
      return new EndpointsStack(this, id, { bundles: some, state, alarmTopicArn }).endpoints;
    });
  }

  /** A stack without a resource cannot be deployed. */
  #makeSchedules(
    stage: string,
    all: readonly Bundle[],
    rotated: readonly RotatedSecret[],
    state: State,
  ): readonly Schedule[] {
    const [bundles, rotations] = [bundlesOf(all, 'schedule'), bundlesOf(all, 'rotation')];
    if (bundles.length + rotations.length === 0) return [];
    return new SchedulesStack(this, `weir-${stage}-schedules`, { bundles, rotations, rotated, state }).schedules;
  }

  /** What a context says of several secrets, piece by piece. */
  #pairs(context: 'openaiProjects' | 'workloadIdentities'): string[] {
    const given = (this.node.tryGetContext(context) as string | undefined) ?? '';
    const pairs = given.split(',').flatMap((pair) => (pair.trim() === '' ? [] : [pair.trim()]));
    const names = pairs.map((pair) => pair.split('=')[0]);
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) throw new Error(`${context} must name a secret once, but ${twice} stands there again`);
    return pairs;
  }

  #identities(names: readonly string[]): Map<string, WorkloadIdentity> {
    const identities = this.#pairs('workloadIdentities').map((pair) => {
      const [, name = '', identityProviderId = '', serviceAccountId = ''] = IDENTITY_OF_SECRET.exec(pair) ?? [];
      if (names.includes(name)) return [name, { identityProviderId, serviceAccountId }] as const;
      throw new Error(
        `workloadIdentities must be <secret>=<identity provider>/<service account> of ${names.join(', ')}, but '${pair}' was provided`,
      );
    });
    return new Map(identities);
  }

  #rotated(state: State): RotatedSecret[] {
    return this.#pairs('openaiProjects').flatMap((pair) => {
      const [, name = '', project = ''] = PROJECT_OF_SECRET.exec(pair) ?? [];
      if (state.identities.has(name)) {
        throw new Error(
          `${name} is keyless by workloadIdentities, so openaiProjects must not name it: no key is there to rotate`,
        );
      }
      if (state.secrets.has(name)) return [{ name, project, secret: secretNamed(state, name) }];
      throw new Error(
        `openaiProjects must be <secret>=<project> of ${[...state.secrets.keys()].join(', ')}, but '${pair}' was provided`,
      );
    });
  }
}

function secretNames(bundles: readonly BundleOf<'endpoint'>[]): string[] {
  const names = [...new Set(bundles.map((bundle) => bundle.entry.spec.secret))].sort();
  if (names.includes(ADMIN_SECRET)) throw new Error(`no endpoint may use the secret ${ADMIN_SECRET}`);
  return names;
}
