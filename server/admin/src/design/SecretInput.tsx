import HideIcon from '@mui/icons-material/VisibilityOffOutlined';
import ShowIcon from '@mui/icons-material/VisibilityOutlined';
import { Box, IconButton, Tooltip } from '@mui/material';
import { useState, type ReactNode } from 'react';
import { TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { useText } from './useText';
import { CopyButton } from './Copyable';

interface SecretInputProps {
  source: string;
  /** What it is called in the names of the buttons: "shared secret". */
  name: string;
  helperText: string;
  readOnly?: boolean;
  /** More buttons. */
  children?: ReactNode;
}

/** An input whose text is dots until it is asked for, with a copy button. */
export function SecretInput({ source, name, helperText, readOnly, children }: SecretInputProps) {
  const say = useText();
  const [shown, setShown] = useState(false);
  const secret = useWatch({ name: source }) as string | null | undefined;
  return (
    <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 0.5, width: '100%' }}>
      <TextInput
        source={source}
        type={shown ? 'text' : 'password'}
        readOnly={readOnly}
        helperText={helperText}
        slotProps={{ htmlInput: { autoComplete: 'new-password', style: { fontFamily: 'monospace' } } }}
        fullWidth
      />
      <Box sx={{ display: 'flex', pt: 1.25 }}>
        <Tooltip title={say(shown ? 'Hide' : 'Show')}>
          <IconButton size="small" aria-label={say(shown ? 'Hide %{what}' : 'Show %{what}', { what: say(name) })} onClick={() => setShown(!shown)}>
            {shown ? <HideIcon fontSize="small" /> : <ShowIcon fontSize="small" />}
          </IconButton>
        </Tooltip>
        {secret && <CopyButton text={secret} label={name} />}
        {children}
      </Box>
    </Box>
  );
}
