// What the button of the account opens. It comes when it is asked for: menus are not part of the first load.
import { Divider, ListItemIcon, Menu, MenuItem } from '@mui/material';
import { LogOut } from 'lucide-react';
import { useLogout } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from './ConcernsContext';

/** The menu. */
export default function AccountItems({ anchor, onClose }: { anchor: HTMLElement; onClose(): void }) {
  const { concerns } = useFrame();
  const logout = useLogout();
  return (
    <Menu anchorEl={anchor} open onClose={onClose} anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} transformOrigin={{ vertical: 'top', horizontal: 'right' }}>
      {concerns
        .flatMap(({ account = [] }) => account)
        .map(({ to, label, icon: Icon }) => (
          <MenuItem key={to} component={Link} to={to} onClick={onClose}>
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
  );
}
