import { Box, FormHelperText, type Theme, useTheme } from '@mui/material';
import { useRef, type KeyboardEvent } from 'react';

interface JSONTextProps {
  label: string;
  value: string;
  onChange(text: string): void;
  problem?: string;
  disabled?: boolean;
}

const indent = '  ';

/** A text area for JSON with line numbers; Tab indents, and Escape then Tab leaves it. */
export function JSONText({ label, value, onChange, problem, disabled }: JSONTextProps) {
  const theme = useTheme<Theme>();
  const numbers = useRef<HTMLDivElement>(null);
  const leaving = useRef(false);
  const lines = value.split('\n').length;

  const key = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Escape') {
      leaving.current = true;
      return;
    }
    if (event.key !== 'Tab' || event.shiftKey || leaving.current) {
      leaving.current = false;
      return;
    }
    event.preventDefault();
    const area = event.currentTarget;
    const { selectionStart, selectionEnd } = area;
    onChange(value.slice(0, selectionStart) + indent + value.slice(selectionEnd));
    requestAnimationFrame(() => area.setSelectionRange(selectionStart + indent.length, selectionStart + indent.length));
  };

  const text = { fontFamily: 'var(--w-mono)', fontSize: 13, lineHeight: '20px' };
  return (
    <Box>
      <Box
        sx={{
          display: 'flex',
          height: Math.min(Math.max(lines, 10), 32) * 20 + 24,
          border: `1px solid ${problem ? theme.palette.error.main : theme.palette.divider}`,
          borderRadius: 1,
          overflow: 'hidden',
          backgroundColor: 'background.paper',
          '&:focus-within': { outline: `2px solid ${theme.palette.primary.main}`, outlineOffset: -1 },
        }}
      >
        <Box
          ref={numbers}
          aria-hidden
          sx={{
            ...text,
            p: '12px 8px',
            minWidth: 40,
            textAlign: 'right',
            color: 'text.disabled',
            backgroundColor: 'action.hover',
            overflow: 'hidden',
            userSelect: 'none',
            whiteSpace: 'pre',
            flexShrink: 0,
          }}
        >
          {Array.from({ length: lines }, (_, index) => index + 1).join('\n')}
        </Box>
        <Box
          component="textarea"
          aria-label={label}
          aria-invalid={problem !== undefined}
          spellCheck={false}
          wrap="off"
          disabled={disabled}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={key}
          onScroll={(event) => {
            if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
          }}
          sx={{
            ...text,
            flexGrow: 1,
            minWidth: 0,
            p: '12px',
            border: 0,
            outline: 0,
            resize: 'none',
            color: 'text.primary',
            background: 'none',
          }}
        />
      </Box>
      {problem && (
        <FormHelperText error role="alert">
          {problem}
        </FormHelperText>
      )}
    </Box>
  );
}
