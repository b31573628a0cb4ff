import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Addresses that are nobody's on the internet (IANA's special-purpose registries), metadata services among them. */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Within 2000::/3, outside of which nothing is public: Teredo and 6to4 wrap an IPv4 address, the others are for documents. */
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Names that lead inwards whoever asks. */
const INWARD_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain)$/;
const PICTURE_DATA = /^data:image\/[\w.+-]+(;[\w.=-]+)*,/i;
/** Parsers disagree on a backslash and on white space, and a reader is misled by a user's name before the host. */
const AMBIGUOUS = /[\s\\@]|[^!-~]/;

/**
 * What is wrong with the address of a picture (I2), as the end of a sentence that begins with the field's name; undefined:
 * nothing is. Allowed are `https:` to a public host and `data:` of a picture.
 *
 * Weir asks no DNS for the name and fetches nothing: OpenAI does, from a network of its own, where a public name of a private
 * address, or a redirect to one, leads to nothing of ours. Whoever makes Weir fetch has to check the address that it connects to,
 * at each redirect: a name can have another one by then.
 */
export function imageUrlFault(url: string): string | undefined {
  if (/^data:/i.test(url)) return PICTURE_DATA.test(url) ? undefined : 'must be the data of a picture (data:image/…)';
  return publicUrlFault(url);
}

/** The same for an address that may not be `data:`. */
export function publicUrlFault(url: string): string | undefined {
  const authority = /^https:\/\/([^/?#]+)/i.exec(url)?.[1];
  if (authority === undefined || !URL.canParse(url)) return 'must be an address that begins with https://';
  if (AMBIGUOUS.test(authority)) return 'must name its host plainly: no user, no white space, ASCII only';
  return isPublicHost(new URL(url).hostname, authority) ? undefined : 'must lead to a public host';
}

/** @param host as the URL standard makes it of the authority: numbers of any base are four decimals, `%31` is `1` */
function isPublicHost(host: string, authority: string): boolean {
  if (host.startsWith('[')) return isPublicV6(host.slice(1, -1));
  const name = host.replace(/\.+$/, '');
  // Who reads `010.0.0.1` otherwise than the standard does would go elsewhere: an address is written as four decimals.
  if (isIPv4(name)) return authority.replace(/:\d*$/, '') === name && !lists().v4.check(name, 'ipv4');
  return name.includes('.') && !INWARD_NAME.test(name);
}

function isPublicV6(address: string): boolean {
  // Everything else wraps an IPv4 address (mapped, NAT64), or is local.
  return isIPv6(address) && /^[23][\da-f]{3}:/.test(address) && !lists().v6.check(address, 'ipv6');
}

let made: { readonly v4: BlockList; readonly v6: BlockList } | undefined;

/** Made when the first address comes: most calls have none. */
function lists() {
  return (made ??= { v4: listOf(NOT_PUBLIC_V4, 'ipv4'), v6: listOf(NOT_PUBLIC_V6, 'ipv6') });
}

function listOf(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}
