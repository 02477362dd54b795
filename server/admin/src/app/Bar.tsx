// The bar at the top: the name, the find field, theme and account.
import { IconButton } from '@mui/material';
import { Menu as MenuIcon, Moon, Search, Sun } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useGetIdentity, usePermissions, useTheme, useTranslate } from 'react-admin';
import { Link } from 'react-router-dom';
import { administers } from '../api/session';
import type { Session } from '../api/types';
import { useBrand } from '../design/BrandContext';
import { productName } from '../design/brand';
import { Emblem } from '../design/Logo';
import { useFrame } from './ConcernsContext';

const AccountItems = lazy(() => import('./AccountItems'));
const Find = lazy(() => import('./Find'));

/** Two letters for a person. */
export function initialsOf(name: string): string {
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return (parts.length > 1 ? `${parts[0]?.[0]}${parts[1]?.[0]}` : (parts[0] ?? '?').slice(0, 2)).toUpperCase();
}

function ThemeButton() {
  const [theme, setTheme] = useTheme();
  const translate = useTranslate();
  const dark = theme === 'dark';
  return (
      <IconButton title={translate(dark ? 'Light' : 'Dark')} className="w-bar-tool" aria-label={translate(dark ? 'Light theme' : 'Dark theme')} onClick={() => setTheme(dark ? 'light' : 'dark')}>
        {dark ? <Sun size={16} /> : <Moon size={16} />}
      </IconButton>
  );
}

function AccountMenu() {
  const { identity } = useGetIdentity();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const translate = useTranslate();
  const name = identity?.fullName ?? '';
  return (
    <>
      <button type="button" className="w-account" data-letters={initialsOf(name)} aria-label={translate('%{name}, account menu', { name })} aria-haspopup="menu" aria-expanded={anchor !== null} onClick={(event) => setAnchor(event.currentTarget)}>
      </button>
      {anchor && (
        <Suspense>
          <AccountItems anchor={anchor} onClose={() => setAnchor(null)} />
        </Suspense>
      )}
    </>
  );
}

/** The bar. */
export function Bar({ onMenu }: { onMenu(): void }) {
  const { permissions: session } = usePermissions<Session>();
  const { concerns } = useFrame();
  const translate = useTranslate();
  const { name: ownName, logo } = useBrand();
  const name = ownName || productName;
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
        <IconButton className="w-bar-tool w-bar-menu" aria-label={translate('Navigation')} onClick={onMenu}>
          <MenuIcon size={18} />
        </IconButton>
      )}
      <Link className="w-brand" to="/" aria-label={translate('%{name}: overview', { name })}>
        <Emblem size={26} logo={logo} />
        <span className="w-clip" title={name}>
          {name}
        </span>
      </Link>
      <span className="w-grow" />
      {staff && (
        <button type="button" className="w-find" onClick={() => setFinding(true)} aria-haspopup="dialog">
          <Search size={16} aria-hidden="true" />
          <span className="w-grow w-clip">{translate('Find a device, address, template or person')}</span>
          <kbd>{translate('Ctrl K')}</kbd>
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
