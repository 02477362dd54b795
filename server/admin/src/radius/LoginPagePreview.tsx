// What a login page looks like with what the form has now.
import { ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useEffect, useState } from 'react';
import { useDataProvider, useRecordContext } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { useText } from '../design/useText';
import { FormCard } from '../forms/FormParts';
import type { RadiusProvider } from './operations';
import type { LoginPage } from './types';
import { withoutEmpty } from './words';

const pages = [
  ['login', 'Log-in'],
  ['registration', 'Sign-up'],
  ['status', 'Status'],
] as const;

/** The preview; it follows half a second after the last key. */
export function LoginPagePreview({ language }: { language: string }) {
  const say = useText();
  const provider = useDataProvider<RadiusProvider>();
  const organization = useWatch({ name: 'organization' }) as string | undefined;
  const before = useRecordContext<LoginPage>()?.document;
  const document = JSON.stringify(withoutEmpty(useWatch({ name: 'document' }), before) ?? {});
  const [page, setPage] = useState('login');
  const [width, setWidth] = useState<'phone' | 'desktop'>('phone');
  const [shown, setShown] = useState('');
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (!organization) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      provider.previewLoginPage(organization, JSON.parse(document), page, language, abort.signal).then(
        (html) => {
          setShown(html);
          setProblem('');
        },
        (error: unknown) => {
          if (!abort.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
        },
      );
    }, 500);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [provider, organization, document, page, language]);
  return (
    <FormCard title="Preview" note="of what the form has, saved or not">
      <div className="w-preview-bar">
        <ToggleButtonGroup exclusive size="small" value={page} onChange={(_, value: string | null) => value && setPage(value)} aria-label={say('Page')}>
          {pages.map(([name, label]) => (
            <ToggleButton key={name} value={name}>
              {say(label)}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        <ToggleButtonGroup exclusive size="small" value={width} onChange={(_, value: 'phone' | 'desktop' | null) => value && setWidth(value)} aria-label={say('Size')}>
          <ToggleButton value="phone">{say('Phone')}</ToggleButton>
          <ToggleButton value="desktop">{say('Desktop')}</ToggleButton>
        </ToggleButtonGroup>
      </div>
      {problem && <p role="alert">{problem}</p>}
      {!shown && !problem && <p className="w-secondary">{say('It appears when an organization is chosen.')}</p>}
      {shown && <iframe className={`w-preview w-preview-${width}`} title={say('Preview of the login page')} sandbox="" srcDoc={shown} />}
    </FormCard>
  );
}
