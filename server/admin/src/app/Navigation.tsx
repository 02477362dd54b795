// The navigation: what the concerns offer and the caller may see, in sections.
import { ExternalLink, LayoutDashboard } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useCreatePath, usePermissions, useTranslate } from 'react-admin';
import { Link, useLocation } from 'react-router-dom';
import { administers, allowed, holds } from '../api/session';
import type { Session } from '../api/types';
import { LiveState } from '../live/Live';
import { type MenuEntry, menuOf } from './concern';
import { useFrame, useModels } from './ConcernsContext';

// of phones alone
const Drawer = lazy(() => import('@mui/material/Drawer'));

function Entry({ entry }: { entry: MenuEntry }) {
  const { concerns } = useFrame();
  const { pathname } = useLocation();
  const createPath = useCreatePath();
  const translate = useTranslate();
  const { resource } = entry;
  const to = entry.to ?? (resource ? createPath({ resource, type: 'list' }) : '/');
  const Icon = entry.icon ?? concerns.flatMap(({ resources }) => resources).find(({ name }) => name === resource)?.icon;
  const label = entry.label ? translate(entry.label, { _: entry.label }) : translate(`resources.${resource}.name`, { smart_count: 2 });
  const current = to === '/' ? pathname === '/' : [to, ...(entry.covers ?? [])].some((place) => pathname === place || pathname.startsWith(`${place}/`));
  if (entry.href) {
    return (
      <li>
        <a href={entry.href} title={label}>
          <ExternalLink />
          <span>{label}</span>
        </a>
      </li>
    );
  }
  return (
    <li>
      <Link to={to} aria-current={current ? 'page' : undefined} title={label}>
        {Icon && <Icon />}
        <span>{label}</span>
      </Link>
    </li>
  );
}

const overview: MenuEntry = { section: 'top', to: '/', label: 'Overview', icon: LayoutDashboard };

function Sections() {
  const { concerns } = useFrame();
  const models = useModels();
  const translate = useTranslate();
  const { permissions: session } = usePermissions<Session>();
  if (!session || !administers(session) || session.restricted) return null;
  // lists refuse a person who manages nothing; a door that is locked is not shown
  if (!session.user.is_superuser && !session.organizations.some(({ is_admin }) => is_admin)) return null;
  const offered = menuOf([{ name: 'frame', resources: [], menu: [overview], texts: {} }, ...concerns])
    .map(({ section, entries }) => ({ section, entries: entries.filter(({ resource, permission }) => (!resource || allowed(models, session, resource, 'list')) && (!permission || holds(session, permission))) }))
    .filter(({ entries }) => entries.length > 0);
  return (
    <>
      {offered.map(({ section, entries }) => (
        <div key={section}>
          {section !== 'top' && <h2 id={`section-${section}`}>{translate(`frame.sections.${section}`)}</h2>}
          <ul aria-labelledby={section === 'top' ? undefined : `section-${section}`}>
            {entries.map((entry) => (
              <Entry key={entry.resource ?? entry.to ?? entry.href} entry={entry} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

/** The navigation, beside the page or, on a phone, in a drawer. */
export function Navigation({ drawer, open, onClose }: { drawer: boolean; open: boolean; onClose(): void }) {
  const translate = useTranslate();
  const nav = (
    <nav className="w-nav" aria-label={translate('Main')}>
      <Sections />
      <LiveState />
    </nav>
  );
  if (!drawer) return nav;
  if (!open) return null;
  return (
    <Suspense>
      <Drawer open onClose={onClose} slotProps={{ paper: { sx: { width: 264 } } }}>
        {nav}
      </Drawer>
    </Suspense>
  );
}
