// The frame of every page: bar with the name and the account menu, sidebar, errors of a page.
import DashboardIcon from '@mui/icons-material/SpaceDashboardOutlined';
import PasswordIcon from '@mui/icons-material/PasswordOutlined';
import { Box, ListItemIcon, ListItemText, ListSubheader, MenuItem, Typography, type Theme } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import { useEffect, type ReactNode } from 'react';
import {
  AppBar,
  Layout as RaLayout,
  LoadingIndicator,
  Logout,
  Menu,
  TitlePortal,
  ToggleThemeButton,
  usePermissions,
  UserMenu,
  useSidebarState,
  useUserMenu,
} from 'react-admin';
import { Link, Navigate, useLocation } from 'react-router-dom';
import { administers, allowed } from '../api/session';
import type { Session } from '../api/types';
import { Logo } from './Logo';
import { PageError } from './pages';
import { brandColors } from './theme';

function PasswordItem() {
  const menu = useUserMenu();
  return (
    <MenuItem component={Link} to="/account" onClick={() => menu?.onClose()}>
      <ListItemIcon>
        <PasswordIcon fontSize="small" />
      </ListItemIcon>
      <ListItemText>My account</ListItemText>
    </MenuItem>
  );
}

function Bar() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'));
  return (
    <AppBar
      alwaysOn
      color="transparent"
      sx={{ backgroundColor: brandColors.deep, color: '#fff', backgroundImage: 'none' }}
      toolbar={
        <>
          <ToggleThemeButton />
          <LoadingIndicator />
        </>
      }
      userMenu={
        <UserMenu>
          <PasswordItem />
          <Logout />
        </UserMenu>
      }
    >
      <Box component={Link} to="/" aria-label="Wispwright: dashboard" sx={{ color: 'inherit', textDecoration: 'none', mr: 3 }}>
        <Logo size={28} compact={narrow} />
      </Box>
      <TitlePortal sx={{ opacity: 0.85, fontSize: '1rem', minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis' }} />
    </AppBar>
  );
}

function Section({ title, resources }: { title: string; resources: string[] }) {
  const [open] = useSidebarState();
  const { permissions: session } = usePermissions<Session>();
  const offered = session ? resources.filter((name) => allowed(session, name, 'list')) : [];
  if (offered.length === 0) return null;
  return (
    <>
      {open ? (
        <ListSubheader disableSticky sx={{ background: 'none', lineHeight: '32px', mt: 1, fontSize: 12 }}>
          {title}
        </ListSubheader>
      ) : (
        <Box sx={{ height: 16 }} />
      )}
      {offered.map((name) => (
        <Menu.ResourceItem key={name} name={name} />
      ))}
    </>
  );
}

function Sidebar() {
  const { permissions: session } = usePermissions<Session>();
  if (session && !administers(session)) return <Menu><></></Menu>;
  return (
    <Menu>
      <Menu.Item to="/" primaryText="Dashboard" leftIcon={<DashboardIcon />} />
      <Section title="Network" resources={['devices', 'templates']} />
      <Section title="Users and organizations" resources={['organizations', 'users', 'groups', 'events']} />
    </Menu>
  );
}

// Tabs and bookmarks of the browser are named after the page, whose title the bar shows.
function useDocumentTitle() {
  useEffect(() => {
    const shown = document.getElementById('react-admin-title');
    if (!shown) return;
    const follow = () => {
      document.title = [shown.textContent?.trim(), 'Wispwright'].filter((text, i, all) => text && all.indexOf(text) === i).join(' · ');
    };
    const observer = new MutationObserver(follow);
    observer.observe(shown, { childList: true, characterData: true, subtree: true });
    follow();
    return () => observer.disconnect();
  }, []);
}

/** The layout handed to react-admin. Whoever has to do something first is kept on the page where it is done. */
export function Layout({ children }: { children: ReactNode }) {
  const { permissions: session } = usePermissions<Session>();
  const { pathname } = useLocation();
  useDocumentTitle();
  if (session && (session.restricted || !administers(session)) && pathname !== '/account') return <Navigate to="/account" replace />;
  return (
    <RaLayout
      appBar={Bar}
      menu={Sidebar}
      error={PageError}
      sx={{
        minWidth: 0,
        '& .RaLayout-contentWithSidebar, & .RaLayout-appFrame': { minWidth: 0 },
        '& .RaLayout-content': { px: { xs: 1, sm: 3 }, pb: 6, minWidth: 0 },
        '& .RaLayout-appFrame': { mt: { xs: 7, sm: 6 } },
        '& .RaSidebar-fixed': { pt: 1 },
        '& .RaList-main': { minWidth: 0 },
        '& .RaList-content': { maxWidth: '100%', overflowX: 'auto' },
      }}
    >
      {children}
    </RaLayout>
  );
}

/** A page title with what belongs to it on the right. */
export function PageHeading({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1.5, mt: 2, mb: 2 }}>
      <Typography variant="h5" component="h1" sx={{ flexGrow: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
        {title}
      </Typography>
      {children}
    </Box>
  );
}
