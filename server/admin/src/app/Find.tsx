// Finds anything the caller may see, from the keyboard: Ctrl-K, a few letters, Enter.
import { Dialog } from '@mui/material';
import { useQueries } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { usePermissions, useTranslate } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { allowed } from '../api/session';
import type { Session } from '../api/types';
import type { Found } from './concern';
import { useFrame, useModels } from './ConcernsContext';

/** A text that follows another after a pause. */
function useSettled(text: string, pause = 180): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pause);
    return () => clearTimeout(timer);
  }, [text, pause]);
  return settled;
}

function useFound(text: string) {
  const { concerns, request } = useFrame();
  const models = useModels();
  const { permissions: session } = usePermissions<Session>();
  const finders = concerns.flatMap((concern) => concern.finders ?? []).filter(({ resource }) => session && allowed(models, session, resource, 'list'));
  const answers = useQueries({
    queries: finders.map((finder) => ({
      queryKey: ['find', finder.resource, text],
      queryFn: ({ signal }: { signal: AbortSignal }) => finder.find(request, text, signal),
      enabled: text.length > 0,
      staleTime: 10_000,
    })),
  });
  return {
    groups: finders.map((finder, index) => ({ finder, found: answers[index]?.data ?? [] })).filter(({ found }) => found.length > 0),
    pending: text.length > 0 && answers.some(({ isPending }) => isPending),
    failed: answers.find(({ error }) => error)?.error?.message,
  };
}

/** The dialog. */
export default function Find({ onClose }: { onClose(): void }) {
  const id = useId();
  const navigate = useNavigate();
  const translate = useTranslate();
  const [text, setText] = useState('');
  const settled = useSettled(text.trim());
  const { groups, pending, failed } = useFound(settled);
  const all = groups.flatMap(({ found }) => found);
  // Enter before the answers are there opens the first of them when they are
  const [hurried, setHurried] = useState(false);
  const ready = settled === text.trim() && settled !== '' && !pending;
  const [chosen, setChosen] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text begins at its first answer
  useEffect(() => setChosen(0), [settled]);
  const open = (found: Found | undefined) => {
    if (!found) return;
    onClose();
    navigate(found.to);
  };
  const key = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length > 0) {
      event.preventDefault();
      setChosen((chosen + step + all.length) % all.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (ready) open(all[chosen]);
      else setHurried(text.trim() !== '');
    } else if (event.key.length === 1 || event.key === 'Backspace') setHurried(false);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it opens once, when it is ready
  useEffect(() => {
    if (!hurried || !ready) return;
    setHurried(false);
    open(all[0]);
  }, [hurried, ready]);
  return (
    <Dialog open onClose={onClose} maxWidth={false} aria-label={translate('Find')} slotProps={{ paper: { sx: { width: 600, alignSelf: 'flex-start', mt: '10vh' } } }}>
      <div className="w-finder">
        <div className="w-finder-field">
          <Search size={18} aria-hidden="true" />
          <input
            autoFocus
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={key}
            placeholder={translate('Name, address, MAC, model, person…')}
            role="combobox"
            aria-label={translate('Find')}
            aria-expanded={all.length > 0}
            aria-controls={`${id}-found`}
            aria-activedescendant={all[chosen] ? `${id}-${all[chosen].id}` : undefined}
            autoComplete="off"
            spellCheck={false}
          />
        </div>
        <div id={`${id}-found`} role="listbox" aria-label={translate('Found')} className="w-finder-found">
          {groups.map(({ finder, found }) => {
            const Icon = finder.icon;
            return (
              <div key={finder.resource} role="group" aria-label={translate(finder.name, { _: finder.name })}>
                <p aria-hidden="true">{translate(finder.name, { _: finder.name })}</p>
                {found.map((one) => (
                  // the field keeps the focus; the keys are its
                  // biome-ignore lint/a11y/useKeyWithClickEvents: see above
                  <div
                    key={one.id}
                    id={`${id}-${one.id}`}
                    role="option"
                    tabIndex={-1}
                    aria-selected={one === all[chosen]}
                    onMouseMove={() => setChosen(all.indexOf(one))}
                    onClick={() => open(one)}
                  >
                    {Icon && <Icon />}
                    <span className="w-clip w-medium">{one.title}</span>
                    <span className="w-grow w-clip w-small w-muted">{one.detail}</span>
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        {settled !== '' && all.length === 0 && (
          <p className="w-finder-none w-secondary" role="status">
            {failed ?? (pending ? translate('Looking…') : translate('Nothing is called “%{text}”.', { text: settled }))}
          </p>
        )}
      </div>
    </Dialog>
  );
}
