// The page of a category: its form, its builds, and the way to the matrix of devices and builds.
import { Button } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Grid3x3, Plus } from 'lucide-react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { CategoryForm, changedCategory } from './CategoryForm';
import type { FirmwareProvider } from './operations';
import type { Category } from './types';
import '../connection/connection.css';
import './firmware.css';

function Header({ category }: { category: Category }) {
  const say = useText();
  const matrix = useCanAccess({ resource: 'devicefirmware', action: 'list' });
  const deletion = useDeletion('category', category.name, 'Its builds and images are deleted with it.');
  return (
    <>
      <ObjectHeader
        title={category.name}
        above={{ label: 'Firmware categories', to: '/firmwarecategories' }}
        actions={
          <>
            {matrix.canAccess && (
              <Button variant="outlined" component={Link} to={`/firmwarecategories/${category.id}/matrix`} startIcon={<Grid3x3 size={16} />}>
                {say('Devices and builds')}
              </Button>
            )}
            {deletion.action && <MoreMenu label="More about this category" actions={[deletion.action]} />}
          </>
        }
        facts={
          <>
            <span>
              <Reference resource="organizations" id={category.organization} none="shared by all" />
            </span>
            <span>
              <Moment at={category.created} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Builds({ category }: { category: Category }) {
  const say = useText();
  const provider = useDataProvider<FirmwareProvider>();
  const add = useCanAccess({ resource: 'firmwarebuilds', action: 'create' });
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['firmwarebuilds', 'of', category.id], queryFn: () => provider.buildsOf(category.id) });
  return (
    <Card
      title="Builds"
      note={data?.count.toLocaleString()}
      flush
      more={
        add.canAccess && (
          <Button size="small" component={Link} to={`/firmwarebuilds/create?source=${encodeURIComponent(JSON.stringify({ category: category.id }))}`} startIcon={<Plus size={14} />}>
            {say('Add build')}
          </Button>
        )
      }
    >
      {isPending && <Loading rows={2} />}
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data?.count === 0 && <Empty title="No builds yet">{say('A build is a version, with an image for each type of hardware.')}</Empty>}
      <ul className="c-rows">
        {data?.results.map((build) => (
          <li key={build.id} className="c-row">
            <span>
              <Link to={`/firmwarebuilds/${build.id}`}>{build.version}</Link> <span className="w-secondary">{build.os}</span>
            </span>
            <span className="w-small w-muted">
              <Moment at={build.created} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Page() {
  const category = useRecordContext<Category>();
  const change = useMayChange('firmwarecategories');
  if (!category) return null;
  return (
    <div className="w-stack w-form">
      <CategoryForm locked={!change} />
      <Builds category={category} />
    </div>
  );
}

/** The page. */
export default function CategoryEdit() {
  const change = useMayChange('firmwarecategories');
  return (
    <EditPage<Category> what="category" transform={changedCategory} header={(category) => <Header category={category} />} bar={<FormToolbar locked={!change} />}>
      <Page />
    </EditPage>
  );
}
