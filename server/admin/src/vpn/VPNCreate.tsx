// The page that adds a VPN server.
import { CreatePage } from '../forms/EditPage';
import { FormToolbar } from '../forms/FormParts';
import { backends } from './looks';
import { VPNForm, vpnBody } from './VPNForm';

const first = backends[0];

/** The page. */
export default function VPNCreate() {
  return (
    <CreatePage
      title="Add a VPN server"
      list="VPN servers"
      defaultValues={{ name: '', host: '', notes: '', backend: first?.id, config: JSON.stringify(first?.config, null, 2) }}
      transform={vpnBody as never}
      bar={<FormToolbar create verb="Add VPN server" />}
    >
      <div className="w-form">
        <VPNForm create />
      </div>
    </CreatePage>
  );
}
