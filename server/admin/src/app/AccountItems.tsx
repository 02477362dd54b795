// What the button of the account opens. It comes when it is asked for: menus are not part of the first load.
import { Divider, ListItemIcon, Menu, MenuItem } from '@mui/material';
import { Check, LogOut } from 'lucide-react';
import { useLocaleState, useLogout, useTranslate } from 'react-admin';
import { Link } from 'react-router-dom';
import { languages } from '../language/languages';
import { useFrame } from './ConcernsContext';

/** The menu. */
export default function AccountItems({ anchor, onClose }: { anchor: HTMLElement; onClose(): void }) {
  const { concerns } = useFrame();
  const logout = useLogout();
  const translate = useTranslate();
  const [locale, setLocale] = useLocaleState();
  return (
    <Menu anchorEl={anchor} open onClose={onClose} anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} transformOrigin={{ vertical: 'top', horizontal: 'right' }}>
      {concerns
        .flatMap(({ account = [] }) => account)
        .map(({ to, label, icon: Icon }) => (
          <MenuItem key={to} component={Link} to={to} onClick={onClose}>
            <ListItemIcon>{Icon && <Icon />}</ListItemIcon>
            {translate(label, { _: label })}
          </MenuItem>
        ))}
      <Divider />
      {languages.map((language) => (
        <MenuItem
          key={language.locale}
          role="menuitemradio"
          aria-checked={language.locale === locale}
          lang={language.locale}
          onClick={() => {
            onClose();
            setLocale(language.locale);
          }}
        >
          <ListItemIcon>{language.locale === locale && <Check size={16} />}</ListItemIcon>
          {language.name}
        </MenuItem>
      ))}
      <Divider />
      <MenuItem onClick={() => logout()}>
        <ListItemIcon>
          <LogOut size={16} />
        </ListItemIcon>
        {translate('Log out')}
      </MenuItem>
    </Menu>
  );
}
