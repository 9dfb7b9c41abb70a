/** The notations of networks and of origins of web pages in the configuration. */
import { isIP } from 'node:net';

const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** Whether it is an address or a network: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = BITS[isIP(address)];
  if (most === undefined || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

/** Whether it is what a browser sends as `Origin`: scheme, host in lower case, a port that is not the scheme's own. */
export function isOrigin(text: string): boolean {
  if (text === '*') return true;
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text;
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(text); // an origin of a browser's extension, for example
}
