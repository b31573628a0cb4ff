import { AwsError } from '../json-protocol-server.ts';

/** One version's value: text, or bytes as base64. Never both. */
export interface SecretVersion {
  string?: string | undefined;
  binary?: string | undefined;
  createdAtMs: number;
}

/** A secret as it stands on disk. Every change makes a new one. */
export interface Secret {
  name: string;
  arn: string;
  description?: string | undefined;
  createdAtMs: number;
  changedAtMs: number;
  /** Set from DeleteSecret on: when the recovery window ends. */
  gone?: { deletedAtMs: number; finallyAtMs: number };
  versions: Readonly<Record<string, SecretVersion>>;
  /** Which version bears which staging label. A label is on one version at most. */
  labels: Readonly<Record<string, string>>;
}

export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';
export const PENDING = 'AWSPENDING';
/** AWS keeps about as many; versions that bear a label are never dropped. */
const MAX_VERSIONS = 100;

export const secretErrors = {
  notFound: (what = 'the specified secret') =>
    new AwsError('ResourceNotFoundException', `Secrets Manager can't find ${what}.`),
  exists: (message: string) => new AwsError('ResourceExistsException', message),
  invalidParameter: (message: string) => new AwsError('InvalidParameterException', message),
  invalidRequest: (message: string) => new AwsError('InvalidRequestException', message),
};

/** The labels of one version, in a stable order. */
export function labelsOf(secret: Secret, versionId: string): string[] {
  const labels = Object.entries(secret.labels).filter(([, holder]) => holder === versionId);
  return labels.map(([label]) => label).sort();
}

/**
 * Puts a label on a version, taking it from the one that had it. When AWSCURRENT moves, AWSPREVIOUS goes to the version
 * that it left, by itself.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function moveLabel(secret: Secret, label: string, versionId: string): Secret {
  const labels = { ...secret.labels, [label]: versionId };
  const wasCurrent = secret.labels[CURRENT];
  if (label === CURRENT && wasCurrent !== undefined && wasCurrent !== versionId) labels[PREVIOUS] = wasCurrent;
  return { ...secret, labels };
}

/** @throws InvalidParameterException for AWSCURRENT, which may move but never vanish */
export function removeLabel(secret: Secret, label: string): Secret {
  if (label === CURRENT) {
    throw secretErrors.invalidParameter(
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    );
  }
  const { [label]: _holder, ...labels } = secret.labels;
  return { ...secret, labels };
}

/**
 * Adds a version under the labels asked for. The same version with the same value again changes nothing, so that a
 * caller may repeat a call that it saw no answer to.
 * @throws ResourceExistsException when that version has another value
 */
export function addVersion(secret: Secret, versionId: string, version: SecretVersion, labels: string[]): Secret {
  const existing = secret.versions[versionId];
  if (existing) {
    if (existing.string === version.string && existing.binary === version.binary) return secret;
    throw secretErrors.exists(
      `The operation failed because the version ${versionId} exists already, with another value.`,
    );
  }
  const isFirst = Object.keys(secret.versions).length === 0;
  const wanted = isFirst && !labels.includes(CURRENT) ? [...labels, CURRENT] : labels;
  const added = { ...secret, versions: { ...secret.versions, [versionId]: version }, changedAtMs: version.createdAtMs };
  return withoutOldest(wanted.reduce((so, label) => moveLabel(so, label, versionId), added));
}

/**
 * Finds a version by id, label, or both; without either it is the current one.
 * @throws ResourceNotFoundException, or InvalidRequestException where id and label name different versions
 */
export function findVersion(secret: Secret, versionId?: string, label?: string): [id: string, SecretVersion] {
  const wantedLabel = label ?? (versionId === undefined ? CURRENT : undefined);
  const id = versionId ?? secret.labels[wantedLabel ?? CURRENT];
  const version = id === undefined ? undefined : secret.versions[id];
  if (id === undefined || !version) {
    const what = versionId === undefined ? `staging label: ${wantedLabel}` : `VersionId: ${versionId}`;
    throw secretErrors.notFound(`the specified secret value for ${what}`);
  }
  if (wantedLabel !== undefined && secret.labels[wantedLabel] !== id) {
    throw secretErrors.invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  return [id, version];
}

function withoutOldest(secret: Secret): Secret {
  const versions = Object.entries(secret.versions);
  const labelled = new Set(Object.values(secret.labels));
  const unlabelled = versions.filter(([id]) => !labelled.has(id)).sort(([, a], [, b]) => a.createdAtMs - b.createdAtMs);
  const dropped = new Set(unlabelled.slice(0, Math.max(0, versions.length - MAX_VERSIONS)).map(([id]) => id));
  return { ...secret, versions: Object.fromEntries(versions.filter(([id]) => !dropped.has(id))) };
}
