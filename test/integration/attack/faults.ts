import type { Change } from './attack-scene.ts';
import type { Target } from './targets.ts';

/** What is wrong with a request, and the routes on which it is: at the gateway, before the authorizer, or in the function. */
export const FAULTS: Readonly<Record<string, readonly [Change, (target: Target) => boolean]>> = {
  'nobody’s key': [{ key: 'nobody' }, ({ access }) => access.length > 0],
  'a path that is none': [{ path: '/v1/nowhere/arn:aws:iam::1:role/x' }, () => true],
  'a method that is none': [{ method: 'PATCH' }, () => true],
  'a parameter that nobody knows': [{ query: { stack: 'true', debug: '1' } }, ({ spec }) => spec.kind === 'route'],
  'a body that is no JSON': [{ body: '{"a":' }, ({ body }) => body !== undefined],
  'a body of another kind': [{ body: '["debug"]' }, ({ body }) => body !== undefined],
  'a body that is too large': [{ body: ' '.repeat(4_800_000) }, () => true],
  'headers that are too large': [{ headers: { 'x-large': 'a'.repeat(10_241) } }, () => true],
  'a header that is wrong': [{ headers: { 'x-weir-timeout-ms': 'x' } }, ({ spec }) => spec.kind === 'endpoint'],
};
