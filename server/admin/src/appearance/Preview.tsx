// What a look would be like: bar, log-in and page, in both themes.
import type { CSSProperties } from 'react';
import { type Brand, coloursOf, darkAccentOf, productName } from '../design/brand';
import { Card } from '../design/Card';
import { Emblem } from '../design/Logo';
import { type Scheme, variablesOf } from '../design/tokens';
import { useText } from '../design/useText';

function Sample({ look, scheme }: { look: Brand; scheme: Scheme }) {
  const say = useText();
  const name = look.name || productName;
  return (
    // a picture of pages, not pages: nothing in it can be reached
    <div className="w-sample" style={{ ...variablesOf(coloursOf(scheme, look)), colorScheme: scheme } as CSSProperties} role="img" aria-label={say('%{name} in the %{scheme} theme', { name, scheme })}>
      <div className="w-sample-bar">
        <Emblem size={22} logo={look.logo} />
        <b className="w-clip">{name}</b>
        <span className="w-sample-find">{say('Find a device')}</span>
      </div>
      <div className="w-sample-page">
        <p className="w-sample-item">{say('Devices')}</p>
        <p>
          <span className="w-sample-link">{say('kennedy-2f-ap07')}</span>{' '}{say('applied')}
        </p>
        <p>
          <span className="w-sample-button">{say('Save')}</span> {look.notice && <span className="w-small w-secondary">{look.notice}</span>}
        </p>
      </div>
    </div>
  );
}

/** The card. */
export function Preview({ look }: { look: Brand }) {
  const dark = look.accent && !look.accent_dark ? { ...look, accent_dark: darkAccentOf(look.accent) } : look;
  return (
    <Card title="Preview" note="before anything is saved">
      <div className="w-samples">
        <Sample look={look} scheme="light" />
        <Sample look={dark} scheme="dark" />
      </div>
    </Card>
  );
}
