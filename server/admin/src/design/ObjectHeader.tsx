// The header of an object's page: what it is, how it is, its facts, and its tabs. It stays in sight.
import { Tab, Tabs } from '@mui/material';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { useDocumentTitle } from './PageHead';
import { useText } from './useText';

/** A tab; tabs are addresses. */
export interface TabDefinition {
  label: string;
  to: string;
  /** How many there are behind it. */
  count?: number;
}

interface ObjectHeaderProps {
  title: string;
  /** The path to it: the list it is in. */
  above?: { label: string; to: string };
  pill?: ReactNode;
  /** At most two buttons, and a menu of the rest. */
  actions?: ReactNode;
  /** Facts in one line; each an element. */
  facts?: ReactNode;
  tabs?: TabDefinition[];
  /** The address of the tab that is open. */
  tab?: string;
}

/** The header. */
export function ObjectHeader({ title, above, pill, actions, facts, tabs, tab }: ObjectHeaderProps) {
  const text = useText();
  useDocumentTitle(title);
  return (
    <div className="w-object">
      {above && (
        <Link className="w-object-above" to={above.to}>
          {text(above.label)}
        </Link>
      )}
      <div className="w-object-line">
        <h1 title={title}>{title}</h1>
        {pill}
        {actions && <div className="w-object-actions">{actions}</div>}
      </div>
      {facts && <div className="w-object-facts">{facts}</div>}
      {tabs ? (
        <Tabs value={tab} variant="scrollable" scrollButtons={false} aria-label={text('Parts of %{name}', { name: title })}>
          {tabs.map(({ label, to, count }) => (
            <Tab
              key={to}
              value={to}
              component={Link}
              to={to}
              label={
                <span>
                  {text(label)}
                  {count !== undefined && <span className="w-count">{count.toLocaleString()}</span>}
                </span>
              }
            />
          ))}
        </Tabs>
      ) : (
        <div className="w-object-foot" />
      )}
    </div>
  );
}
