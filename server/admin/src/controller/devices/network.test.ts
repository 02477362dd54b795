import { expect, it } from 'vitest';
import { networkHelp, networkProblem } from './network';

it('finds devices by addresses and networks', () => {
  for (const text of ['10.8.0.0/16', '10.8.3.3/13', '0.0.0.0/0', '10.9.0.1', 'fd00::/64', 'fd00::1', '::/0', '::ffff:10.9.0.1', '2001:db8::/128']) {
    expect(networkProblem(text), text).toBeUndefined();
  }
});

it('asks for nothing that the API would refuse', () => {
  for (const text of ['10.8', 'here', '10.8.0.0/33', '10.8.0.0/', 'fd00::/129', '10.8.0.0/16/3', '256.0.0.1', '10.8.0.0/-1', '/8', '10.8.0.0/8 or so', '{{ management_ip }}', '{{ net }}/24']) {
    expect(networkProblem(text), text).toBe(networkHelp);
  }
});
