// One field of a form: label above, help or what is wrong below. Tasks and the form of the whole schema are made of it.
import { Autocomplete, Checkbox, FormControlLabel, IconButton, InputAdornment, TextField, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { Eye, EyeOff } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { StatusShape } from '../../design/Status';
import { useText } from '../../design/useText';
import { same } from './json';
import { makePassword } from './makePassword';
import { bytes } from './rules';
import type { Choice, FieldKind } from './task';
import { inSentence, taskTexts as t } from './texts';

export interface FieldInputProps {
  /** What tests and links find the field by. */
  id?: string;
  label: string;
  kind: FieldKind;
  value: unknown;
  onChange: (value: unknown) => void;
  onBlur?: () => void;
  problem?: string;
  help?: string;
  placeholder?: string;
  choices?: Choice[];
  optional?: boolean;
  max?: number;
  unit?: string;
  disabled?: boolean;
}

/** The line below a field: what is wrong, or else the help. */
function Below({ id, problem, help }: { id: string; problem?: string; help?: string }) {
  const say = useText();
  if (!problem && !help) return null;
  return (
    <p id={id} className={`t-help${problem ? ' t-wrong' : ''}`} role={problem ? 'alert' : undefined}>
      {problem && <StatusShape status="critical" />}
      {say(problem ?? help)}
    </p>
  );
}

function Label({ htmlFor, id, children, optional, right }: { htmlFor?: string; id?: string; children: string; optional?: boolean; right?: ReactNode }) {
  const say = useText();
  return (
    <div className="t-label">
      <label htmlFor={htmlFor} id={id}>
        {say(children)}
      </label>
      {optional && <span className="w-small w-muted">{say(t.optional)}</span>}
      {right && <span className="t-right">{right}</span>}
    </div>
  );
}

function listOf(text: string, kind: FieldKind): string[] {
  const parts = text.split(kind === 'words' ? /[\s,]+/ : '\n');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function textOf(value: unknown, kind: FieldKind): string {
  return (Array.isArray(value) ? value : []).join(kind === 'words' ? ' ' : '\n');
}

/** Keeps what is typed as long as it means the value: "1." is on its way to a list or a number. */
function useTyped(value: unknown, write: (value: unknown) => string, read: (text: string) => unknown) {
  const [typed, setTyped] = useState(() => write(value));
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed changes the value, not the other way round
  useEffect(() => {
    if (!same(read(typed), value)) setTyped(write(value));
  }, [value]);
  return [typed, setTyped] as const;
}

function numberOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/** The field. */
export function FieldInput(props: FieldInputProps) {
  switch (props.kind) {
    case 'switch':
      return <SwitchField {...props} />;
    case 'choice':
      return <ChoiceField {...props} />;
    case 'password':
      return <PasswordField {...props} />;
    default:
      return <TextLike {...props} />;
  }
}

function TextLike({ id, label, kind, value, onChange, onBlur, problem, help, placeholder, optional, max, unit, disabled }: FieldInputProps) {
  const say = useText();
  const own = useId();
  const field = id ?? own;
  const list = kind === 'lines' || kind === 'words';
  const [shown, setShown] = useState(false);
  const write = (next: unknown) => (list ? textOf(next, kind) : next === null || next === undefined ? '' : String(next));
  const read = (text: string) => (list ? listOf(text, kind) : kind === 'number' ? numberOf(text) : text);
  const [typed, setTyped] = useTyped(value, write, read);
  const change = (text: string) => {
    setTyped(text);
    onChange(read(text));
  };
  const secret = kind === 'secret';
  const tall = kind === 'lines' || kind === 'code';
  const right = secret ? (
    !disabled && (
      <button type="button" className="w-link" onClick={() => { change(makePassword()); setShown(true); }}>
        {say(t.make)}
      </button>
    )
  ) : max ? (
    <span className="w-small w-muted">{say(t.count, { now: bytes(typed), most: max })}</span>
  ) : undefined;
  return (
    <div className="t-field">
      <Label htmlFor={field} optional={optional} right={right}>
        {label}
      </Label>
      <TextField
        id={field}
        value={typed}
        onChange={(event) => change(event.target.value)}
        onBlur={onBlur}
        placeholder={say(placeholder)}
        disabled={disabled}
        error={problem !== undefined}
        type={secret && !shown ? 'password' : 'text'}
        multiline={tall}
        minRows={kind === 'code' ? 6 : kind === 'lines' ? 2 : undefined}
        maxRows={kind === 'code' ? 24 : kind === 'lines' ? 10 : undefined}
        fullWidth
        margin="none"
        slotProps={{
          htmlInput: {
            'aria-describedby': problem || help ? `${field}-below` : undefined,
            autoComplete: secret ? 'new-password' : 'off',
            spellCheck: false,
            inputMode: kind === 'number' ? 'numeric' : undefined,
            className: tall || secret ? 't-mono' : undefined,
          },
          input: {
            endAdornment: secret ? (
              <InputAdornment position="end">
                <IconButton size="small" aria-label={say(shown ? t.hide : t.show, { what: inSentence(label, say) })} onClick={() => setShown(!shown)}>
                  {shown ? <EyeOff size={16} /> : <Eye size={16} />}
                </IconButton>
              </InputAdornment>
            ) : unit ? (
              <InputAdornment position="end">{unit}</InputAdornment>
            ) : undefined,
          },
        }}
      />
      <Below id={`${field}-below`} problem={problem} help={help} />
    </div>
  );
}

function SwitchField({ id, label, value, onChange, problem, help, disabled }: FieldInputProps) {
  const say = useText();
  const own = useId();
  const field = id ?? own;
  return (
    <div className="t-field">
      <FormControlLabel
        control={<Checkbox id={field} checked={value === true} disabled={disabled} onChange={(_, on) => onChange(on)} slotProps={{ input: { 'aria-describedby': help ? `${field}-below` : undefined } }} />}
        label={say(label)}
      />
      <Below id={`${field}-below`} problem={problem} help={help} />
    </div>
  );
}

/** Up to so many choices stand beside one another. */
const segmented = 5;
/** So many letters fit beside one another. */
const segmentedLetters = 42;

function ChoiceField({ id, label, value, onChange, onBlur, problem, help, choices = [], optional, disabled }: FieldInputProps) {
  const say = useText();
  const own = useId();
  const field = id ?? own;
  const known = choices.some((choice) => choice.value === value) || value === '' || value === undefined;
  // what is there and no choice stays as it is, and can be seen
  const all = (known ? choices : [...choices, { value: String(value), label: String(value) }]).map((choice) => ({ ...choice, label: say(choice.label) }));
  const letters = all.reduce((sum, choice) => sum + choice.label.length, 0);
  const below = problem || help ? `${field}-below` : undefined;
  if (all.length <= segmented && letters <= segmentedLetters && !optional) {
    return (
      <div className="t-field t-choice">
        <Label id={`${field}-label`}>{label}</Label>
        <ToggleButtonGroup
          exclusive
          fullWidth
          className="t-segments"
          id={field}
          value={value}
          disabled={disabled}
          onChange={(_, next: string | null) => next !== null && onChange(next)}
          aria-labelledby={`${field}-label`}
          aria-describedby={below}
        >
          {all.map((choice) => (
            <ToggleButton key={choice.value} value={choice.value}>
              {choice.label}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        <Below id={`${field}-below`} problem={problem} help={help} />
      </div>
    );
  }
  const chosen = all.find((choice) => choice.value === value) ?? null;
  return (
    <div className="t-field">
      <Label htmlFor={field} optional={optional}>
        {label}
      </Label>
      <Autocomplete
        openText={say('Open')}
        closeText={say('Close')}
        clearText={say('Clear value')}
        id={field}
        options={all}
        value={chosen}
        disabled={disabled}
        disableClearable={(!optional && chosen !== null) as false}
        isOptionEqualToValue={(one, other) => one.value === other.value}
        onChange={(_, next) => onChange(next?.value ?? '')}
        onBlur={onBlur}
        renderInput={(params) => <TextField {...params} margin="none" error={problem !== undefined} placeholder={optional ? say(t.device) : undefined} />}
        fullWidth
      />
      <Below id={`${field}-below`} problem={problem} help={help} />
    </div>
  );
}

/** A password that is kept as its hash: what is typed is hashed after a moment, and is not kept. */
function PasswordField({ value, onChange, help, problem, ...rest }: FieldInputProps) {
  const say = useText();
  const [typed, setTyped] = useState('');
  const short = typed !== '' && typed.length < 8;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the hash follows what is typed; onChange is another function each time
  useEffect(() => {
    if (typed === '' || short) return undefined;
    let wanted = true;
    const timer = setTimeout(async () => {
      const { cryptOf } = await import('./crypt');
      const hash = await cryptOf(typed);
      if (wanted) onChange(hash);
    }, 250);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [typed, short]);
  const set = typeof value === 'string' && value !== '' && typed === '';
  return (
    <TextLike
      {...rest}
      kind="secret"
      value={typed}
      onChange={(next) => setTyped(String(next ?? ''))}
      help={help}
      placeholder={set ? say(t.set) : undefined}
      problem={short ? say(t.tooShort, { now: typed.length }) : problem}
    />
  );
}
