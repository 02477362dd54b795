// The page on which superusers choose how the installation looks, with what it would look like beside it.
import { Button } from '@mui/material';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { useDataProvider, useNotify, usePermissions } from 'react-admin';
import type { Session } from '../api/types';
import { Banner } from '../design/Banner';
import { BrandContext } from '../design/BrandContext';
import { type Brand, plain, tokensOf } from '../design/brand';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { FileButton } from '../design/FileButton';
import { PageHead } from '../design/PageHead';
import { Failed, Loading, Refused } from '../design/states';
import { useText } from '../design/useText';
import { brandOf } from './load';
import { changesOf, pictureOf, previewOf, problemsOf } from './look';
import type { AppearanceProvider, Chosen } from './operations';
import { Preview } from './Preview';
import './appearance.css';

interface PartProps {
  look: Brand;
  settings: Brand;
  problems: Partial<Record<keyof Brand, string>>;
  set(change: Partial<Brand>): void;
}

function Picture({ of, label, help, look, settings, problems, set }: PartProps & { of: 'logo' | 'icon'; label: string; help: string }) {
  const say = useText();
  const [trouble, setTrouble] = useState<string>();
  const shown = look[of] || settings[of];
  const choose = ([file]: File[]) => {
    if (!file) return;
    pictureOf(file)
      .then((url) => {
        set({ [of]: url });
        setTrouble(undefined);
      })
      .catch((error: Error) => setTrouble(error.message));
  };
  const problem = trouble ?? problems[of];
  return (
    <div className="w-field" role="group" aria-label={say(label)}>
      <span className="w-look-label">{say(label)}</span>
      <div className="w-look-picture">
        {shown ? <img src={shown} alt={say('%{label} now', { label: say(label) })} /> : <span className="w-muted">{say('The program’s own')}</span>}
        <span className="w-grow" />
        <FileButton variant="outlined" label={say('File: %{label}', { label: say(label) })} accept="image/png,image/jpeg,image/svg+xml" onFiles={choose}>
          {say('Choose a file…')}
        </FileButton>
        {look[of] && (
          <Button color="inherit" onClick={() => set({ [of]: '' })}>
            {say('Remove')}
          </Button>
        )}
      </div>
      <p className={problem ? 'w-field-problem' : 'w-small w-muted'} role={problem ? 'alert' : undefined}>
        {say(problem ?? help)}
      </p>
    </div>
  );
}

function Colour({ of, label, help, own, look, settings, problems, set }: PartProps & { of: 'bar' | 'accent' | 'accent_dark'; label: string; help: string; own: string }) {
  const say = useText();
  const under = settings[of] || own;
  return (
    <div className="w-look-colour">
      <input type="color" aria-label={say('%{label}, chosen by eye', { label: say(label) })} value={(/^#[0-9a-f]{6}$/i.test(look[of]) ? look[of] : under).toLowerCase()} onChange={(event) => set({ [of]: event.target.value.toUpperCase() })} />
      <Field label={label} placeholder={under} value={look[of]} problem={problems[of]} help={help} onChange={(value) => set({ [of]: value.trim() })} />
    </div>
  );
}

const themes: [Brand['theme'], string][] = [
  ['', 'As their machine prefers'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function Form({ known, onKnown }: { known: Chosen; onKnown(known: Chosen): void }) {
  const translate = useText();
  const provider = useDataProvider<AppearanceProvider>();
  const notify = useNotify();
  const { setBrand } = useContext(BrandContext);
  const [before, settings] = [brandOf(known.chosen), brandOf(known.settings)];
  const [look, setLook] = useState(before);
  const set = (change: Partial<Brand>) => setLook((now) => ({ ...now, ...change }));
  const save = useMutation({
    mutationFn: () => provider.chooseAppearance(look),
    onSuccess: (answer) => {
      onKnown(answer);
      setLook(brandOf(answer.chosen));
      setBrand(brandOf(answer.shown));
      notify('Saved: everybody sees it from now on', { type: 'success' });
    },
  });
  const problems = problemsOf(save.error);
  const count = changesOf(before, look).length;
  const part = { look, settings, problems, set };
  return (
    <>
      {save.error && Object.keys(problems).length === 0 && (
        <Banner status="critical" title="Nothing was saved" urgent>
          {save.error.message}
        </Banner>
      )}
      <div className="w-columns">
        <div className="w-stack">
          <Card title="Name">
            <Field label="Name of the installation" placeholder={settings.name || 'Wispwright'} value={look.name} problem={problems.name} help="In the bar, in the titles of tabs and on the page of the log-in." onChange={(name) => set({ name })} />
            <Field label="Sentence at the log-in" placeholder={settings.notice} value={look.notice} problem={problems.notice} help="Who this is for, whom to call: everybody can read it." onChange={(notice) => set({ notice })} />
          </Card>
          <Card title="Pictures">
            <Picture of="logo" label="Logo" help="Beside the name: PNG, JPEG or SVG, at most 64 KB. It is drawn 26 px high on the bar." {...part} />
            <Picture of="icon" label="Icon" help="In the tab of the browser; square." {...part} />
          </Card>
          <Card title="Colours" note="states keep theirs">
            <Colour of="bar" label="Bar" own={tokensOf('light').bar} help="White text must be legible on it." {...part} />
            <Colour of="accent" label="Accent" own={tokensOf('light').accent} help="Links, buttons, what is selected, in the light theme." {...part} />
            <Colour of="accent_dark" label="Accent in the dark theme" own={tokensOf('dark').accent} help="Empty: a lighter tone of the accent." {...part} />
            <div className="w-field">
              <label htmlFor="look-theme">{translate('Theme of people who chose none')}</label>
              <select id="look-theme" className="w-select" value={look.theme} onChange={(event) => set({ theme: event.target.value as Brand['theme'] })}>
                {themes.map(([value, word]) => (
                  <option key={value} value={value}>
                    {word}
                  </option>
                ))}
              </select>
            </div>
          </Card>
        </div>
        <Preview look={previewOf(look, settings)} />
      </div>
      <div className="w-savebar">
        <span className="w-savebar-state">{count === 0 ? translate('What is empty is as the settings of the server say.') : count === 1 ? translate('1 change') : translate('%{count} changes', { count })}</span>
        <Button color="inherit" disabled={save.isPending || changesOf(plain, look).length === 0} onClick={() => setLook(plain)}>
          {translate('Empty all')}
        </Button>
        <Button color="inherit" disabled={count === 0 || save.isPending} onClick={() => setLook(before)}>
          {translate('Discard')}
        </Button>
        <Button variant="contained" disabled={count === 0 || save.isPending} onClick={() => save.mutate()}>
          {translate('Save')}
        </Button>
      </div>
    </>
  );
}

function Known() {
  const provider = useDataProvider<AppearanceProvider>();
  const [saved, setSaved] = useState<Chosen>();
  const { data, error, refetch } = useQuery({ queryKey: ['appearance'], queryFn: () => provider.appearance() });
  const known = saved ?? data;
  if (error && !known) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!known) return <Loading rows={4} />;
  return <Form known={known} onKnown={setSaved} />;
}

/** The page. */
export default function AppearancePage() {
  const say = useText();
  const { permissions: session } = usePermissions<Session>();
  if (!session) return null;
  return (
    <div className="w-page">
      <PageHead title="Appearance" />
      {session.user.is_superuser ? <Known /> : <Refused title="Only superusers choose how the installation looks">{say('Ask one of them.')}</Refused>}
    </div>
  );
}
