import { IconButton } from '@mui/material';
import { Copy, Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { useNotify } from 'react-admin';
import { useText } from './useText';

/** A button that puts a text on the clipboard. Browsers give the clipboard to secure origins only. */
export function CopyButton({ text, label: english }: { text: string; label: string }) {
  const notify = useNotify();
  const say = useText();
  const label = say(english);
  const copy = async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else copyBySelection(text);
      notify(say('%{what} copied', { what: label }), { type: 'success', autoHideDuration: 2000 });
    } catch {
      notify('The browser did not allow copying: select the text and copy it.', { type: 'warning' });
    }
  };
  return (
      <IconButton title={say('Copy %{what}', { what: label })} size="small" onClick={() => void copy()} aria-label={say('Copy %{what}', { what: label })}>
        <Copy size={14} />
      </IconButton>
  );
}

// Over plain HTTP there is no clipboard object, but a selected text can still be copied.
function copyBySelection(text: string) {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('not copied');
}

interface CopyableTextProps {
  label: string;
  text: string | undefined;
  /** Shown as dots until asked for. */
  secret?: boolean;
}

/** A labelled text in fixed width with a copy button. */
export function CopyableText({ label, text, secret = false }: CopyableTextProps) {
  const say = useText();
  const [shown, setShown] = useState(!secret);
  return (
    <div className="w-copyable">
      <span className="w-muted">{say(label)}</span>
      <code className="w-mono w-clip" title={shown ? text : undefined}>
        {text ? (shown ? text : '•'.repeat(16)) : say('none')}
      </code>
      {secret && text && (
        <IconButton size="small" onClick={() => setShown(!shown)} aria-label={say(shown ? 'Hide %{what}' : 'Show %{what}', { what: say(label) })}>
          {shown ? <EyeOff size={14} /> : <Eye size={14} />}
        </IconButton>
      )}
      {text && <CopyButton text={text} label={label} />}
    </div>
  );
}

/** A fact of a header that is copied when it is pressed: an address. */
export function CopyFact({ text, label }: { text: string; label: string }) {
  return (
    <span className="w-mono" title={useText()(label)}>
      {text}
      <CopyButton text={text} label={label} />
    </span>
  );
}
