// The page of an upgrade of one device, live.
import { EditBase, useGetOne, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { ObjectHeader } from '../design/ObjectHeader';
import { Loading } from '../design/states';
import { StatusPill } from '../design/Status';
import { useText } from '../design/useText';
import { Risks } from './FirmwareTab';
import { Log, OperationActions, OperationBar } from './Log';
import { operationLook } from './looks';
import type { Operation } from './types';
import { useOperation } from './useUpgrades';

function Whole({ first }: { first: Operation }) {
  const say = useText();
  const { data = first, refetch } = useOperation(first.id, first);
  const { data: device } = useGetOne<{ id: string; name: string }>('devices', { id: first.device }, { retry: false });
  return (
    <div className="w-edit">
      <ObjectHeader
        title={device ? say('Upgrade of %{name}', { name: device.name }) : say('Upgrade')}
        above={{ label: 'Upgrades', to: '/upgradeoperations' }}
        pill={<StatusPill {...operationLook(data)} />}
        actions={<OperationActions operation={data} leads onChange={() => void refetch()} />}
        facts={
          <>
            <span>
              <Link to={`/devices/${data.device}/firmware`}>{say('its device')}</Link>
            </span>
            {data.batch && (
              <span>
                <Link to={`/massupgrades/${data.batch}`}>{say('its mass upgrade')}</Link>
              </span>
            )}
            {data.retry_count > 0 && <span>{say('waited %{retry_count} times for the device', { retry_count: data.retry_count })}</span>}
            {data.is_persistent && <span>{say('keeps trying')}</span>}
            <span>
              <Moment at={data.created ?? data.modified} />
            </span>
          </>
        }
      />
      <div className="w-edit-contents">
        <div className="w-stack">
          <Card title="Progress">
            <OperationBar operation={data} />
            <Risks options={data.upgrade_options ?? {}} />
          </Card>
          <Card title="Log">
            <Log operation={data} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function Page() {
  const operation = useRecordContext<Operation>();
  return operation ? <Whole first={operation} /> : <Loading />;
}

/** The page. */
export default function OperationEdit() {
  return (
    <EditBase queryOptions={{ meta: { detail: true } }}>
      <Page />
    </EditBase>
  );
}
