// The page that adds a topology.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { TopologyForm, topologyBody } from './TopologyForm';
import './topology.css';

/** The page. */
export default function TopologyCreate() {
  return (
    <CreatePage title="Create a topology" list="Topologies" defaultValues={{ label: '', strategy: 'receive', published: true, expiration_time: 0, url: '' }} transform={topologyBody as never} bar={<FormToolbar create verb="Create topology" />}>
      <div className="w-form">
        <TopologyForm />
      </div>
    </CreatePage>
  );
}
