// The list of certification authorities.
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { certificateColumns, certificateFilters } from './columns';
import type { CA } from './types';

const columns = certificateColumns<CA>([{ id: 'parent', label: 'Signed by', width: '14%', cell: ({ parent }) => <Reference resource="cas" id={parent} none="itself" /> }]);

/** The page. */
export default function CAList() {
  const say = useText();
  return (
    <ListPage<CA>
      title="Certification authorities"
      what="CAs"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name, common name or serial number"
      filters={certificateFilters}
      add="Add CA"
      bulk={<BulkDelete one="CA" many="CAs" loss="All certificates that they issued are deleted too." />}
      empty={<Empty title="No CAs yet">{say('A certification authority signs the certificates of VPN servers, clients and devices. Make one, or import one you have.')}</Empty>}
    />
  );
}
