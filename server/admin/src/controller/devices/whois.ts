// What is known of the address of a device, in words.
import type { Whois } from '../types';

/** Facts with their names; none for an address of which nothing is known. */
export function whoisFacts(whois: Whois | null | undefined): [string, string][] {
  if (!whois) return [];
  const { isp, asn, address, cidr, timezone } = whois;
  const place = address && [address.city, address.country, address.continent, address.postal].filter(Boolean).join(', ');
  const facts: [string, string | undefined][] = [
    ['Operator of that address', [isp, asn && `AS${asn}`].filter(Boolean).join(' · ')],
    ['Where that is, roughly', place],
    ['Network of that address', [cidr, timezone].filter(Boolean).join(' · ')],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}
