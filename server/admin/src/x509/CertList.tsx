// The list of certificates, and what can be done with many.
import { Button } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useListContext, useNotify, useRefresh } from 'react-admin';
import { attemptEach } from '../api/dataProvider';
import { Ask } from '../design/Ask';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { referenceFilter } from '../tenancy/filters';
import { certificateColumns, certificateFilters } from './columns';
import type { X509Provider } from './operations';
import type { Cert } from './types';

const columns = certificateColumns<Cert>([{ id: 'ca', label: 'CA', width: '14%', cell: ({ ca }) => <Reference resource="cas" id={ca} /> }]);

const questions = {
  renew: { verb: 'Renew', done: 'renewed', what: 'Each gets a new key and a new serial number. Anybody who uses them needs the new files; the old ones stay valid until they expire.' },
  revoke: { verb: 'Revoke', done: 'revoked', what: 'Servers that read the revocation list refuse them. This cannot be undone.' },
};

function Bulk() {
  const say = useText();
  const { selectedIds, onUnselectItems } = useListContext<Cert>();
  const provider = useDataProvider<X509Provider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const add = useCanAccess({ resource: 'certs', action: 'create' });
  const [asked, setAsked] = useState<keyof typeof questions>();
  const [busy, setBusy] = useState(false);
  const count = selectedIds.length;
  const words = count === 1 ? say('1 certificate') : say('%{count} certificates', { count });
  const run = async (what: keyof typeof questions) => {
    setBusy(true);
    const { done, failed } = await attemptEach(selectedIds, (id) => (what === 'renew' ? provider.renew('cert', id) : provider.revoke('cert', id, 'unspecified')));
    setBusy(false);
    setAsked(undefined);
    onUnselectItems();
    refresh();
    const sum = done.length === 1 ? say('1 certificate was') : say('%{number} certificates were', { number: done.length });
    const [first] = failed;
    notify(first ? `${sum} ${questions[what].done}, ${failed.length} not: ${first.error instanceof Error ? first.error.message : ''}` : `${sum} ${questions[what].done}.`, { type: first ? 'warning' : 'success' });
  };
  return (
    <>
      {add.canAccess && (
        <>
          <Button color="inherit" onClick={() => setAsked('renew')}>
            {say('Renew')}
          </Button>
          <Button color="inherit" onClick={() => setAsked('revoke')}>
            {say('Revoke')}
          </Button>
        </>
      )}
      <BulkDelete one="certificate" many="certificates" loss="They are put on hold in the revocation list, since their keys may still be somewhere." />
      {asked && (
        <Ask title={`${questions[asked].verb} ${words}?`} verb={`${questions[asked].verb} ${words}`} keep="Keep them" dangerous={asked === 'revoke'} count={count} busy={busy} onDo={() => void run(asked)} onClose={() => setAsked(undefined)}>
          {questions[asked].what}
        </Ask>
      )}
    </>
  );
}

/** The page. */
export default function CertList() {
  const say = useText();
  return (
    <ListPage<Cert>
      title="Certificates"
      what="certificates"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name, common name or serial number"
      filters={[...certificateFilters, referenceFilter('ca', 'CA', 'cas')]}
      add="Add certificate"
      bulk={<Bulk />}
      empty={<Empty title="No certificates yet">{say('Certificates are issued by a CA, to VPN servers, clients and devices.')}</Empty>}
    />
  );
}
