import { BlockList, isIP } from "node:net";

/**
 * Addresses that are not on the public internet: this host, private and link-local networks, carriers' own, multicast,
 * documentation, and forms that hide an IPv4 address in an IPv6 one. IANA's special-purpose registries, as of 2025.
 */
const SPECIAL = new BlockList();
for (const [network, bits] of [
  ...[["0.0.0.0", 8] as const, ["10.0.0.0", 8] as const, ["100.64.0.0", 10] as const],
  ...[["127.0.0.0", 8] as const, ["169.254.0.0", 16] as const, ["172.16.0.0", 12] as const],
  ...[["192.0.0.0", 24] as const, ["192.0.2.0", 24] as const, ["192.88.99.0", 24] as const],
  ...[["192.168.0.0", 16] as const, ["198.18.0.0", 15] as const, ["198.51.100.0", 24] as const],
  ...[["203.0.113.0", 24] as const, ["224.0.0.0", 4] as const, ["240.0.0.0", 4] as const],
] as const)
  SPECIAL.addSubnet(network, bits, "ipv4");

/** Of IPv6 only 2000::/3 is handed out; of it these are not for everybody. */
const GLOBAL6 = new BlockList();
GLOBAL6.addSubnet("2000::", 3, "ipv6");
const SPECIAL6 = new BlockList();
for (const [network, bits] of [
  ...[["2001::", 23] as const, ["2001:db8::", 32] as const, ["2002::", 16] as const],
  ["3fff::", 20] as const,
] as const)
  SPECIAL6.addSubnet(network, bits, "ipv6");

/** Whether packets to that address leave for the internet. Not an address: false. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !SPECIAL.check(address, "ipv4");
  if (family !== 6) return false;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  return GLOBAL6.check(address, "ipv6") && !SPECIAL6.check(address, "ipv6");
}
