/**
 * Keeps connections of the catalogue away from addresses at which no database is, but what a machine in a cloud tells only
 * itself: link-local ones and those of clouds' metadata. The name is looked up by the connecting socket itself, so that
 * a name cannot lead elsewhere than it was checked for.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type Socket, type TcpSocketConnectOpts } from 'node:net';

/** The code of the error of a refused address. */
export const REFUSED_ADDRESS = 'EADDRESSREFUSED';

/** The reason as people are told it. */
export const REFUSED_ADDRESS_TEXT =
  "its host is a link-local address or one of a cloud's metadata, which connections of the catalogue never reach";

function refusedAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet('169.254.0.0', 16, 'ipv4');
  list.addAddress('100.100.100.200', 'ipv4'); // Alibaba Cloud
  list.addAddress('168.63.129.16', 'ipv4'); // Azure
  list.addAddress('192.0.0.192', 'ipv4'); // Oracle Cloud
  list.addSubnet('fe80::', 10, 'ipv6');
  list.addAddress('fd00:ec2::254', 'ipv6'); // Amazon
  list.addAddress('fd20:ce::254', 'ipv6'); // Google
  return list;
}

const REFUSED = refusedAddresses();

/** Prefixes of IPv6 addresses whose last four bytes are an IPv4 address. */
const EMBEDDING = new BlockList();
EMBEDDING.addSubnet('::', 96, 'ipv6');
EMBEDDING.addSubnet('::ffff:0:0', 96, 'ipv6');
EMBEDDING.addSubnet('::ffff:0:0:0', 96, 'ipv6');
EMBEDDING.addSubnet('64:ff9b::', 96, 'ipv6');

/** Whether connections of the catalogue may not reach this address. */
export function isRefusedAddress(address: string): boolean {
  const plain = address.split('%')[0]!; // the zone, such as %eth0
  if (isIP(plain) === 4) return REFUSED.check(plain, 'ipv4');
  if (isIP(plain) !== 6) return false;
  if (REFUSED.check(plain, 'ipv6')) return true;
  const inside = EMBEDDING.check(plain, 'ipv6') ? lastFourBytes(plain) : sixToFour(plain);
  return inside !== null && REFUSED.check(inside, 'ipv4');
}

/** Returns the 16-bit groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const url = new URL(`http://[${address}]`).hostname.slice(1, -1); // the one canonical notation, without dots
  const [head = '', tail] = url.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill('0'), ...after].map((group) => Number.parseInt(group, 16));
}

function lastFourBytes(address: string): string {
  const groups = groupsOf(address);
  return dotted(groups[6]!, groups[7]!);
}

/** 2002:a9fe:... of 6to4. */
function sixToFour(address: string): string | null {
  const groups = groupsOf(address);
  return groups[0] === 0x2002 ? dotted(groups[1]!, groups[2]!) : null;
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function refusal(): NodeJS.ErrnoException {
  return Object.assign(new Error(REFUSED_ADDRESS_TEXT), { code: REFUSED_ADDRESS });
}

type Found = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Looks a name up as Node does, and refuses it when any of its addresses is refused. */
export function guardedLookup(host: string, options: LookupOptions, callback: Found): void {
  lookup(host, options, (error, address: string | LookupAddress[], family?: number) => {
    const addresses = typeof address === 'string' ? [{ address }] : (address ?? []);
    if (error === null && addresses.some((each) => isRefusedAddress(each.address))) callback(refusal(), '');
    else callback(error, address, family);
  });
}

/** Resolves to all addresses of a name or a number, for whoever connects to them itself. Rejects when any of them is refused. */
export function lookUpGuarded(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) =>
    guardedLookup(host, { all: true }, (error, found) =>
      error === null ? resolve(found as LookupAddress[]) : reject(error),
    ),
  );
}

/** Makes a socket connect only to addresses that are not refused. */
export function connectGuarded(socket: Socket, port: number, host: string): void {
  if (isRefusedAddress(host)) {
    socket.destroy(refusal());
    return;
  }
  const options: TcpSocketConnectOpts = { port, host, lookup: guardedLookup };
  socket.connect(options);
}
