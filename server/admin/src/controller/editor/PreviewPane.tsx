import { Button, IconButton } from '@mui/material';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { maskSecrets } from './mask';
import { editorTexts as t } from './texts';
import type { PreviewState } from './usePreview';
import './form.css';

/** The rendered configuration beside what is being edited. Passwords are dots until they are asked for. */
export function PreviewPane({ state, sticky = true }: { state: PreviewState; sticky?: boolean }) {
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
    <section className={sticky ? 'p-pane p-sticky' : 'p-pane'} aria-label="Preview" aria-busy={pending}>
      <div className="p-head">
        <h2>{t.preview}</h2>
        {masked !== rendered && (
          <Button size="small" onClick={() => setClear(!clear)} aria-pressed={clear}>
            {clear ? t.hideSecrets : t.showSecrets}
          </Button>
        )}
        {preview && !problem && (
          <IconButton size="small" aria-label={t.copy} onClick={() => void copy()} title={t.checksum(preview.checksum, preview.size)}>
            {copied ? <Check size={16} /> : <Copy size={16} />}
          </IconButton>
        )}
      </div>
      <div className="p-line" />
      {problem && (
        <p className="p-wrong" role="alert">
          {problem.places && problem.places.length > 0 ? t.notYet : problem.message}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <pre data-testid="preview" className={problem ? 'p-code p-old' : 'p-code'} tabIndex={0}>
        {preview ? (clear ? rendered : masked) || t.nothing : t.waiting}
      </pre>
    </section>
  );
}
