import CopyIcon from '@mui/icons-material/ContentCopy';
import HideIcon from '@mui/icons-material/VisibilityOffOutlined';
import ShowIcon from '@mui/icons-material/VisibilityOutlined';
import { Box, IconButton, Tooltip, Typography } from '@mui/material';
import { useState } from 'react';
import { useNotify } from 'react-admin';

/** A button that puts a text on the clipboard. Browsers give the clipboard to secure origins only. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const notify = useNotify();
  const copy = async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else copyBySelection(text);
      notify(`${label} copied`, { type: 'success', autoHideDuration: 2000 });
    } catch {
      notify('The browser did not allow copying; please select the text.', { type: 'warning' });
    }
  };
  return (
    <Tooltip title={`Copy ${label}`}>
      <IconButton size="small" onClick={copy} aria-label={`Copy ${label}`}>
        <CopyIcon fontSize="inherit" />
      </IconButton>
    </Tooltip>
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
  const [shown, setShown] = useState(!secret);
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.5, minWidth: 0 }}>
      <Typography variant="body2" color="text.secondary" sx={{ flexShrink: 0, minWidth: 72 }}>
        {label}
      </Typography>
      <Typography component="code" variant="body2" noWrap sx={{ fontFamily: 'monospace', minWidth: 0 }} title={shown ? text : undefined}>
        {text ? (shown ? text : '•'.repeat(16)) : '–'}
      </Typography>
      {secret && text && (
        <IconButton size="small" onClick={() => setShown(!shown)} aria-label={shown ? `Hide ${label}` : `Show ${label}`}>
          {shown ? <HideIcon fontSize="inherit" /> : <ShowIcon fontSize="inherit" />}
        </IconButton>
      )}
      {text && <CopyButton text={text} label={label} />}
    </Box>
  );
}
