// "What should it do?": the tasks by area, with a search.
import { InputAdornment, TextField } from '@mui/material';
import { Braces, Search } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../../design/useText';
import { areas, search } from './gallery';
import { icons } from './icons';
import type { AnyTask } from './task';
import { taskTexts as t } from './texts';
import './tasks.css';

interface GalleryProps {
  /** The id of the chosen task; 'empty' for none of them. */
  chosen?: string;
  onChoose: (task: AnyTask | undefined) => void;
  /** Offers a configuration without a task. */
  empty?: boolean;
  autoFocus?: boolean;
}

/** The gallery. */
export function Gallery({ chosen, onChoose, empty = false, autoFocus }: GalleryProps) {
  const say = useText();
  const [query, setQuery] = useState('');
  const found = search(query, say);
  return (
    <div className="t-gallery">
      <TextField
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        placeholder={say(t.find)}
        fullWidth
        margin="none"
        autoFocus={autoFocus}
        slotProps={{
          htmlInput: { 'aria-label': say(t.search), autoComplete: 'off' },
          input: { startAdornment: <InputAdornment position="start"><Search size={16} /></InputAdornment> },
        }}
      />
      {found.length === 0 && <p className="w-muted t-nothing">{say(t.nothing)}</p>}
      {areas.map((area) => {
        const inside = found.filter((task) => task.area === area.id);
        const last = area.id === 'other' && empty;
        if (inside.length === 0 && !last) return null;
        return (
          <section key={area.id} aria-label={say(area.title)}>
            <h3>{say(area.title)}</h3>
            <ul>
              {inside.map((task) => (
                <Entry key={task.id} icon={icons[task.icon]} title={task.title} about={task.about} on={task.id === chosen} onClick={() => onChoose(task)} />
              ))}
              {last && <Entry icon={Braces} title={t.empty} about={t.emptyAbout} on={chosen === 'empty'} onClick={() => onChoose(undefined)} />}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function Entry({ icon: Icon, title, about, on, onClick }: { icon?: (typeof icons)[string]; title: string; about: string; on: boolean; onClick: () => void }) {
  const say = useText();
  return (
    <li>
      <button type="button" className="t-entry" aria-current={on ? 'true' : undefined} onClick={onClick}>
        {Icon && <Icon size={20} strokeWidth={1.5} aria-hidden="true" />}
        <span>
          <b>{say(title)}</b>
          <small>{say(about)}</small>
        </span>
      </button>
    </li>
  );
}
