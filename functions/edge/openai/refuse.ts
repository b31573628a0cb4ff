import { InvalidRequest } from '#platform/errors.ts';
import { isRawJson } from '#platform/raw-json.ts';
import { showName, showValue } from '../shown.ts';

/** Refuses a request for one of its fields: `background must be false: …`. @throws InvalidRequest */
export function refuse(field: string, rule: string): never {
  const name = showName(field);
  throw new InvalidRequest([{ field: name, message: `${name} ${rule}` }]);
}

/** Refuses the value of a field: `n must be from 1 to 128, but 1000 was provided`. @throws InvalidRequest */
export function refuseValue(field: string, rule: string, given: unknown): never {
  const shown = isRawJson(given) ? showValue(Number(given.rawJSON)) : showValue(given);
  refuse(field, `must ${rule}, but ${shown} was provided`);
}
