// Chooses permissions: a table of models with a column for each action, searchable.
import SearchIcon from '@mui/icons-material/Search';
import { Alert, Box, Checkbox, Chip, FormControlLabel, FormHelperText, InputAdornment, Skeleton, TextField, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { useDataProvider, useInput } from 'react-admin';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../operations';
import type { Permission } from '../types';
import { actions, arrange, permissionNumbers, permissionsOf, withPermissions, type AppPermissions, type ModelPermissions } from './permissions';

interface Choice {
  chosen: Set<number>;
  locked: boolean;
  set(permissions: Permission[], wanted: boolean): void;
}

interface TickProps extends Choice {
  permissions: Permission[];
  label: string;
}

/** One checkbox for one or many permissions; half ticked when only some of many are chosen. */
function Tick({ permissions, label, chosen, locked, set }: TickProps) {
  const count = permissions.filter(({ id }) => chosen.has(id)).length;
  const all = count > 0 && count === permissions.length;
  return (
    <Checkbox
      size="small"
      sx={{ p: 0.5 }}
      checked={all}
      indeterminate={count > 0 && !all}
      disabled={locked}
      onChange={() => set(permissions, !all)}
      slotProps={{ input: { 'aria-label': label } }}
    />
  );
}

const columns = { xs: 'minmax(0,1fr) repeat(4, 44px)', sm: 'minmax(0,1fr) repeat(4, 72px)' };

function Row({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: columns, alignItems: 'center', borderTop: 1, borderColor: 'divider' }}>
      <Box sx={{ display: 'flex', alignItems: 'center', minWidth: 0 }}>{title}</Box>
      {children}
    </Box>
  );
}

function ModelRow({ model, ...choice }: Choice & { model: ModelPermissions }) {
  const say = useText();
  return (
    <>
      <Row
        title={
          <>
            <Tick {...choice} permissions={permissionsOf(model)} label={say('Everything of %{label}', { label: model.label })} />
            <Typography variant="body2" sx={{ overflowWrap: 'anywhere', '&::first-letter': { textTransform: 'uppercase' } }}>
              {model.label}
            </Typography>
          </>
        }
      >
        {actions.map((action) => {
          const permission = model.byAction[action];
          return (
            <Box key={action} sx={{ textAlign: 'center' }}>
              {permission && <Tick {...choice} permissions={[permission]} label={permission.name} />}
            </Box>
          );
        })}
      </Row>
      {model.others.length > 0 && (
        <Box sx={{ pl: 4, pb: 0.5, display: 'flex', flexWrap: 'wrap', columnGap: 2 }}>
          {model.others.map((permission) => (
            <FormControlLabel
              key={permission.id}
              control={<Tick {...choice} permissions={[permission]} label={permission.name} />}
              label={<Typography variant="body2">{permission.name}</Typography>}
            />
          ))}
        </Box>
      )}
    </>
  );
}

function App({ app, ...choice }: Choice & { app: AppPermissions }) {
  const say = useText();
  const all = app.models.flatMap(permissionsOf);
  return (
    <Box role="group" aria-label={say(app.label)} sx={{ mt: 2 }}>
      <Box sx={{ display: 'grid', gridTemplateColumns: columns, alignItems: 'end' }}>
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, flexWrap: 'wrap', pb: 0.5 }}>
          <Typography variant="subtitle2" component="h3">
            {say(app.label)}
          </Typography>
          <Chip size="small" variant="outlined" label={say('%{number} of %{number2}', { number: all.filter(({ id }) => choice.chosen.has(id)).length, number2: all.length })} />
        </Box>
        {actions.map((action) => (
          <Typography key={action} variant="caption" color="text.secondary" sx={{ textAlign: 'center' }}>
            {action}
          </Typography>
        ))}
      </Box>
      {app.models.map((model) => (
        <ModelRow key={model.model} model={model} {...choice} />
      ))}
    </Box>
  );
}

/** The input of a group's permissions. Those it had are kept as they are until something is chosen. */
export function PermissionPicker({ source, locked = false }: { source: string; locked?: boolean }) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const { data, error } = useQuery({ queryKey: ['permissions'], queryFn: () => provider.permissions(), staleTime: 300_000 });
  const { field, fieldState } = useInput({ source, defaultValue: [], format: permissionNumbers });
  const [search, setSearch] = useState('');
  const apps = useMemo(() => arrange(data ?? [], search), [data, search]);
  const numbers = field.value as number[];
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  if (!data) return <Skeleton height={240} />;
  const choice: Choice = {
    chosen: new Set(numbers),
    locked,
    set: (permissions, wanted) => field.onChange(withPermissions(numbers, permissions, wanted)),
  };
  return (
    <Box role="group" aria-label={say('Permissions')} sx={{ width: '100%', maxWidth: 820, mt: 1 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: 1.5 }}>
        <Typography variant="h6" component="h2">
          {say('Permissions')}
        </Typography>
        <Typography variant="body2" color="text.secondary" sx={{ flexGrow: 1 }}>
          {say('%{number} of %{number2} chosen', { number: numbers.length, number2: data.length })}
        </Typography>
        <TextField
          fullWidth={false}
          size="small"
          label={say('Search permissions')}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          // the search is no part of the form: it must not save it
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
          slotProps={{ input: { startAdornment: <InputAdornment position="start"><SearchIcon fontSize="small" /></InputAdornment> } }}
        />
      </Box>
      {fieldState.error?.message && <FormHelperText error>{fieldState.error.message}</FormHelperText>}
      {apps.length === 0 && <Typography color="text.secondary">{say('No permission matches.')}</Typography>}
      {apps.map((app) => (
        <App key={app.app} app={app} {...choice} />
      ))}
    </Box>
  );
}
