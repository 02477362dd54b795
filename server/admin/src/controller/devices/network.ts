// Networks that devices are found by.
import { addressProblem, isIPv6, prefixProblem } from '../tasks/rules';

/** How a network is written. */
export const networkHelp = 'A network such as 10.8.0.0/16 or fd00::/64, or one address.';

/** What is wrong with an address or a network. */
export function networkProblem(text: string): string | undefined {
  const alone = addressProblem(text) === undefined || isIPv6(text);
  return !text.includes('{') && (alone || prefixProblem(text) === undefined) ? undefined : networkHelp;
}
