// The bar at the top: the name, the find field, theme and account.
import { Divider, IconButton, ListItemIcon, Menu, MenuItem } from '@mui/material';
import { LogOut, Menu as MenuIcon, Moon, Search, Sun } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useGetIdentity, useLogout, usePermissions, useTheme } from 'react-admin';
import { Link } from 'react-router-dom';
import { administers } from '../api/session';
import type { Session } from '../api/types';
import { Mark } from '../design/Logo';
import { useFrame } from './ConcernsContext';

const Find = lazy(() => import('./Find'));

/** Two letters for a person. */
export function initialsOf(name: string): string {
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return (parts.length > 1 ? `${parts[0]?.[0]}${parts[1]?.[0]}` : (parts[0] ?? '?').slice(0, 2)).toUpperCase();
}

function ThemeButton() {
  const [theme, setTheme] = useTheme();
  const dark = theme === 'dark';
  return (
      <IconButton title={dark ? 'Light' : 'Dark'} className="w-bar-tool" aria-label={dark ? 'Light theme' : 'Dark theme'} onClick={() => setTheme(dark ? 'light' : 'dark')}>
        {dark ? <Sun size={16} /> : <Moon size={16} />}
      </IconButton>
  );
}

function AccountMenu() {
  const { concerns } = useFrame();
  const { identity } = useGetIdentity();
  const logout = useLogout();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const name = identity?.fullName ?? '';
  return (
    <>
      <button type="button" className="w-account" data-letters={initialsOf(name)} aria-label={`${name}, account menu`} aria-haspopup="menu" aria-expanded={anchor !== null} onClick={(event) => setAnchor(event.currentTarget)}>
      </button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)} anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} transformOrigin={{ vertical: 'top', horizontal: 'right' }}>
        {concerns
          .flatMap(({ account = [] }) => account)
          .map(({ to, label, icon: Icon }) => (
            <MenuItem key={to} component={Link} to={to} onClick={() => setAnchor(null)}>
              <ListItemIcon>{Icon && <Icon />}</ListItemIcon>
              {label}
            </MenuItem>
          ))}
        <Divider />
        <MenuItem onClick={() => logout()}>
          <ListItemIcon>
            <LogOut size={16} />
          </ListItemIcon>
          Log out
        </MenuItem>
      </Menu>
    </>
  );
}

/** The bar. */
export function Bar({ onMenu }: { onMenu(): void }) {
  const { permissions: session } = usePermissions<Session>();
  const { concerns } = useFrame();
  const [finding, setFinding] = useState(false);
  const staff = session !== undefined && administers(session) && !session.restricted;
  useEffect(() => {
    if (!staff) return undefined;
    const key = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      setFinding(true);
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, [staff]);
  return (
    <header className="w-bar">
      {staff && (
        <IconButton className="w-bar-tool w-bar-menu" aria-label="Navigation" onClick={onMenu}>
          <MenuIcon size={18} />
        </IconButton>
      )}
      <Link className="w-brand" to="/" aria-label="Wispwright: overview">
        <Mark size={26} />
        <span>Wispwright</span>
      </Link>
      <span className="w-grow" />
      {staff && (
        <button type="button" className="w-find" onClick={() => setFinding(true)} aria-haspopup="dialog">
          <Search size={16} aria-hidden="true" />
          <span className="w-grow w-clip">Find a device, address, template or person</span>
          <kbd>Ctrl K</kbd>
        </button>
      )}
      <span className="w-grow" />
      {staff &&
        concerns
          .flatMap(({ bar = [] }) => bar)
          .map((Tool, index) => (
            <Suspense key={index} fallback={<span className="w-bar-place" />}>
              <Tool />
            </Suspense>
          ))}
      <ThemeButton />
      <AccountMenu />
      {finding && (
        <Suspense>
          <Find onClose={() => setFinding(false)} />
        </Suspense>
      )}
    </header>
  );
}
