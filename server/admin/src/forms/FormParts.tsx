// Parts that every form of the admin has.
import { Alert, Box, Button, type SxProps, type Theme } from '@mui/material';
import { Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { SaveButton, useCanAccess, useDelete, useNotify, useRecordContext, useRedirect, useResourceContext, useTranslateLabel } from 'react-admin';
import { useFormContext, useFormState } from 'react-hook-form';
import { flattenErrors } from '../api/errors';
import { Ask } from '../design/Ask';
import { SaveBar, useOnline } from '../design/Bars';
import { Card } from '../design/Card';
import { useText } from '../design/useText';

/**
 * Options for pages of one object. Lists show less of an object than its detail, and react-admin would fill the form
 * with what a list left in its cache; under another meta the detail is read first.
 */
export const wholeObject = {
  queryOptions: { meta: { detail: true } },
  mutationOptions: { meta: { detail: true } },
} as const;

/** All that is wrong with a form, above it: an error may belong to a field of another tab, or to none. */
export function FormProblems() {
  const { errors } = useFormState();
  const resource = useResourceContext();
  const translateLabel = useTranslateLabel();
  const labelOf = (field: string) => {
    const label = translateLabel({ source: field.replace(/\.\d+(\.|$)/g, '$1'), resource });
    return typeof label === 'string' ? label : (field[0]?.toUpperCase() ?? '') + field.slice(1);
  };
  const found = flattenErrors(errors);
  if (found.length === 0) return null;
  return (
    <Alert severity="error" role="alert" sx={{ mb: 2, width: '100%' }}>
      {found.map(({ field, message }) => (
        <Box key={field + message} sx={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {field && <strong>{labelOf(field)}: </strong>}
          {message}
        </Box>
      ))}
    </Alert>
  );
}

/** Two columns of inputs on wide screens, one on narrow ones. */
export function Columns({ children, sx }: { children: ReactNode; sx?: SxProps<Theme> }) {
  return (
    <Box
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: 'minmax(0,1fr)', md: 'repeat(2, minmax(0,1fr))' },
        columnGap: 3,
        rowGap: 0,
        alignItems: 'start',
        width: '100%',
        ...sx,
      }}
    >
      {children}
    </Box>
  );
}

/** A card of a form: inputs that belong together, under what they are about. */
export function FormCard({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <Card title={title} note={note}>
      {children}
    </Card>
  );
}

/** Whether the caller may change objects of a resource. */
export function useMayChange(resource: string): boolean {
  return useCanAccess({ resource, action: 'change' }).canAccess ?? false;
}

/** How many values of a form differ from what is saved. */
function countChanges(dirty: unknown): number {
  if (dirty === true) return 1;
  if (typeof dirty !== 'object' || dirty === null) return 0;
  return Object.values(dirty).filter((value) => countChanges(value) > 0).length;
}

/** A form's bar: it appears when something differs, and says what saving does. */
export function FormToolbar({ create = false, locked = false, verb, note }: {
  create?: boolean;
  locked?: boolean;
  /** What the button says: Save, or with whom it touches: Save and change 120 devices. */
  verb?: string;
  /** What has to be known before saving. */
  note?: ReactNode;
}) {
  const resource = useResourceContext() ?? '';
  const change = useMayChange(resource);
  const { reset } = useFormContext();
  const { isDirty, dirtyFields } = useFormState();
  const online = useOnline();
  const say = useText();
  if (locked || (!create && !change) || (!create && !isDirty)) return null;
  const changes = Math.max(1, countChanges(dirtyFields));
  return (
    <SaveBar state={note ?? (create ? '' : say('%{smart_count} change |||| %{smart_count} changes', { smart_count: changes }))}>
      {!create && (
        <Button color="inherit" onClick={() => reset()}>
          {say('Discard')}
        </Button>
      )}
      <SaveButton alwaysEnable={create ? online : undefined} disabled={online ? undefined : true} label={say(verb ?? 'Save')} icon={<></>} />
    </SaveBar>
  );
}

/** A dangerous action of an object's page: it is deleted, after a question that says what goes with it. */
export function useDeletion(what: string, name: string, loss: string) {
  const record = useRecordContext();
  const resource = useResourceContext() ?? '';
  const remove = useCanAccess({ resource, action: 'delete' });
  const notify = useNotify();
  const redirect = useRedirect();
  const say = useText();
  const [asked, setAsked] = useState(false);
  const [deleteOne, { isPending }] = useDelete();
  const run = () =>
    deleteOne(
      resource,
      { id: record?.id, previousData: record },
      {
        mutationMode: 'pessimistic',
        onSuccess: () => {
          notify(say('%{name} deleted', { name }), { type: 'success' });
          redirect('list', resource);
        },
        onError: (error) => {
          setAsked(false);
          notify(error instanceof Error ? error.message : String(error), { type: 'error', autoHideDuration: 8000 });
        },
      },
    );
  return {
    action: remove.canAccess ? { label: `Delete ${what}…`, icon: Trash2, dangerous: true, onDo: () => setAsked(true) } : undefined,
    question: asked && (
      <Ask title={say('Delete %{name}?', { name })} verb={say('Delete %{what}', { what: say(what) })} keep="Keep it" dangerous busy={isPending} onDo={() => void run()} onClose={() => setAsked(false)}>
        {loss}
      </Ask>
    ),
  };
}

/** Makes the inputs inside it unusable, natively. */
export function Locked({ locked, children }: { locked: boolean; children: ReactNode }) {
  return (
    <Box component="fieldset" disabled={locked} sx={{ border: 0, p: 0, m: 0, minWidth: 0, width: '100%' }}>
      {children}
    </Box>
  );
}
