import { Button, IconButton } from '@mui/material';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../../design/useText';
import { originWord, sourceOfLine } from '../devices/origins';
import type { Preview } from '../types';
import { maskSecrets } from './mask';
import { editorTexts as t } from './texts';
import type { PreviewState } from './usePreview';
import './form.css';

/** What the pane shows: the rendering, with the source of each line, or what changes for the device. */
export type PreviewMode = 'text' | 'sources' | 'changes';

interface PreviewPaneProps {
  state: PreviewState;
  sticky?: boolean;
  mode?: PreviewMode;
  onMode?(mode: PreviewMode): void;
  /** The device is there already, so that something may change for it. */
  known?: boolean;
}

/** The rendered configuration beside what is being edited. Passwords are dots until they are asked for. */
export function PreviewPane({ state, sticky = true, mode = 'text', onMode, known = false }: PreviewPaneProps) {
  const say = useText();
  const { preview, problem, pending } = state;
  const [clear, setClear] = useState(false);
  const [copied, setCopied] = useState(false);
  const rendered = preview?.rendered ?? '';
  const masked = maskSecrets(rendered);
  const copy = async () => {
    await navigator.clipboard.writeText(rendered);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <section className={sticky ? 'p-pane p-sticky' : 'p-pane'} aria-label={say('Preview')} aria-busy={pending}>
      <div className="p-head">
        <h2>{say(t.preview)}</h2>
        {onMode &&
          (known ? (['sources', 'changes'] as const) : (['sources'] as const)).map((which) => (
            <Button key={which} size="small" aria-pressed={mode === which} onClick={() => onMode(mode === which ? 'text' : which)}>
              {say(t.modes[which])}
            </Button>
          ))}
        {masked !== rendered && (
          <Button size="small" onClick={() => setClear(!clear)} aria-pressed={clear}>
            {say(clear ? t.hideSecrets : t.showSecrets)}
          </Button>
        )}
        {preview && !problem && (
          <IconButton size="small" aria-label={say(t.copy)} onClick={() => void copy()} title={say(t.checksum, { size: preview.size, sum: preview.checksum })}>
            {copied ? <Check size={16} /> : <Copy size={16} />}
          </IconButton>
        )}
      </div>
      <div className="p-line" />
      {problem && (
        <p className="p-wrong" role="alert">
          {problem.places && problem.places.length > 0 ? say(t.notYet) : problem.message}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <pre data-testid="preview" className={problem ? 'p-code p-old' : 'p-code'} tabIndex={0}>
        {preview ? <Contents preview={preview} text={clear ? rendered : masked} mode={mode} /> : say(t.waiting)}
      </pre>
    </section>
  );
}

function Contents({ preview, text, mode }: { preview: Preview; text: string; mode: PreviewMode }) {
  const say = useText();
  if (mode === 'changes' && preview.changes !== undefined) {
    if (preview.changes === '') return <>{say(t.nothingChanges)}</>;
    const kinds: Record<string, string> = { '+': 'p-added', '-': 'p-gone', '@': 'p-where' };
    return maskSecrets(preview.changes)
      .split('\n')
      .map((line, at) => (
        <span key={at} className={kinds[line.charAt(0)]}>
          {line}
          {'\n'}
        </span>
      ));
  }
  if (mode === 'sources' && preview.sources) {
    const sources = preview.sources;
    return text.split('\n').map((line, at) => {
      const source = sourceOfLine(sources, at + 1);
      const first = source?.from === at + 1;
      return (
        <span key={at} className={first ? 'p-source p-first' : 'p-source'} title={source && originWord(source, say)}>
          <i aria-hidden={!first}>{first ? originWord(source, say) : ''}</i>
          {line}
          {'\n'}
        </span>
      );
    });
  }
  return <>{text || say(t.nothing)}</>;
}
