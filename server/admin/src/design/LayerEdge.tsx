import type { ReactNode } from 'react';
import { useText } from './useText';
import type { LayerName } from './tokens';

const names: Record<LayerName, string> = {
  builtin: 'built in',
  organization: 'organization',
  group: 'group',
  template: 'template',
  device: 'this device',
};

/** The coloured edge that says where something comes from; the same in preview, difference, list and plan. */
export function LayerEdge({ layer }: { layer: LayerName }) {
  const name = useText()(names[layer]);
  return <span className={`w-layer w-layer-${layer}`} role="img" aria-label={name} title={name} />;
}

/** A row with its layer's edge: what a configuration is made of. */
export function LayerRow({ layer, children, note }: { layer: LayerName; children: ReactNode; note?: ReactNode }) {
  return (
    <li className="w-layer-row">
      <LayerEdge layer={layer} />
      <span className="w-grow w-clip">{children}</span>
      {note && <span className="w-small w-muted">{note}</span>}
    </li>
  );
}
