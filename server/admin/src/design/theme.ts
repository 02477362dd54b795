// The tokens as MUI's themes. Colours are also CSS variables, which design.css and charts use: no page names a colour.
import { deepmerge } from '@mui/utils';
import { defaultDarkTheme, defaultLightTheme, type RaThemeOptions } from 'react-admin';
import { type Brand, type Colours, coloursOf } from './brand';
import { type Scheme, tokens, variablesOf } from './tokens';

const { font, radius, size, motion } = tokens;
const scale = font.scale;
const px = (value: number) => `${value}px`;
const text = ({ size: fontSize, line, weight }: { size: number; line: number; weight: number }) => ({
  fontSize: px(fontSize),
  lineHeight: px(line),
  fontWeight: weight,
});

function typography(): RaThemeOptions['typography'] {
  return {
    fontFamily: font.sans,
    fontSize: 13,
    fontWeightRegular: font.weight.regular,
    fontWeightMedium: font.weight.medium,
    fontWeightBold: font.weight.strong,
    h1: { ...text(scale.title), letterSpacing: '-0.011em' },
    h2: { ...text(scale.section), letterSpacing: '-0.003em' },
    h3: { ...text(scale.body), fontWeight: font.weight.medium },
    h5: { ...text(scale.title), letterSpacing: '-0.011em' },
    h6: text(scale.section),
    subtitle1: { ...text(scale.form), fontWeight: font.weight.medium },
    subtitle2: { ...text(scale.body), fontWeight: font.weight.medium },
    body1: text(scale.form),
    body2: text(scale.body),
    caption: text(scale.small),
    overline: { ...text(scale.micro), textTransform: 'none', letterSpacing: 0 },
    button: { ...text(scale.body), fontWeight: font.weight.medium, textTransform: 'none', letterSpacing: 0 },
  };
}

function components(scheme: Scheme, c: Colours): RaThemeOptions['components'] {
  const focus = { outline: `2px solid ${c.focus}`, outlineOffset: 2 };
  const bold = { fontWeight: font.weight.medium };
  return {
    MuiCssBaseline: { styleOverrides: { ':root': variablesOf(c), html: { colorScheme: scheme }, body: { ...text(scale.body), fontFamily: font.sans } } },
    // a heading of a page is h1, of a card h2, within a card h3
    MuiTypography: { defaultProps: { variantMapping: { h5: 'h1', h6: 'h2', subtitle1: 'h3', subtitle2: 'h3' } } },
    MuiCircularProgress: { defaultProps: { 'aria-label': 'Loading' } },
    MuiLinearProgress: { defaultProps: { 'aria-label': 'Loading' } },
    MuiButtonBase: { defaultProps: { disableRipple: true }, styleOverrides: { root: { '&.Mui-focusVisible': focus } } },
    MuiButton: {
      defaultProps: { disableElevation: true },
      styleOverrides: {
        root: {
          minWidth: 0, height: size.control, padding: '0 12px', borderRadius: radius.control, whiteSpace: 'nowrap',
          '&.Mui-disabled': { color: c.textMuted },
          '& .MuiButton-startIcon': { marginRight: 6, marginLeft: -2 },
          '@media (max-width: 640px)': { height: 40 },
        },
        sizeSmall: { height: size.controlSmall, padding: '0 10px', ...text({ ...scale.small, weight: font.weight.medium }) },
        sizeLarge: { height: 40, padding: '0 16px' },
        outlined: { borderColor: c.borderStrong, color: c.text, backgroundColor: c.surface, '&:hover': { backgroundColor: c.hover, borderColor: c.borderStrong } },
        outlinedError: { color: c.critical.text },
        containedPrimary: { '&:hover': { backgroundColor: c.accentHover }, '&.Mui-disabled': { backgroundColor: c.sunken, color: c.textMuted } },
        textInherit: { color: c.textSecondary },
        text: { '&:hover': { backgroundColor: c.hover } },
      },
    },
    MuiIconButton: {
      styleOverrides: {
        root: { borderRadius: radius.control, width: size.control, height: size.control, padding: 0, color: c.textSecondary, '@media (max-width: 640px)': { width: 40, height: 40 } },
        sizeSmall: { width: size.controlSmall, height: size.controlSmall, fontSize: 16, '& .MuiSvgIcon-root': { fontSize: 16 } },
      },
    },
    MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiAppBar: { defaultProps: { elevation: 0 } },
    MuiCard: { defaultProps: { variant: 'outlined', elevation: 0 }, styleOverrides: { root: { borderRadius: radius.card, borderColor: c.border } } },
    MuiDialog: { styleOverrides: { paper: { borderRadius: radius.dialog, backgroundColor: c.raised, boxShadow: c.shadow['3'] } } },
    MuiDialogTitle: { styleOverrides: { root: { fontSize: 16, lineHeight: '24px', fontWeight: font.weight.strong, padding: '20px 24px 8px' } } },
    MuiDialogContent: { styleOverrides: { root: { padding: '0 24px 8px', fontSize: 14, lineHeight: '20px', color: c.textSecondary } } },
    MuiDialogActions: { styleOverrides: { root: { padding: '12px 24px 20px', gap: 4 } } },
    MuiMenu: { defaultProps: { transitionDuration: 120 }, styleOverrides: { paper: { boxShadow: c.shadow['2'], border: `1px solid ${c.border}`, backgroundColor: c.raised, borderRadius: 8 } } },
    MuiMenuItem: {
      styleOverrides: { root: { ...text(scale.body), minHeight: size.control, '@media (max-width: 640px)': { minHeight: size.controlTouch } } },
    },
    MuiListItemIcon: { styleOverrides: { root: { minWidth: 28, color: c.textMuted } } },
    MuiTooltip: {
      defaultProps: { enterDelay: 400, enterNextDelay: 200 },
      styleOverrides: { tooltip: { ...text(scale.small), backgroundColor: c.bar, color: c.barText, border: `1px solid ${c.barLine}`, borderRadius: radius.control, padding: '4px 8px' } },
    },
    MuiChip: { styleOverrides: { root: { ...text(scale.small) }, sizeSmall: { height: 22 }, colorPrimary: {}, outlined: { borderColor: c.borderStrong } } },
    MuiTabs: { styleOverrides: { root: { minHeight: 36, overflow: 'visible' }, flexContainer: { gap: 20 }, indicator: { backgroundColor: c.accent, transition: 'none' } } },
    MuiTab: {
      styleOverrides: {
        root: { minWidth: 0, minHeight: 36, padding: 0, ...text(scale.body), color: c.textSecondary, textTransform: 'none', '&.Mui-selected': { color: c.text, ...bold }, '@media (max-width: 640px)': { minHeight: size.controlTouch } },
      },
    },
    MuiAlert: {
      styleOverrides: {
        root: { borderRadius: radius.card, fontSize: 14, lineHeight: '20px', padding: '8px 16px' },
        standardError: { backgroundColor: c.critical.tint, color: c.text, '& .MuiAlert-icon': { color: c.critical.dot } },
        standardWarning: { backgroundColor: c.problem.tint, color: c.text, '& .MuiAlert-icon': { color: c.problem.dot } },
        standardInfo: { backgroundColor: c.waiting.tint, color: c.text, '& .MuiAlert-icon': { color: c.waiting.dot } },
        standardSuccess: { backgroundColor: c.ok.tint, color: c.text, '& .MuiAlert-icon': { color: c.ok.dot } },
      },
    },
    ...inputs(c),
    ...frame(c),
  };
}

