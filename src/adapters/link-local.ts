/** Addresses that reach nothing but this machine's own link are refused, by whatever name they go. */
import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Where clouds keep the credentials of machines: nothing that we ask or tell. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

/** The address that is connected to is the one that was looked at. */
export const guardedLookup =
  (what: string): LookupFunction =>
  (hostname, options, callback) => {
    dnsLookup(hostname, options, (error, address, family) => {
      if (error) return callback(error, address, family);
      try {
        for (const one of Array.isArray(address) ? address : [{ address }])
          refuseLinkLocal(one.address, what);
      } catch (refused) {
        return callback(refused as Error, address, family);
      }
      callback(null, address, family);
    });
  };

/** @param what it is said to be */
export function refuseLinkLocal(address: string, what: string): void {
  const mapped = /^::ffff:([\d.]+|[\da-f]+:[\da-f]+)$/i.exec(address)?.[1];
  const plain = mapped?.includes(':') ? fromHex(mapped) : (mapped ?? address);
  if (LINK_LOCAL.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6'))
    throw new Error(`${plain} is a link-local address, and no ${what}`);
}

/** `a9fe:a9fe`, the end of an IPv4 address in IPv6 as URLs write it. */
function fromHex(text: string): string {
  const [high = 0, low = 0] = text.split(':').map((part) => parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
