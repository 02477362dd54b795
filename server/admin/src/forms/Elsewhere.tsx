// Says on the page of an object that others have saved it, or deleted it, while the page is open. The form stays as it is
// until somebody asks for what is saved.
import { Button } from '@mui/material';
import { useState } from 'react';
import { type RaRecord, useDataProvider, useResourceContext } from 'react-admin';
import { APIError } from '../api/errors';
import { Banner } from '../design/Banner';
import { useText } from '../design/useText';
import { useChanges, useKind } from '../live/useLive';
import { savedElsewhere } from './saved';

/** The banner, when there is something to say. */
export function Elsewhere({ what, record, compared, onRead }: { what: string; record: RaRecord; compared?: string[]; onRead(): void }) {
  const resource = useResourceContext() ?? '';
  const provider = useDataProvider();
  const say = useText();
  const [saved, setSaved] = useState<RaRecord | 'gone'>();
  const look = async () => {
    try {
      // without the meta of forms: the version a save is checked against stays that of the form
      setSaved((await provider.getOne(resource, { id: record.id })).data);
    } catch (error) {
      if (error instanceof APIError && error.status === 404) setSaved('gone');
    }
  };
  useChanges(useKind(resource), () => void look(), String(record.id));
  if (saved === 'gone') {
    return (
      <Banner status="problem" title={say('Somebody has deleted this %{what}', { what: say(what) })} urgent>
        {say('What you see is what it was; it cannot be saved any more.')}
      </Banner>
    );
  }
  if (!saved || !savedElsewhere(record, saved, compared)) return null;
  return (
    <Banner
      status="waiting"
      title={say('Somebody has just saved this %{what}', { what: say(what) })}
      actions={
        <Button variant="outlined" onClick={onRead}>
          {say('Show what is saved')}
        </Button>
      }
    >
      {say('You see what it was before. Saving here asks you first where you both changed the same.')}
    </Banner>
  );
}
