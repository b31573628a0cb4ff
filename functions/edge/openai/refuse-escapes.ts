import type { JsonObject } from '#protocol/request.ts';
import { refuse } from './refuse.ts';

/**
 * Members by which clients and other gateways are told where to go, as whom, or what else to send; lower case, without the
 * signs between words.
 */
const ESCAPES = new Set([
  'apibase',
  'apikey',
  'apitype',
  'apiversion',
  'authorization',
  'baseurl',
  'customllmprovider',
  'defaultheaders',
  'defaultquery',
  'endpoint',
  'extrabody',
  'extraheaders',
  'extraquery',
  'headers',
  'host',
  'organization',
  'organizationid',
  'project',
  'projectid',
  'proxy',
]);

/**
 * Where a request goes, and with which key, is not its caller's choice (I1). Only members of the body itself: deeper, the
 * same names are data, such as the properties of a tool's schema.
 *
 * @throws InvalidRequest that names the member
 */
export function refuseEscapes(body: JsonObject): void {
  for (const name of Object.keys(body)) {
    if (ESCAPES.has(name.toLowerCase().replaceAll(/[_-]/g, ''))) {
      refuse(name, 'is not allowed: where a request goes, and as whom, is set by the deployment');
    }
  }
}
