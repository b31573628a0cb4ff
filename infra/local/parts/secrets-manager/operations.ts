import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '#platform/clock.ts';
import { operation, type Operation } from '../json-protocol-server.ts';
import type { StateFile } from '../state-file.ts';
import { addVersion, findVersion, labelsOf, moveLabel, removeLabel, secretErrors } from './secret.ts';
import { CURRENT, PENDING, type Secret, type SecretVersion } from './secret.ts';

const DAY_MS = 86_400_000;
const MAX_VALUE_BYTES = 65_536;
const MAX_LISTED = 100;
/** Tokens name versions; AWS asks for 32 to 64 characters, a UUID as a rule. */
const MIN_TOKEN_LENGTH = 32;
const MAX_TOKEN_LENGTH = 64;
const ARN_PREFIX = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';

const value = {
  SecretString: z.string().optional(),
  SecretBinary: z.base64().optional(),
  ClientRequestToken: z.string().optional(),
};
type Value = z.infer<z.ZodObject<typeof value>>;
const named = { SecretId: z.string() };
const createSecret = z.object({ Name: z.string(), Description: z.string().optional(), ...value });
const putSecretValue = z.object({ ...named, ...value, VersionStages: z.array(z.string()).min(1).max(20).optional() });
const getSecretValue = z.object({ ...named, VersionId: z.string().optional(), VersionStage: z.string().optional() });
const rotateSecret = z.object({ ...named, ClientRequestToken: z.string().min(32).max(64).optional() });
const moveStage = z.object({
  ...named,
  VersionStage: z.string(),
  MoveToVersionId: z.string().optional(),
  RemoveFromVersionId: z.string().optional(),
});
const deleteSecret = z.object({
  ...named,
  RecoveryWindowInDays: z.int().min(7).max(30).optional(),
  ForceDeleteWithoutRecovery: z.boolean().optional(),
});
const listSecrets = z.object({
  MaxResults: z.int().min(1).max(MAX_LISTED).optional(),
  NextToken: z.string().optional(),
  IncludePlannedDeletion: z.boolean().optional(),
  Filters: z.array(z.object({ Key: z.literal('name'), Values: z.array(z.string()) })).optional(),
});

/** Secrets Manager's calls over the secrets of a state file, whose keys are the secrets' names. */
export function secretOperations(state: StateFile<Secret>, clock: Clock): Record<string, Operation> {
  const save = (secret: Secret) => state.write([secret.name, secret]);

  /** A secret by its name or ARN; one whose recovery window has ended is removed on the way. */
  function lookUp(secretId: string): Secret | undefined {
    const secret = state.get(secretId) ?? [...state.entries()].find(([, { arn }]) => arn === secretId)?.[1];
    if (!secret?.gone || secret.gone.finallyAtMs > clock.nowMs()) return secret;
    state.write([secret.name, undefined]);
    return undefined;
  }
  function find(secretId: string): Secret {
    const secret = lookUp(secretId);
    if (!secret) throw secretErrors.notFound();
    return secret;
  }
  function findUsable(secretId: string): Secret {
    const secret = find(secretId);
    if (!secret.gone) return secret;
    throw secretErrors.invalidRequest(
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  return {
    CreateSecret: operation(createSecret, (input) => {
      const { Name, Description } = input;
      if (!/^[\w/+=.@-]{1,512}$/.test(Name)) throw secretErrors.invalidParameter('Invalid name.');
      const existing = lookUp(Name);
      if (existing) return answerExisting(existing, input);
      const nowMs = clock.nowMs();
      const arn = `${ARN_PREFIX}${Name}-${randomBytes(3).toString('hex')}`;
      const empty = { name: Name, arn, description: Description, createdAtMs: nowMs, changedAtMs: nowMs };
      const secret: Secret = { ...empty, versions: {}, labels: {} };
      if (input.SecretString === undefined && input.SecretBinary === undefined) {
        save(secret);
        return { ARN: arn, Name };
      }
      const [versionId, version] = toVersion(input, nowMs);
      save(addVersion(secret, versionId, version, [CURRENT]));
      return { ARN: arn, Name, VersionId: versionId };
    }),

    PutSecretValue: operation(putSecretValue, (input) => {
      const secret = findUsable(input.SecretId);
      const [versionId, version] = toVersion(input, clock.nowMs());
      const changed = addVersion(secret, versionId, version, input.VersionStages ?? [CURRENT]);
      if (changed !== secret) save(changed);
      const { arn, name } = secret;
      return { ARN: arn, Name: name, VersionId: versionId, VersionStages: labelsOf(changed, versionId) };
    }),

    GetSecretValue: operation(getSecretValue, ({ SecretId, VersionId, VersionStage }) => {
      const secret = findUsable(SecretId);
      const [id, version] = findVersion(secret, VersionId, VersionStage);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: id,
        SecretString: version.string,
        SecretBinary: version.binary,
        VersionStages: labelsOf(secret, id),
        CreatedDate: version.createdAtMs / 1000,
      };
    }),

    UpdateSecretVersionStage: operation(moveStage, (input) => {
      const secret = findUsable(input.SecretId);
      save(withStageMoved(secret, input));
      return { ARN: secret.arn, Name: secret.name };
    }),

    // Begins a rotation, as AWS does: the label is there before the value. Whoever asked invokes the function.
    RotateSecret: operation(rotateSecret, ({ SecretId, ClientRequestToken: versionId = randomUUID() }) => {
      const secret = findUsable(SecretId);
      const pending = secret.labels[PENDING];
      const isOpen = pending !== undefined && pending !== versionId && pending !== secret.labels[CURRENT];
      if (isOpen) {
        throw secretErrors.invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
      }
      save(moveLabel(secret, PENDING, versionId));
      return { ARN: secret.arn, Name: secret.name, VersionId: versionId };
    }),

    DescribeSecret: operation(z.object(named), ({ SecretId }) => {
      const secret = find(SecretId);
      return { ...describe(secret), VersionIdsToStages: stagesByVersion(secret) };
    }),

    DeleteSecret: operation(deleteSecret, ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery }) => {
      if (ForceDeleteWithoutRecovery && RecoveryWindowInDays !== undefined) {
        throw secretErrors.invalidParameter(
          "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        );
      }
      const secret = ForceDeleteWithoutRecovery ? find(SecretId) : findUsable(SecretId);
      const deletedAtMs = clock.nowMs();
      const windowMs = ForceDeleteWithoutRecovery ? 0 : (RecoveryWindowInDays ?? 30) * DAY_MS;
      const gone = { deletedAtMs, finallyAtMs: deletedAtMs + windowMs };
      if (windowMs === 0) state.write([secret.name, undefined]);
      else save({ ...secret, gone });
      return { ARN: secret.arn, Name: secret.name, DeletionDate: gone.finallyAtMs / 1000 };
    }),

    ListSecrets: operation(listSecrets, (input) => {
      const { MaxResults = MAX_LISTED, NextToken = '', IncludePlannedDeletion = false, Filters = [] } = input;
      const wanted = [...state.entries()]
        .map(([, secret]) => secret)
        .filter((secret) => !secret.gone || (IncludePlannedDeletion && secret.gone.finallyAtMs > clock.nowMs()))
        .filter(({ name }) => Filters.every(({ Values }) => Values.some((prefix) => name.startsWith(prefix))))
        .filter(({ name }) => name > NextToken)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = wanted.slice(0, MaxResults);
      const SecretList = page.map((secret) => ({
        ...describe(secret),
        SecretVersionsToStages: stagesByVersion(secret),
      }));
      return { SecretList, ...(page.length < wanted.length && { NextToken: page.at(-1)?.name }) };
    }),
  };
}

