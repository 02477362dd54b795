// A button that asks for files.
import { Button, type ButtonProps } from '@mui/material';
import { useRef } from 'react';

interface FileButtonProps extends Omit<ButtonProps, 'onClick'> {
  /** How the files are called, for who cannot see the button. */
  label: string;
  /** The types that are offered, as for an input of HTML. */
  accept?: string;
  multiple?: boolean;
  /** Gets what was chosen, at least one; the same file may be chosen again. */
  onFiles(files: File[]): void;
}

/** A button beside its input: a label that acts as a button would be neither to screen readers. */
export function FileButton({ label, accept, multiple, onFiles, children, ...button }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...button} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        accept={accept}
        multiple={multiple}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          target.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}
