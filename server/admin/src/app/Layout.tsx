// The frame of every page: bar with the name and the account menu, sidebar, errors of a page.
import DashboardIcon from '@mui/icons-material/SpaceDashboardOutlined';
import PasswordIcon from '@mui/icons-material/PasswordOutlined';
import { Box, ListItemIcon, ListItemText, ListSubheader, MenuItem, Typography, type Theme } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { ReactNode } from 'react';
import {
  AppBar,
  Layout as RaLayout,
  LoadingIndicator,
  Logout,
  Menu,
  TitlePortal,
  ToggleThemeButton,
  useCanAccess,
  usePermissions,
  UserMenu,
  useSidebarState,
  useUserMenu,
} from 'react-admin';
import { Link, Navigate, useLocation } from 'react-router-dom';
import type { Session } from '../api/types';
import { Logo } from './Logo';
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
      <TitlePortal sx={{ opacity: 0.85, fontSize: '1rem' }} />
    </AppBar>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const [open] = useSidebarState();
  return (
    <>
      {open ? (
        <ListSubheader disableSticky sx={{ background: 'none', lineHeight: '32px', mt: 1, fontSize: 12 }}>
          {title}
        </ListSubheader>
      ) : (
        <Box sx={{ height: 16 }} />
      )}
      {children}
    </>
  );
}

function Resource({ name }: { name: string }) {
  const { canAccess } = useCanAccess({ resource: name, action: 'list' });
  return canAccess ? <Menu.ResourceItem name={name} /> : null;
}

function Sidebar() {
  return (
    <Menu>
      <Menu.Item to="/" primaryText="Dashboard" leftIcon={<DashboardIcon />} />
      <Section title="Network">
        <Resource name="devices" />
        <Resource name="templates" />
      </Section>
      <Section title="Users and organizations">
        <Resource name="organizations" />
        <Resource name="users" />
        <Resource name="groups" />
        <Resource name="events" />
      </Section>
    </Menu>
  );
}

/** The layout handed to react-admin. Whoever has to do something first is kept on the page where it is done. */
export function Layout({ children }: { children: ReactNode }) {
  const { permissions: session } = usePermissions<Session>();
  const { pathname } = useLocation();
  if (session?.restricted && pathname !== '/account') return <Navigate to="/account" replace />;
  return (
    <RaLayout
      appBar={Bar}
      menu={Sidebar}
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