/** Creating the same secret again under the same token is a repeat, not a second secret. */
function answerExisting(existing: Secret, input: Value): object {
  if (existing.gone) {
    throw secretErrors.invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const version = input.ClientRequestToken && existing.versions[input.ClientRequestToken];
  const isRepeat = version && version.string === input.SecretString && version.binary === input.SecretBinary;
  if (isRepeat) return { ARN: existing.arn, Name: existing.name, VersionId: input.ClientRequestToken };
  throw secretErrors.exists(`The operation failed because the secret ${existing.name} already exists.`);
}

function toVersion(input: Value, createdAtMs: number): [id: string, SecretVersion] {
  const { SecretString, SecretBinary, ClientRequestToken } = input;
  if ((SecretString === undefined) === (SecretBinary === undefined)) {
    throw secretErrors.invalidParameter('You must provide either SecretString or SecretBinary, and not both.');
  }
  const length = ClientRequestToken?.length ?? MIN_TOKEN_LENGTH;
  if (length < MIN_TOKEN_LENGTH || length > MAX_TOKEN_LENGTH) {
    throw secretErrors.invalidParameter(`ClientRequestToken must have 32 to 64 characters, but ${length} were sent.`);
  }
  const bytes = SecretBinary === undefined ? Buffer.from(SecretString ?? '') : Buffer.from(SecretBinary, 'base64');
  if (bytes.length === 0 || bytes.length > MAX_VALUE_BYTES) {
    throw secretErrors.invalidParameter(`A value must have 1 to ${MAX_VALUE_BYTES} bytes, but has ${bytes.length}.`);
  }
  return [ClientRequestToken ?? randomUUID(), { string: SecretString, binary: SecretBinary, createdAtMs }];
}

function withStageMoved(secret: Secret, input: z.infer<typeof moveStage>): Secret {
  const { VersionStage, MoveToVersionId, RemoveFromVersionId } = input;
  const holder = secret.labels[VersionStage];
  if (MoveToVersionId !== undefined) findVersion(secret, MoveToVersionId);
  // Naming the version that loses the label is AWS's guard against two rotations that undo each other.
  if (holder !== undefined && holder !== MoveToVersionId && holder !== RemoveFromVersionId) {
    throw secretErrors.invalidParameter(
      `Staging label ${VersionStage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (holder === undefined && RemoveFromVersionId !== undefined) {
    throw secretErrors.invalidParameter(`Staging label ${VersionStage} is not attached to ${RemoveFromVersionId}.`);
  }
  return MoveToVersionId === undefined
    ? removeLabel(secret, VersionStage)
    : moveLabel(secret, VersionStage, MoveToVersionId);
}

function describe(secret: Secret) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    CreatedDate: secret.createdAtMs / 1000,
    LastChangedDate: secret.changedAtMs / 1000,
    ...(secret.gone && { DeletedDate: secret.gone.deletedAtMs / 1000 }),
  };
}

/** Versions without a label are not shown, as at AWS. */
function stagesByVersion(secret: Secret): Record<string, string[]> {
  return Object.fromEntries([...new Set(Object.values(secret.labels))].map((id) => [id, labelsOf(secret, id)]));
}
