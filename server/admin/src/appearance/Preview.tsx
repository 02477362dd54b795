// What a look would be like: bar, log-in and page, in both themes.
import type { CSSProperties } from 'react';
import { type Brand, coloursOf, darkAccentOf, productName } from '../design/brand';
import { Card } from '../design/Card';
import { Emblem } from '../design/Logo';
import { type Scheme, variablesOf } from '../design/tokens';

function Sample({ look, scheme }: { look: Brand; scheme: Scheme }) {
  const name = look.name || productName;
  return (
    // a picture of pages, not pages: nothing in it can be reached
    <div className="w-sample" style={{ ...variablesOf(coloursOf(scheme, look)), colorScheme: scheme } as CSSProperties} role="img" aria-label={`${name} in the ${scheme} theme`}>
      <div className="w-sample-bar">
        <Emblem size={22} logo={look.logo} />
        <b className="w-clip">{name}</b>
        <span className="w-sample-find">Find a device</span>
      </div>
      <div className="w-sample-page">
        <p className="w-sample-item">Devices</p>
        <p>
          <span className="w-sample-link">kennedy-2f-ap07</span> applied
        </p>
        <p>
          <span className="w-sample-button">Save</span> {look.notice && <span className="w-small w-secondary">{look.notice}</span>}
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