// Labels stand above their inputs, where they are read before anything is typed.
function inputs(c: Colours): RaThemeOptions['components'] {
  return {
    MuiTextField: { defaultProps: { variant: 'outlined', size: 'small', margin: 'dense' } },
    MuiFormControl: { defaultProps: { variant: 'outlined', size: 'small', margin: 'dense' }, styleOverrides: { marginDense: { marginTop: 8, marginBottom: 8 } } },
    MuiInputLabel: {
      defaultProps: { shrink: true },
      styleOverrides: {
        root: { position: 'static', transform: 'none', maxWidth: 'none', marginBottom: 4, ...text({ ...scale.body, weight: font.weight.medium }), color: c.text, pointerEvents: 'auto', '&.Mui-focused': { color: c.text }, '&.Mui-error': { color: c.text }, '&.Mui-disabled': { color: c.textSecondary } },
      },
    },
    MuiOutlinedInput: {
      defaultProps: { notched: false },
      styleOverrides: {
        root: {
          fontSize: 14, minHeight: 36, borderRadius: radius.control, backgroundColor: c.surface,
          '& .MuiOutlinedInput-notchedOutline': { borderColor: c.control, top: 0, '& legend': { display: 'none' } },
          '&:hover .MuiOutlinedInput-notchedOutline': { borderColor: c.textMuted },
          '&.Mui-focused .MuiOutlinedInput-notchedOutline': { borderColor: c.accent, borderWidth: 2 },
          '&.Mui-disabled, &.MuiInputBase-readOnly': { backgroundColor: c.sunken },
          '@media (max-width: 640px)': { minHeight: size.controlTouch, fontSize: 16 },
        },
        input: { '&::placeholder': { color: c.textMuted, opacity: 1 } },
        inputSizeSmall: { padding: '7px 10px', height: 22, boxSizing: 'border-box' },
        // the frame of several lines has the padding of its own
        multiline: { padding: '7px 10px' },
        inputMultiline: { padding: 0 },
      },
    },
    MuiFormHelperText: { styleOverrides: { root: { ...text(scale.small), margin: '4px 0 0', color: c.textMuted, '&.Mui-error': { color: c.critical.text } } } },
    MuiFormLabel: { styleOverrides: { asterisk: { color: c.textMuted } } },
    MuiFormControlLabel: { styleOverrides: { label: { fontSize: 14, lineHeight: '20px' } } },
    MuiCheckbox: { defaultProps: { size: 'small' }, styleOverrides: { root: { color: c.control, padding: 6 } } },
    MuiRadio: { defaultProps: { size: 'small' }, styleOverrides: { root: { color: c.control, padding: 6 } } },
    MuiSwitch: {
      styleOverrides: {
        root: { width: 44, height: 32, padding: 8 },
        switchBase: { padding: 8, color: c.surface, '&.Mui-checked': { transform: 'translateX(12px)', color: c.onAccent, '& + .MuiSwitch-track': { backgroundColor: c.accent, opacity: 1 } }, '&.Mui-disabled + .MuiSwitch-track': { opacity: 0.5 } },
        thumb: { width: 12, height: 12, margin: 2, boxShadow: 'none' },
        track: { backgroundColor: c.control, opacity: 1, borderRadius: 8 },
      },
    },
    MuiToggleButton: {
      styleOverrides: { root: { height: size.controlSmall, padding: '0 12px', textTransform: 'none', borderColor: c.control, color: c.textSecondary, ...text(scale.small), '&.Mui-selected': { backgroundColor: c.accentTint, color: c.text, fontWeight: font.weight.medium } } },
    },
    MuiTableCell: {
      styleOverrides: {
        root: { borderColor: c.border, padding: '0 12px', height: size.row, ...text(scale.body) },
        head: { ...text({ ...scale.small, weight: font.weight.medium }), color: c.textMuted, whiteSpace: 'nowrap', backgroundColor: c.surface },
      },
    },
    // MUI's heading takes every style off, and a button has the browser's font
    MuiAccordionSummary: { styleOverrides: { root: { fontFamily: 'inherit', fontSize: 13 } } },
    MuiAccordion: { styleOverrides: { root: { backgroundColor: c.surface, borderRadius: radius.control } } },
  };
}

