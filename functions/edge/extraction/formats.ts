import { isIPv4, isIPv6 } from 'node:net';
import type { StringFormat } from './schema-node.ts';

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i;
/** RFC 3339, appendix A: units in order, none left out in the middle, weeks by themselves. */
const DURATION =
  /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?|T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;
/** RFC 5321's dot-atom. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const QUOTED_PART = /^"(?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\[\x20-\x7E])*"$/;

/** Whether a text has a format, as JSON Schema's vocabulary for assertions of format means it. */
export function hasFormat(text: string, format: StringFormat): boolean {
  return CHECKS[format](text);
}

const CHECKS: Readonly<Record<StringFormat, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': (text) => /^.{10}t/i.test(text) && isDate(text.slice(0, 10)) && isTime(text.slice(11)),
  duration: (text) => DURATION.test(text),
  email: isEmail,
  hostname: isHostname,
  ipv4: isIPv4,
  // A zone is no part of an address.
  ipv6: (text) => isIPv6(text) && !text.includes('%'),
  uuid: (text) => UUID.test(text),
};

function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return Number(month) >= 1 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** A leap second is the last one of a day in UTC. */
function isTime(text: string): boolean {
  const [, hours, minutes, seconds, sign, aheadHours = '0', aheadMinutes = '0'] = TIME.exec(text) ?? [];
  if (hours === undefined) return false;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(aheadHours) > 23 || Number(aheadMinutes) > 59) return false;
  if (Number(seconds) < 60) return true;
  const ahead = (Number(aheadHours) * 60 + Number(aheadMinutes)) * (sign === '-' ? -1 : 1);
  const minuteOfDay = (Number(hours) * 60 + Number(minutes) - ahead + 2 * 1_440) % 1_440;
  return Number(seconds) === 60 && minuteOfDay === 1_439;
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !(LOCAL_PART.test(local) || QUOTED_PART.test(local))) return false;
  if (!domain.startsWith('[')) return isHostname(domain);
  const literal = domain.slice(1, -1);
  return domain.endsWith(']') && (isIPv4(literal) || (/^IPv6:/i.test(literal) && isIPv6(literal.slice(5))));
}

/** RFC 1123: letters, digits and hyphens. Whether a label in Punycode decodes to what IDNA allows is not looked at. */
function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
}
