import { Divider, IconButton, ListItemIcon, Menu, MenuItem } from '@mui/material';
import { Ellipsis } from 'lucide-react';
import { type ComponentType, useState } from 'react';
import { useText } from './useText';

/** An entry of a menu of actions. */
export interface Action {
  label: string;
  icon?: ComponentType<{ size?: number }>;
  /** It takes something away: red, and below a line. */
  dangerous?: boolean;
  href?: string;
  onDo?(): void;
}

/** The actions that are not worth a button, and those that are dangerous. */
export function MoreMenu({ actions, label = 'More' }: { actions: Action[]; label?: string }) {
  const text = useText();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  if (actions.length === 0) return null;
  const firstDangerous = actions.findIndex(({ dangerous }) => dangerous);
  return (
    <>
      <IconButton className="w-outlined" aria-label={text(label)} aria-haspopup="menu" aria-expanded={anchor !== null} onClick={(event) => setAnchor(event.currentTarget)}>
        <Ellipsis size={16} />
      </IconButton>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)} anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} transformOrigin={{ vertical: 'top', horizontal: 'right' }}>
        {actions.flatMap(({ label: name, icon: Icon, dangerous, href, onDo }, index) => {
          const item = (
            <MenuItem
              key={name}
              {...(href ? { component: 'a', href, download: true } : {})}
              onClick={() => {
                setAnchor(null);
                onDo?.();
              }}
              sx={dangerous ? { color: 'error.dark', '& .MuiListItemIcon-root': { color: 'inherit' } } : undefined}
            >
              <ListItemIcon>{Icon && <Icon size={16} />}</ListItemIcon>
              {text(name)}
            </MenuItem>
          );
          return index === firstDangerous && index > 0 ? [<Divider key="line" />, item] : [item];
        })}
      </Menu>
    </>
  );
}
