// The form of a webhook: to whom it speaks, where that is, and of what.
import { FormControl, FormControlLabel, FormLabel, Radio, RadioGroup } from '@mui/material';
import { BooleanInput, required, TextInput, useRecordContext } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../../design/useText';
import { FormCard, FormProblems, Locked, useMayChange } from '../../forms/FormParts';
import { OrganizationInput } from '../../tenancy/references';
import { EventPicker } from './EventPicker';
import { formatOf, formats } from './formats';
import type { Webhook } from './types';
import '../notifications.css';

function FormatInput() {
  const say = useText();
  const { setValue } = useFormContext();
  const chosen = useWatch({ name: 'format' }) as string;
  return (
    <FormControl>
      <FormLabel id="format" className="w-hidden">
        {say('Format')}
      </FormLabel>
      <RadioGroup aria-labelledby="format" value={chosen} onChange={(_, id) => setValue('format', id, { shouldDirty: true })}>
        {formats.map(({ id, name, about }) => (
          <FormControlLabel
            key={id}
            value={id}
            control={<Radio />}
            label={
              <>
                <b>{name}</b> <span className="w-secondary w-small">{say(about)}</span>
              </>
            }
          />
        ))}
      </RadioGroup>
    </FormControl>
  );
}

function AddressInputs({ create }: { create: boolean }) {
  const { address, room, token } = formatOf(useWatch({ name: 'format' }) as string);
  const record = useRecordContext<Webhook>();
  const kept = !create && record?.has_token;
  return (
    <>
      <TextInput
        source="url"
        validate={required()}
        placeholder={address.example}
        helperText={create ? address.help : 'Only where it leads is shown. Type the whole address to change it.'}
        slotProps={{ htmlInput: { autoComplete: 'off', spellCheck: false } }}
        fullWidth
      />
      {room && <TextInput source="room" label={room.label} validate={required()} helperText={room.help} slotProps={{ htmlInput: { autoComplete: 'off', spellCheck: false } }} fullWidth />}
      {token && (
        <TextInput
          source="token"
          type="password"
          label={token.label}
          validate={token.required && !kept ? required() : undefined}
          placeholder={kept ? '•'.repeat(16) : undefined}
          helperText={kept ? 'One is kept. Type another one to replace it.' : token.help}
          slotProps={{ htmlInput: { autoComplete: 'new-password' } }}
          fullWidth
        />
      )}
    </>
  );
}

/** The contents. */
export function WebhookForm({ create = false }: { create?: boolean }) {
  const locked = !useMayChange('webhooks') && !create;
  return (
    <>
      <FormProblems />
      <div className="w-stack w-form">
        <Locked locked={locked}>
          <div className="w-stack">
            <FormCard title="Speaks to">
              <FormatInput />
            </FormCard>
            <FormCard title="Where">
              <TextInput source="name" validate={required()} helperText={false} fullWidth />
              <OrganizationInput source="organization" shareable readOnly={!create} />
              <AddressInputs create={create} />
              {!create && <BooleanInput source="enabled" helperText="While it is off nothing is sent, and nothing is kept to be sent later" />}
            </FormCard>
          </div>
        </Locked>
        <FormCard title="Told of">
          <EventPicker source="events" locked={locked} />
        </FormCard>
      </div>
    </>
  );
}
