// The page of an access server.
import { useCreatePath } from 'react-admin';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { ObjectHeader } from '../design/ObjectHeader';
import { useText } from '../design/useText';
import { EditPage } from '../forms/EditPage';
import { FormToolbar, useDeletion, useMayChange } from '../forms/FormParts';
import { Reference } from '../lists/Reference';
import { NASForm } from './NASForm';
import type { NAS } from './types';

/** What the form may change. */
export function changedNAS({ organization, name, short_name, type, ports, secret, server, community, description }: Partial<NAS>): Partial<NAS> {
  return { organization, name, short_name, type, ports, ...(secret === null ? {} : { secret }), server, community, description };
}

function Header({ nas }: { nas: NAS }) {
  const say = useText();
  const createPath = useCreatePath();
  const deletion = useDeletion('access server', nas.name, 'It is not told any more when the group of somebody changes.');
  return (
    <>
      <ObjectHeader
        title={nas.name}
        above={{ label: 'Access servers', to: createPath({ resource: 'nas', type: 'list' }) }}
        actions={<MoreMenu label="More about this access server" actions={deletion.action ? [deletion.action] : []} />}
        facts={
          <>
            <span>{nas.short_name}</span>
            <span>
              <Reference resource="organizations" id={nas.organization} />
            </span>
            <span>
              {say('Changed')}{' '}<Moment at={nas.modified} />
            </span>
          </>
        }
      />
      {deletion.question}
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('nas')} />;
}

/** The page. */
export default function NASEdit() {
  return (
    <EditPage<NAS> what="access server" transform={changedNAS} header={(nas) => <Header nas={nas} />} bar={<Bar />}>
      <NASForm />
    </EditPage>
  );
}
