// The form of a login page, with what it looks like beside it.
import { MenuItem, TextField } from '@mui/material';
import { useState } from 'react';
import { BooleanInput, required, TextInput } from 'react-admin';
import { useText } from '../design/useText';
import { Columns, FormCard, FormProblems, Locked, useMayChange } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';
import { LoginPageFunnel } from './LoginPageFunnel';
import { LoginPagePreview } from './LoginPagePreview';

/** The languages that pages have. */
export const languages = [
  ['en', 'English'],
  ['de', 'Deutsch'],
  ['it', 'Italiano'],
  ['fur', 'Furlan'],
  ['ru', 'Русский'],
  ['sl', 'Slovenščina'],
  ['es', 'Español'],
  ['ar', 'العربية'],
] as const;

const texts = [
  ['login_title', 'Title of the log-in'],
  ['login_info', 'Below the log-in'],
  ['register_info', 'Below the sign-up'],
  ['status_online', 'When somebody is online'],
] as const;

/** The contents. */
export function LoginPageForm({ create = false }: { create?: boolean }) {
  const say = useText();
  const change = useMayChange('loginpages');
  const [language, setLanguage] = useState('en');
  const parts = 'document.client.components';
  return (
    <div className="w-stack w-loginpage">
      <FormProblems />
      <Locked locked={!create && !change}>
        <div className="w-stack">
          <FormCard title="Login page">
            <OrganizationInput source="organization" />
            <TextInput source="variant" validate={required()} helperText="main is the organization's page; another one is at its slug, a hyphen and this" fullWidth />
            <TextInput source="document.name" label="Name that is shown" helperText="Empty: the organization's" fullWidth />
            <BooleanInput source="disabled" label="Hide this page" helperText={false} />
          </FormCard>
          <FormCard title="Theme" note="colours that cannot be read are refused">
            <Columns>
              <TextInput source="document.client.theme.primary" label="Buttons" placeholder="#1a56a8" helperText={false} fullWidth />
              <TextInput source="document.client.theme.background" label="Background" placeholder="#f2f5f9" helperText={false} fullWidth />
              <TextInput source="document.client.theme.surface" label="Card" placeholder="#ffffff" helperText={false} fullWidth />
              <TextInput source="document.client.theme.text" label="Text" placeholder="#1c2733" helperText={false} fullWidth />
            </Columns>
            <TextInput source={`${parts}.header.logo.url`} label="Logo" helperText="Name of a file of the page" fullWidth />
            <TextInput source="document.client.theme.css" label="Style sheet" helperText={false} multiline minRows={2} fullWidth />
          </FormCard>
          <FormCard title="Texts">
            <TextField select label={say('Language')} value={language} onChange={(event) => setLanguage(event.target.value)} size="small">
              {languages.map(([tag, name]) => (
                <MenuItem key={tag} value={tag}>
                  {name}
                </MenuItem>
              ))}
            </TextField>
            {texts.map(([id, label]) => (
              <TextInput key={`${language}.${id}`} source={`document.client.texts.${language}.${id}`} label={label} helperText={false} multiline fullWidth />
            ))}
            <TextInput key={`${language}.terms`} source={`document.client.terms_and_conditions.${language}`} label="Terms and conditions" helperText="Markdown, or the name of a file; people who sign up accept it" multiline minRows={2} fullWidth />
            <TextInput key={`${language}.privacy`} source={`document.client.privacy_policy.${language}`} label="Privacy policy" helperText={false} multiline minRows={2} fullWidth />
          </FormCard>
          <FormCard title="Captive portal" note="where the gateway takes log-ins and log-outs">
            <TextInput source={`${parts}.captive_portal_login_form.action`} label="Log-in address" helperText="Empty: no gateway is opened" fullWidth />
            <TextInput source={`${parts}.captive_portal_logout_form.action`} label="Log-out address" helperText={false} fullWidth />
          </FormCard>
        </div>
      </Locked>
      <LoginPagePreview language={language} />
      {!create && <LoginPageFunnel />}
    </div>
  );
}
