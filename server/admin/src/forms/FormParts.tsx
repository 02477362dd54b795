// Parts that every form of the admin has.
import { Alert, Box, type SxProps, type Theme } from '@mui/material';
import { type ReactNode } from 'react';
import { DeleteButton, SaveButton, Toolbar, useCanAccess, useResourceContext, useTranslateLabel } from 'react-admin';
import { useFormState } from 'react-hook-form';
import { flattenErrors } from '../api/errors';

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
        rowGap: 1,
        alignItems: 'start',
        width: '100%',
        ...sx,
      }}
    >
      {children}
    </Box>
  );
}

/** Whether the caller may change objects of a resource. */
export function useMayChange(resource: string): boolean {
  return useCanAccess({ resource, action: 'change' }).canAccess ?? false;
}

/** A form's buttons: save for whoever may change the object, delete for whoever may delete it. */
export function FormToolbar({ create = false, removable = true, locked = false, loss }: {
  create?: boolean;
  removable?: boolean;
  locked?: boolean;
  /** What goes with the object when it is deleted. */
  loss?: string;
}) {
  const resource = useResourceContext() ?? '';
  const change = useMayChange(resource);
  if (locked || (!create && !change)) return null;
  return (
    <Toolbar
      sx={{
        justifyContent: 'space-between',
        backgroundColor: 'background.paper',
        borderRadius: 1,
        px: 2,
        gap: 1,
        // within reach however long the form is
        position: { xs: 'fixed', sm: 'sticky' },
        bottom: 0,
        zIndex: 2,
      }}
    >
      <SaveButton alwaysEnable={create} />
      {!create && removable && <DeleteButton mutationMode="pessimistic" confirmContent={`${loss ?? ''} This cannot be undone.`.trim()} confirmColor="warning" />}
    </Toolbar>
  );
}

/** Makes the inputs inside it unusable, natively. */
export function Locked({ locked, children }: { locked: boolean; children: ReactNode }) {
  return (
    <Box component="fieldset" disabled={locked} sx={{ border: 0, p: 0, m: 0, minWidth: 0, width: '100%', opacity: locked ? 0.7 : 1 }}>
      {children}
    </Box>
  );
}
