import type { CallerPolicy } from '#platform/principal.ts';
import { holdsContent, isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { refuseHostedToolsIn } from './hosted-tools.ts';
import { boundPicture } from './images.ts';
import { breakpointTtl } from './prompt-cache-ttl.ts';
import { isUncounted } from './stored-input.ts';
import { refuseUnpricedPart } from './unpriced-parts.ts';

/** What was found out while a request's content was read. */
interface Findings {
  readonly policy: CallerPolicy | undefined;
  refersToStored: boolean;
  promptCacheTtl: PassRequest['promptCacheTtl'];
}

/**
 * Reads all that a model is shown, at any depth: the one walk over messages, items and their parts. Gives the body with each
 * picture's detail named, and what the rest says of its cost.
 *
 * @throws InvalidRequest for parts whose cost could not be held, or that the caller's policy does not allow
 */
export function readContent(body: JsonObject, policy: CallerPolicy | undefined) {
  const found: Findings = { policy, refersToStored: false, promptCacheTtl: '30m' };
  const bounded = Object.fromEntries(
    Object.entries(body).map(([name, member]) => [
      name,
      holdsContent(name, true) ? bound(member, name, found) : member,
    ]),
  );
  return { body: bounded, refersToStored: found.refersToStored, promptCacheTtl: found.promptCacheTtl };
}

function bound(value: unknown, place: string, found: Findings): unknown {
  if (Array.isArray(value)) return value.map((item, index) => bound(item, `${place}.${index}`, found));
  if (!isJsonObject(value)) return value;
  refuseUnpricedPart(value, place);
  refuseHostedToolsIn(value, `${place}.`);
  if (breakpointTtl(value, place) === '12h') found.promptCacheTtl = '12h';
  if (isUncounted(value, place, found.policy)) found.refersToStored = true;
  return Object.fromEntries(
    Object.entries(boundPicture(value, place)).map(([name, member]) => [
      name,
      holdsContent(name, false) ? bound(member, `${place}.${name}`, found) : member,
    ]),
  );
}
