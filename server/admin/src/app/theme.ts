// The look of the admin: colours, spacing and shapes for light and dark, and the colours of a status.
import { deepmerge } from '@mui/utils';
import { defaultDarkTheme, defaultLightTheme, type RaThemeOptions } from 'react-admin';
import type { ConfigStatus } from '../api/types';

/** The colours of configuration statuses, as network operators know them from the status chart. */
export const statusColors: Record<ConfigStatus | 'unknown', string> = {
  applied: '#267126',
  modified: '#ffb442',
  error: '#a72d1d',
  deactivating: '#353c44',
  deactivated: '#000000',
  unknown: '#66717b',
};

/** What a status means, for tooltips. */
export const statusMeaning: Record<ConfigStatus | 'unknown', string> = {
  applied: 'The device has applied the current configuration.',
  modified: 'The configuration changed; the device has not applied it yet.',
  error: 'The device could not apply the configuration and went back to the previous one.',
  deactivating: 'The configuration is being removed from the device.',
  deactivated: 'The device is deactivated and its configuration removed.',
  unknown: 'The device has no configuration.',
};

const brand = { ink: '#0e4a5c', deep: '#0a3643', mint: '#7fd1c7', amber: '#ffb442' };

/** The colours of the name and logo. */
export const brandColors = brand;

const fonts = 'Inter, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';

const shared: RaThemeOptions = {
  shape: { borderRadius: 8 },
  sidebar: { width: 224, closedWidth: 56 },
  typography: {
    fontFamily: fonts,
    fontSize: 14,
    h5: { fontWeight: 600, fontSize: '1.35rem' },
    h6: { fontWeight: 600, fontSize: '1.05rem' },
    subtitle2: { fontWeight: 600 },
    button: { textTransform: 'none', fontWeight: 600 },
  },
  components: {
    MuiTextField: { defaultProps: { variant: 'outlined', size: 'small', margin: 'dense' } },
    MuiFormControl: { defaultProps: { variant: 'outlined', size: 'small', margin: 'dense' } },
    MuiPaper: { defaultProps: { elevation: 0 } },
    MuiCard: { defaultProps: { variant: 'outlined' } },
    MuiTableCell: {
      styleOverrides: {
        head: { fontWeight: 600, whiteSpace: 'nowrap' },
        sizeSmall: { padding: '6px 12px' },
      },
    },
    MuiChip: { styleOverrides: { root: { fontWeight: 600 } } },
    MuiTab: { styleOverrides: { root: { minHeight: 44, textTransform: 'none' } } },
    RaListToolbar: { styleOverrides: { root: { '&&': { backgroundColor: 'transparent' } } } },
    RaTopToolbar: { styleOverrides: { root: { '&&': { backgroundColor: 'transparent' } } } },
    RaSkipNavigationButton: {
      styleOverrides: { root: { '&&': { backgroundColor: brand.mint, color: brand.deep, '&:hover': { backgroundColor: brand.mint } } } },
    },
    // what sticks inside a card (preview, buttons) sticks to the window, not to the card
    RaEdit: { styleOverrides: { root: { '& .RaEdit-card': { overflow: 'visible', minWidth: 0 } } } },
    RaCreate: { styleOverrides: { root: { '& .RaCreate-card': { overflow: 'visible', minWidth: 0 } } } },
    MuiTooltip: { defaultProps: { arrow: true } },
  },
};

/** The light theme. */
export const lightTheme: RaThemeOptions = deepmerge(deepmerge(defaultLightTheme, shared), {
  palette: {
    mode: 'light',
    primary: { main: brand.ink, dark: brand.deep, light: '#3f7d8f' },
    secondary: { main: brand.ink },
    background: { default: '#f4f6f7', paper: '#ffffff' },
    success: { main: statusColors.applied },
    warning: { main: '#b26a00' },
    error: { main: statusColors.error },
    divider: '#dde3e6',
  },
});

/** The dark theme. */
export const darkTheme: RaThemeOptions = deepmerge(deepmerge(defaultDarkTheme, shared), {
  palette: {
    mode: 'dark',
    primary: { main: brand.mint },
    secondary: { main: brand.mint },
    background: { default: '#0d171b', paper: '#142329' },
    success: { main: '#66bb6a' },
    warning: { main: brand.amber },
    error: { main: '#ef7a6b' },
    divider: '#25383f',
  },
});
