// The page of a build: its form, its images, and what was upgraded to it.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { HardDriveDownload } from 'lucide-react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { BuildForm, changedBuild } from './BuildForm';
import { Images } from './Images';
import { batchLook } from './looks';
import type { FirmwareProvider } from './operations';
import type { Build } from './types';
import '../connection/connection.css';
import './firmware.css';

function Header({ build }: { build: Build }) {
  const say = useText();
  const add = useCanAccess({ resource: 'firmwarebuilds', action: 'create' });
  const deletion = useDeletion('build', build.version, 'Its images and mass upgrades are deleted with it.');
  return (
    <>
      <ObjectHeader
        title={`${build.category_relation.name} ${build.version}`}
        above={{ label: 'Firmware builds', to: '/firmwarebuilds' }}
        actions={
          <>
            {add.canAccess && (
              <Button variant="contained" component={Link} to={`/firmwarebuilds/${build.id}/upgrade`} startIcon={<HardDriveDownload size={16} />}>
                {say('Upgrade devices…')}
              </Button>
            )}
            {deletion.action && <MoreMenu label="More about this build" actions={[deletion.action]} />}
          </>
        }
        facts={
          <>
            <span>
              <Link to={`/firmwarecategories/${build.category}`}>{build.category_relation.name}</Link>
            </span>
            <span>
              <Reference resource="organizations" id={build.category_relation.organization} none="shared by all" />
            </span>
            <span>
              <Moment at={build.created} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Upgrades({ build }: { build: Build }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const see = useCanAccess({ resource: 'massupgrades', action: 'list' });
  const { data } = useQuery({ queryKey: ['massupgrades', 'of', build.id], queryFn: () => provider.batchesOf(build.id), enabled: see.canAccess === true });
  if (!data || data.count === 0) return null;
  return (
    <Card title="Mass upgrades" note={data.count > data.results.length ? 'the latest five' : undefined} flush>
      <ul className="c-rows">
        {data.results.map((batch) => (
          <li key={batch.id} className="c-row">
            <Link to={`/massupgrades/${batch.id}`}>
              {batch.counts.total === 1 ? say('1 device') : say('%{total} devices', { total: batch.counts.total.toLocaleString() })}, <Moment at={batch.created} />
            </Link>
            <Status {...batchLook(batch.status)} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Page() {
  const build = useRecordContext<Build>();
  const change = useMayChange('firmwarebuilds');
  if (!build) return null;
  return (
    <div className="w-stack w-form">
      <Images build={build} />
      <Upgrades build={build} />
      <BuildForm locked={!change} />
    </div>
  );
}

/** The page. */
export default function BuildEdit() {
  const change = useMayChange('firmwarebuilds');
  return (
    <EditPage<Build> what="build" transform={changedBuild} header={(build) => <Header build={build} />} bar={<FormToolbar locked={!change} />}>
      <Page />
    </EditPage>
  );
}
