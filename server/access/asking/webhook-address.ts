import { lookup as resolve, type LookupAddress, type LookupOptions } from "node:dns";
import { BlockList, isIP, isIPv6 } from "node:net";
import { TwinwardError } from "../../../protocol/errors.ts";

/** IPv4 that the internet does not route: IANA's special-purpose registry (RFC 6890 and after). */
const PRIVATE_4 = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
  "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
  "224.0.0.0/4", "240.0.0.0/4",
]; // prettier-ignore
/** Of IPv6 only 2000::/3 is given out; of that, what is for documentation, protocols, or holds an IPv4 address within. */
const PUBLIC_6 = "2000::/3";
const PRIVATE_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const listOf = (subnets: readonly string[], family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = "", prefix] = subnet.split("/");
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
};
const private4 = listOf(PRIVATE_4, "ipv4");
const public6 = listOf([PUBLIC_6], "ipv6");
const private6 = listOf(PRIVATE_6, "ipv6");

/** Whether the whole internet reaches this address: what it does not reach may trust whoever is near, and we are. */
export function isPublic(address: string): boolean {
  if (isIPv6(address)) return public6.check(address, "ipv6") && !private6.check(address, "ipv6");
  return isIP(address) === 4 && !private4.check(address, "ipv4");
}

/**
 * Refuses at once what needs no name resolved. What a name leads to is looked at when it is connected to, each time, and not
 * told to whoever asked: they shall not learn our names. Throws WEBHOOK_REFUSED.
 */
export function requireAddress(url: URL, privateAllowed: boolean): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const near = isIP(host) === 0 ? /(?:^|\.)localhost\.?$/.test(host) : !isPublic(host);
  if (near && !privateAllowed) throw new TwinwardError("WEBHOOK_REFUSED");
}

type Answered = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** A resolver for one connection: a name of which any address is private leads nowhere, so that it cannot change in between. */
export function lookupPublic(host: string, options: LookupOptions, answered: Answered): void {
  resolve(host, { ...options, all: true }, (error, found) => {
    const [first] = error ? [] : found;
    if (error) answered(error, []);
    else if (!first || !found.every(({ address }) => isPublic(address)))
      answered(new TwinwardError("WEBHOOK_REFUSED"), []);
    else if (options.all) answered(null, found);
    else answered(null, first.address, first.family);
  });
}
