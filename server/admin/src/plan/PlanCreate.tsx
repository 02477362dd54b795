// The page that makes a plan: which template, which variables, and what they are to be. What the page does not offer
// is made over the API, or of files.
import { Button, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { ListChecks } from 'lucide-react';
import { useState } from 'react';
import { useCreate, useDataProvider, useRedirect } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { Card } from '../design/Card';
import { PageHead } from '../design/PageHead';
import { useText } from '../design/useText';
import { useManagedOrganizations, useSuperuser } from '../tenancy/managed';
import type { PlanProvider } from './operations';
import './plan.css';

interface TemplateRow {
  id: string;
  name: string;
  organization: string | null;
  config: unknown;
  default_values: unknown;
}

const everywhere = '';

/** A JSON object that somebody typed, or why it is none. */
function objectOf(text: string): { value?: unknown; problem?: string } {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? { value } : { problem: 'It has to be a JSON object.' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The page. */
export default function PlanCreate() {
  const say = useText();
  const organizations = useManagedOrganizations();
  const superuser = useSuperuser();
  const provider = useDataProvider<PlanProvider>();
  const [create] = useCreate();
  const redirect = useRedirect();
  const { busy, attempt } = useAttempt();
  const [name, setName] = useState('');
  const [notes, setNotes] = useState('');
  const [chosen, setChosen] = useState<string>();
  const [template, setTemplate] = useState('');
  const [text, setText] = useState('');
  const [variables, setVariables] = useState('');
  const organization = chosen ?? (superuser ? everywhere : organizations[0]?.id) ?? everywhere;
  const { data: templates } = useQuery({
    queryKey: ['plans', 'templates'],
    queryFn: async () => (await provider.getList<TemplateRow>('templates', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' }, filter: {} })).data,
  });
  const own = (templates ?? []).filter((one) => organization === everywhere || one.organization === organization);
  const config = text.trim() ? objectOf(text) : {};
  const context = variables.trim() ? objectOf(variables) : {};
  const changes = [
    template && config.value ? { kind: 'template', action: 'update', id: template, set: { config: config.value } } : undefined,
    organization !== everywhere && context.value ? { kind: 'variables', action: 'update', id: organization, set: { context: context.value } } : undefined,
  ].filter((change) => change !== undefined);
  const save = () =>
    attempt(async () => {
      const made = await create('plans', { data: { name: name.trim(), notes, organization: organization || null, changes } }, { returnPromise: true });
      await provider.computePlan(made.id);
      redirect('edit', 'plans', made.id);
    });
  return (
    <div className="w-page">
      <PageHead title="Make a plan" />
      <form
        className="w-stack w-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Card title="What it is for">
          <div className="c-fields">
            <TextField label={say('Name')} value={name} onChange={({ target }) => setName(target.value)} required slotProps={{ htmlInput: { maxLength: 128 } }} fullWidth />
            <TextField label={say('Notes')} value={notes} onChange={({ target }) => setNotes(target.value)} multiline minRows={2} fullWidth />
            <TextField select label={say('Organization')} value={organization} onChange={({ target }) => setChosen(target.value)} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} helperText={say('Whose templates and variables are changed')} fullWidth>
              {superuser && <MenuItem value={everywhere}>{say('All organizations')}</MenuItem>}
              {organizations.map(({ id, name: label }) => (
                <MenuItem key={id} value={id}>
                  {label}
                </MenuItem>
              ))}
            </TextField>
          </div>
        </Card>
        <Card title="A template" note="as it is to be">
          <div className="c-fields">
            <TextField
              select
              label={say('Template')}
              value={own.some(({ id }) => id === template) ? template : ''}
              onChange={({ target }) => {
                setTemplate(target.value);
                const found = own.find(({ id }) => id === target.value);
                setText(found ? JSON.stringify(found.config, null, 2) : '');
              }}
              slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
              fullWidth
            >
              <MenuItem value="">{say('None')}</MenuItem>
              {own.map(({ id, name: label }) => (
                <MenuItem key={id} value={id}>
                  {label}
                </MenuItem>
              ))}
            </TextField>
            {template && <TextField label={say('Configuration')} value={text} onChange={({ target }) => setText(target.value)} multiline minRows={8} maxRows={24} error={Boolean(config.problem)} helperText={config.problem ?? say('NetJSON')} slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />}
          </div>
        </Card>
        {organization !== everywhere && (
          <Card title="Variables of the organization" note="all of them, as they are to be">
            <div className="c-fields">
              <TextField label={say('Variables')} value={variables} onChange={({ target }) => setVariables(target.value)} multiline minRows={3} maxRows={16} error={Boolean(context.problem)} helperText={context.problem ?? say('A JSON object; empty: they stay as they are')} slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
            </div>
          </Card>
        )}
        <p className="w-secondary">{say('Plans of more than this (new templates, groups, what devices use, deletions) are made over the API, or of the files of a folder: wispwright plan.')}</p>
        <div>
          <Button type="submit" variant="contained" disabled={busy || !name.trim() || changes.length === 0} startIcon={<ListChecks size={16} />}>
            {say('See what it would do')}
          </Button>
        </div>
      </form>
    </div>
  );
}
