// What can be done with VPN servers beyond reading and writing them.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import type { ListAnswer } from '../api/types';
import type { DeviceCertificate, DivisionForecast, DivisionRule, Suggestion, VPNClient } from './types';

/** What a management network is made of. */
export interface ManagementAnswers {
  organization: string | null;
  name: string;
  host: string;
  port: number;
  network: string;
  interface: string;
  peers: boolean;
  hub: boolean;
}

/** The operations of VPN servers. */
export interface VPNOperations {
  vpnClients(id: Identifier, page: number): Promise<ListAnswer<VPNClient>>;
  deviceVPNs(id: Identifier): Promise<ListAnswer<VPNClient>>;
  deviceCertificates(id: Identifier): Promise<ListAnswer<DeviceCertificate>>;
  managementSuggestion(): Promise<Suggestion>;
  makeManagement(answers: ManagementAnswers): Promise<{ vpn: string; template: string; subnet: string; hub: boolean }>;
  divisionRules(subnet: Identifier): Promise<ListAnswer<DivisionRule>>;
  addDivisionRule(subnet: Identifier, rule: Omit<DivisionRule, 'id'>): Promise<DivisionRule>;
  changeDivisionRule(rule: Identifier, change: Pick<DivisionRule, 'label' | 'number_of_ips'>): Promise<DivisionRule>;
  removeDivisionRule(rule: Identifier): Promise<void>;
  divisionForecast(rule: Identifier): Promise<DivisionForecast>;
  divisionPreview(subnet: Identifier, rule: Omit<DivisionRule, 'id'>): Promise<DivisionForecast>;
}

/** The data provider as the pages of VPN servers use it. */
export type VPNProvider = DataProvider & VPNOperations;

const at = (path: string, id: Identifier, rest: string) => `${path}/${encodeURIComponent(String(id))}/${rest}`;

/** The operations over a client. */
export function vpnOperations(request: Request): VPNOperations {
  return {
    vpnClients: (id, page) => request('GET', at('controller/vpn', id, 'client/'), { query: { page, page_size: 50 } }),
    deviceVPNs: (id) => request('GET', at('controller/device', id, 'vpn-client/'), { query: { page_size: 100 } }),
    deviceCertificates: (id) => request('GET', at('controller/device', id, 'certificate/'), { query: { page_size: 100 } }),
    managementSuggestion: () => request('GET', 'controller/management-network/'),
    makeManagement: (answers) => request('POST', 'controller/management-network/', { body: { ...answers } }),
    divisionRules: (subnet) => request('GET', 'controller/subnet-division-rule/', { query: { master_subnet: subnet, page_size: 100 } }),
    addDivisionRule: (subnet, rule) => request('POST', 'controller/subnet-division-rule/', { body: { ...rule, master_subnet: subnet } }),
    changeDivisionRule: (rule, change) => request('PATCH', at('controller/subnet-division-rule', rule, ''), { body: { ...change } }),
    removeDivisionRule: (rule) => request('DELETE', at('controller/subnet-division-rule', rule, '')),
    divisionForecast: (rule) => request('GET', at('controller/subnet-division-rule', rule, 'forecast/')),
    divisionPreview: (subnet, rule) => request('POST', 'controller/subnet-division-preview/', { body: { ...rule, master_subnet: subnet } }),
  };
}
