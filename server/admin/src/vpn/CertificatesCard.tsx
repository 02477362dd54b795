// The certificates that a device has because of templates.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Failed } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { certificateLook } from './looks';
import type { VPNProvider } from './operations';
import type { DeviceCertificate } from './types';

function Row({ of }: { of: DeviceCertificate }) {
  const say = useText();
  return (
    <li>
      <span className="w-grow w-clip w-medium">
        {of.cert === null ? say('No certificate') : <Link to={`/certs/${of.cert}`}>{of.common_name || of.cert}</Link>}
      </span>
      <span className="w-small w-muted">
        {say('by')}{' '}<Link to={`/templates/${of.template}`}>{of.template_name || say('a template')}</Link>
      </span>
      {of.validity_end && (
        <span className="w-small w-muted">
          {say('until')}{' '}<Moment at={of.validity_end} />
        </span>
      )}
      <Status {...certificateLook(of)} />
    </li>
  );
}

/** The card; nothing where no template gives the device any. */
export function CertificatesCard() {
  const device = useRecordContext();
  const provider = useDataProvider<VPNProvider>();
  const id = device?.id ?? '';
  const { data, error, refetch } = useQuery({ queryKey: ['vpn', 'certificates', id], queryFn: () => provider.deviceCertificates(id), enabled: id !== '' });
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data?.count) return null;
  return (
    <Card title="Certificates" flush>
      <ul className="w-rows">
        {data.results.map((one) => (
          <Row key={one.id} of={one} />
        ))}
      </ul>
    </Card>
  );
}
