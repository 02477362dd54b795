// The picture of a topology on the map: nodes where the devices are that they are, links between them.
import L from 'leaflet';
import { useTheme } from '@mui/material';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'react-router-dom';
import { useText } from '../design/useText';
import { LeafletMap } from '../geo/LeafletMap';
import { type Chosen, coloursOf } from './Canvas';
import { locate, type Place, type Placed } from './geographic';
import { Labels } from './labels';
import type { Drawing, Look } from './plot';

interface GeographicViewProps {
  drawing: Drawing;
  places: Map<string, Place>;
  marked: Set<string> | undefined;
  chosen: Chosen | undefined;
  onChoose(chosen: Chosen | undefined): void;
  label: string;
  children?: ReactNode;
}

/** The drawing over a map. It is drawn on a canvas: thousands of nodes are no elements of the page. */
export default function GeographicView({ drawing, places, marked, chosen, onChoose, label, children }: GeographicViewProps) {
  const translate = useText();
  const frame = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map>();
  const [turns, setTurns] = useState(0);
  const [hovered, setHovered] = useState<Chosen>();
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const { nodes, links, missing } = useMemo(() => locate(drawing, places), [drawing, places]);
  const mode = useTheme().palette.mode;
  // the variables of the theme are on the page a moment after the theme
  const [painted, setPainted] = useState(mode);
  useEffect(() => {
    const later = requestAnimationFrame(() => setPainted(mode));
    return () => cancelAnimationFrame(later);
  }, [mode]);

  const onReady = useCallback((made: L.Map) => {
    // what stands in a ring around its place stands elsewhere when the map is nearer
    made.on('zoomend', () => setTurns((before) => before + 1));
    made.on('click', () => choose.current(undefined));
    setMap(made);
    return () => setMap(undefined);
  }, []);

  const begun = useRef(false);
  useEffect(() => {
    if (!map || begun.current || nodes.length === 0) return;
    begun.current = true;
    // room for what is written over the map, and for the names beside the outermost nodes
    map.fitBounds(L.latLngBounds(nodes.map(({ place: [lng, lat] }) => L.latLng(lat, lng))), { paddingTopLeft: [40, 72], paddingBottomRight: [map.getSize().x > 640 ? 140 : 40, 72], maxZoom: 16, animate: false });
  }, [map, nodes]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the zoom and the theme say when it is drawn anew
  useEffect(() => {
    if (!map || !frame.current) return undefined;
    const colours = coloursOf(frame.current);
    const renderer = L.canvas({ padding: 0.3, tolerance: 6 });
    const at = ({ place: [lng, lat], dx, dy }: Placed) => (dx || dy ? map.unproject(map.project(L.latLng(lat, lng)).add([dx, dy])) : L.latLng(lat, lng));
    const bright = (id: string) => !marked || marked.has(id);
    const colour = (id: string, look: Look) => (bright(id) ? colours[look] : colours.faint);
    const told = <T extends L.Path>(layer: T, one: Chosen): T => {
      layer.on('click', (event) => {
        L.DomEvent.stopPropagation(event);
        choose.current(one);
      });
      layer.on('mouseover', () => setHovered(one));
      layer.on('mouseout', () => setHovered(undefined));
      return layer;
    };
    const drawn = L.layerGroup();
    const named: { circle: L.CircleMarker; first: boolean; size: number }[] = [];
    for (const { link, from, to } of links) {
      const weight = marked?.has(link.id) ? 5 : link.wide ? 4 : 2;
      told(L.polyline([at(from), at(to)], { renderer, color: colour(link.id, link.look), weight, dashArray: link.look === 'down' || link.look === 'removed' ? '4 6' : undefined }), { kind: 'link', id: link.id }).addTo(drawn);
    }
    for (const placed of nodes) {
      const { id, look, size, label: name } = placed.node;
      const circle = told(L.circleMarker(at(placed), { renderer, radius: 2 + size, color: colours.ring, weight: 1.5, fillColor: colour(id, look), fillOpacity: 1 }), { kind: 'node', id }).addTo(drawn);
      if (nodes.length <= 60 || marked?.has(id)) {
        const text = document.createElement('span'); // a name is text, never HTML
        text.textContent = name;
        // about the width of a name is needed on its right
        const left = placed.dx < 0 || map.latLngToContainerPoint(at(placed)).x > map.getSize().x - 130;
        circle.bindTooltip(text, { permanent: true, direction: left ? 'left' : 'right', offset: [left ? -6 : 6, 0], className: 'tp-name' });
        named.push({ circle, first: marked?.has(id) ?? false, size });
      }
    }
    drawn.addTo(map);
    // names that would lie over others are not there: those of what is marked go first, then those of large nodes
    const labels = new Labels();
    named.sort((a, b) => Number(b.first) - Number(a.first) || b.size - a.size);
    for (const { circle } of named) {
      const box = circle.getTooltip()?.getElement()?.getBoundingClientRect();
      if (box && !labels.take(box)) circle.unbindTooltip();
    }
    return () => {
      drawn.remove();
      renderer.remove();
    };
  }, [map, nodes, links, marked, turns, painted]);

  useEffect(() => {
    if (chosen?.kind !== 'node' || !map) return;
    const place = places.get(chosen.id);
    if (place && !map.getBounds().contains([place[1], place[0]])) map.panTo([place[1], place[0]]);
  }, [chosen, map, places]);

  const now = hovered ?? chosen;
  const node = now?.kind === 'node' ? drawing.nodes.find(({ id }) => id === now.id) : undefined;
  const link = now?.kind === 'link' ? drawing.links.find(({ id }) => id === now.id) : undefined;
  const page = node?.page ?? link?.page;
  return (
    <div ref={frame} className="tp-picture">
      <LeafletMap label={label} center={[25, 10]} zoom={2} onReady={onReady} className="w-map-large" />
      <div className="tp-said tp-above" aria-live="polite">
        {node || link ? (
          <>
            <b className="w-clip">{node?.label ?? link?.title}</b>
            {page && now === chosen && <Link to={page}>{translate('Open')}</Link>}
          </>
        ) : (
          children
        )}
      </div>
      {missing > 0 && (
        <p className="tp-missing" role="status">
          {nodes.length === 0
            ? translate('No node has a place: nodes stand where their devices are, and none of these is a device with a location.')
            : translate('%{missing} of %{number} nodes are not on the map: they are no devices, or devices without a location.', { missing: missing.toLocaleString(), number: drawing.nodes.length.toLocaleString() })}
        </p>
      )}
    </div>
  );
}