function frame(c: Colours): RaThemeOptions['components'] {
  return {
    RaSkipNavigationButton: {
      styleOverrides: { root: { '&&': { backgroundColor: c.accent, color: c.onAccent, '&:hover': { backgroundColor: c.accentHover } } } },
    },
    // what sticks inside a card (preview, buttons) sticks to the window, not to the card
    RaEdit: { styleOverrides: { root: { '& .RaEdit-card': { overflow: 'visible', minWidth: 0, border: 0, background: 'none', borderRadius: 0 } } } },
    RaCreate: { styleOverrides: { root: { '& .RaCreate-card': { overflow: 'visible', minWidth: 0, border: 0, background: 'none', borderRadius: 0 } } } },
    MuiSnackbar: { defaultProps: { anchorOrigin: { vertical: 'bottom', horizontal: 'left' } } },
    MuiSnackbarContent: { styleOverrides: { root: { backgroundColor: c.bar, color: c.barText, borderRadius: radius.card, fontSize: 14 } } },
  };
}

function themeOf(scheme: Scheme, brand: Brand): RaThemeOptions {
  const c = coloursOf(scheme, brand);
  const state = (s: { dot: string; text: string; tint: string }) => ({ main: s.dot, dark: s.text, light: s.tint });
  const shadow = c.shadow;
  return deepmerge(scheme === 'light' ? defaultLightTheme : defaultDarkTheme, {
    palette: {
      mode: scheme,
      primary: { main: c.accent, dark: c.accentHover, contrastText: c.onAccent },
      secondary: { main: c.accent, dark: c.accentHover, contrastText: c.onAccent },
      background: { default: c.canvas, paper: c.surface },
      text: { primary: c.text, secondary: c.textSecondary, disabled: c.textMuted },
      success: state(c.ok),
      info: state(c.waiting),
      warning: state(c.problem),
      error: { ...state(c.critical), main: c.critical.text },
      divider: c.border,
      action: { hover: c.hover, selected: c.accentTint },
    },
    shape: { borderRadius: radius.control },
    shadows: ['none', shadow['1'], shadow['2'], shadow['3'], ...Array.from({ length: 21 }, () => shadow['3'])],
    sidebar: { width: size.nav, closedWidth: size.navClosed },
    transitions: { duration: { shortest: 120, shorter: 120, short: 180, standard: 180, complex: 240, enteringScreen: 180, leavingScreen: 120 }, easing: { easeOut: motion.ease } },
    breakpoints: { values: { xs: 0, sm: 640, md: 900, lg: 1280, xl: 1680 } },
    typography: typography(),
    components: components(scheme, c),
  } as RaThemeOptions);
}

/** The themes of an installation. */
export function themesOf(brand: Brand): { lightTheme: RaThemeOptions; darkTheme: RaThemeOptions; defaultTheme?: Scheme } {
  return { lightTheme: themeOf('light', brand), darkTheme: themeOf('dark', brand), ...(brand.theme && { defaultTheme: brand.theme }) };
}
