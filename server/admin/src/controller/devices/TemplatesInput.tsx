// Chooses the templates of a device and their order: later templates override earlier ones.
import DownIcon from '@mui/icons-material/KeyboardArrowDown';
import DragIcon from '@mui/icons-material/DragIndicator';
import LockIcon from '@mui/icons-material/LockOutlined';
import RemoveIcon from '@mui/icons-material/Close';
import UpIcon from '@mui/icons-material/KeyboardArrowUp';
import { Autocomplete, Box, Chip, FormHelperText, IconButton, TextField, Tooltip, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useDataProvider, useInput } from 'react-admin';
import type { ControllerProvider } from '../operations';
import { maximalPage } from '../../api/dataProvider';
import { useText } from '../../design/useText';
import type { Template } from '../types';
import { initialTemplates, move, usable } from './templateOrder';

/** Every template of a backend the caller can see, page by page; there are few compared to devices. */
async function templatesOf(provider: ControllerProvider, backend: string): Promise<Template[]> {
  const found: Template[] = [];
  for (let page = 1; page <= 20; page++) {
    const { data, total } = await provider.getList<Template>('templates', {
      pagination: { page, perPage: maximalPage },
      sort: { field: 'name', order: 'ASC' },
      filter: { backend },
    });
    found.push(...data);
    if (found.length >= (total ?? 0) || data.length === 0) break;
  }
  return found;
}

interface TemplatesInputProps {
  source: string;
  backend: string;
  organization: string | undefined;
  /** A new device starts with the required and default templates. */
  preselect?: boolean;
  disabled?: boolean;
}

/** An ordered list of template ids. Required templates can be moved among themselves but not removed. */
export function TemplatesInput({ source, backend, organization, preselect = false, disabled }: TemplatesInputProps) {
  const provider = useDataProvider<ControllerProvider>();
  const { field, fieldState } = useInput({
    source,
    defaultValue: [],
    format: (value: unknown) => value,
    parse: (value: unknown) => value,
  });
  const say = useText();
  const [dragged, setDragged] = useState<number>();
  const chosen = Array.isArray(field.value) ? (field.value as string[]) : [];
  const { data = [], isPending, error } = useQuery({
    queryKey: ['templates', 'of', backend],
    queryFn: () => templatesOf(provider, backend),
  });
  const available = data.filter((template) => usable(template, backend, organization));
  const byID = new Map(data.map((template) => [template.id, template]));

  const initial = preselect && organization ? initialTemplates(available).join() : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of what the device starts with resets the choice
  useEffect(() => {
    if (initial !== undefined) field.onChange(initial === '' ? [] : initial.split(','));
  }, [initial]);

  const set = (next: string[]) => field.onChange(next);
  const isRequired = (id: string | undefined) => byID.get(id ?? '')?.required ?? false;
  // whether the templates at a place and after it may not change places
  const held = (index: number) => isRequired(chosen[index]) && !isRequired(chosen[index + 1]);
  const drop = (onto: number) => {
    // required ones come first, so nothing is dropped across their end
    if (dragged !== undefined && isRequired(chosen[dragged]) === isRequired(chosen[onto])) set(move(chosen, dragged, onto));
    setDragged(undefined);
  };

  return (
    <Box sx={{ width: '100%', mt: 2, mb: 2 }} role="group" aria-label={say('Templates')}>
      <Typography variant="subtitle2">{say('Templates')}</Typography>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {say('Applied from top to bottom: later ones override earlier ones, the own configuration of the device overrides all.')}
      </Typography>
      <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gridTemplateColumns: 'minmax(0,1fr)', gap: 0.5 }}>
        {chosen.map((id, index) => {
          const template = byID.get(id);
          const required = template?.required ?? false;
          const name = template?.name ?? (isPending ? '…' : id);
          return (
            <Box
              component="li"
              key={id}
              draggable={!disabled}
              onDragStart={() => setDragged(index)}
              onDragEnd={() => setDragged(undefined)}
              onDragOver={(event) => event.preventDefault()}
              onDrop={() => drop(index)}
              sx={{
                display: 'flex',
                alignItems: 'center',
                gap: { xs: 0.5, sm: 1 },
                px: { xs: 0.5, sm: 1 },
                py: 0.25,
                border: 1,
                borderColor: dragged === index ? 'primary.main' : 'divider',
                borderRadius: 1,
                backgroundColor: 'background.paper',
                cursor: disabled ? 'default' : 'grab',
              }}
            >
              <DragIcon fontSize="small" color="disabled" />
              <Typography component="span" noWrap sx={{ flexGrow: 1, minWidth: 0 }} title={name}>
                {name}
              </Typography>
              {template && !template.organization && <Chip size="small" variant="outlined" label={say('shared')} />}
              {required ? (
                <Chip size="small" color="primary" variant="outlined" label={say('required')} />
              ) : (
                template?.default && <Chip size="small" variant="outlined" label={say('default')} />
              )}
              <Box sx={{ display: 'flex', flexShrink: 0 }}>
                <IconButton
                  size="small"
                  aria-label={say('Move %{name} up', { name })}
                  title={held(index - 1) ? say('Required templates stay first') : undefined}
                  disabled={disabled || index === 0 || held(index - 1)}
                  onClick={() => set(move(chosen, index, index - 1))}
                >
                  <UpIcon fontSize="small" />
                </IconButton>
                <IconButton
                  size="small"
                  aria-label={say('Move %{name} down', { name })}
                  disabled={disabled || index === chosen.length - 1 || held(index)}
                  onClick={() => set(move(chosen, index, index + 1))}
                >
                  <DownIcon fontSize="small" />
                </IconButton>
                {required ? (
                  <Tooltip title={say('A required template cannot be removed')}>
                    <LockIcon fontSize="small" color="disabled" sx={{ m: '5px' }} />
                  </Tooltip>
                ) : (
                  <IconButton
                    size="small"
                    aria-label={say('Remove %{name}', { name })}
                    disabled={disabled}
                    onClick={() => set(chosen.filter((other) => other !== id))}
                  >
                    <RemoveIcon fontSize="small" />
                  </IconButton>
                )}
              </Box>
            </Box>
          );
        })}
      </Box>
      {chosen.length === 0 && (
        <Typography variant="body2" color="text.secondary">
          {say('No templates are assigned.')}
        </Typography>
      )}
      {!disabled && (
        <Autocomplete
          size="small"
          value={null}
          blurOnSelect
          clearOnBlur
          options={available.filter((template) => !chosen.includes(template.id))}
          getOptionLabel={(template) => template.name}
          getOptionKey={(template) => template.id}
          groupBy={(template) => (say(template.organization ? 'Of the organization' : 'Shared'))}
          onChange={(_, template) => template && set([...chosen, template.id])}
          noOptionsText={say(organization ? 'No other template of this backend' : 'Choose the organization first')}
          renderInput={(params) => <TextField {...params} label={say('Add a template')} />}
          sx={{ mt: 1, maxWidth: 460 }}
        />
      )}
      {(fieldState.error?.message ?? error?.message) && (
        <FormHelperText error>{fieldState.error?.message ?? error?.message}</FormHelperText>
      )}
    </Box>
  );
}
