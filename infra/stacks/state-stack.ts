import { RemovalPolicy, Stack, Validations, type StackProps } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { Notices } from '../constructs/notices.ts';
import type { State, UpstreamSecret } from '../constructs/state.ts';
import { WeirTable } from '../constructs/weir-table.ts';
import { TABLES } from '../tables.ts';

/** The admin key's secret, beside those that specs name. */
export const ADMIN_SECRET = 'openai-admin';

export interface StateStackProps extends StackProps {
  readonly stage: string;
  /** Names of the secrets that specs use, and that are not keyless. */
  readonly secretNames: readonly string[];
  /** Of the keyless ones. @default none */
  readonly identities?: State['identities'];
  /** Who gets notices by e-mail. @default nobody, until somebody subscribes to the topic */
  readonly noticeEmail?: string | undefined;
}

/** What outlives a deployment: tables, secrets, and who has subscribed to notices. */
export class StateStack extends Stack implements State {
  readonly tables: State['tables'];
  readonly secrets: State['secrets'];
  readonly identities: State['identities'];
  readonly adminSecret: UpstreamSecret;
  readonly notices: Notices;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    const { stage, secretNames, identities = new Map(), noticeEmail, ...stackProps } = props;
    super(scope, id, { description: 'Weir: tables, secrets and notices', terminationProtection: true, ...stackProps });
    this.tables = this.#makeTables();
    this.secrets = new Map(secretNames.map((name) => [name, this.#makeUpstreamSecret(name, stage)]));
    this.identities = identities;
    this.adminSecret = this.#makeSecret(
      ADMIN_SECRET,
      `weir/${stage}/${ADMIN_SECRET}`,
      'OpenAI admin key, with which keys are rotated',
    );
    this.notices = new Notices(this, 'Notices', { stage, email: noticeEmail });
  }

  #makeTables(): State['tables'] {
    const tables = TABLES.map((definition) => [
      definition.name,
      new WeirTable(this, `table-${definition.name}`, { definition }),
    ]);
    return Object.fromEntries(tables) as State['tables'];
  }

  #makeUpstreamSecret(name: string, stage: string): UpstreamSecret {
    const description = `OpenAI API key of the endpoints whose secret is ${name}`;
    return this.#makeSecret(name, `weir/${stage}/${name}`, description);
  }

  /**
   * A secret without a value: `npm run weir -- setup` brings it. CDK's own `Secret` would make up a random password, and
   * send it to OpenAI as a key. It outlives its stack: functions that go over to another credential read it until they have.
   *
   * Who may read it stands in the roles' own policies. A policy of the secret's that denies everybody else would have to name roles of
   * stacks that come later: a role that is replaced could read nothing until the secret's stack has followed.
   */
  #makeSecret(name: string, id: string, description: string): UpstreamSecret {
    const secret = new CfnSecret(this, `secret-${name}`, {
      name: id,
      description,
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'No managed rotation knows OpenAI: Weir’s own function rotates the secrets whose OpenAI project is told, and a key may be put by hand at any time.',
    });
    return { id, arn: secret.ref };
  }
}
