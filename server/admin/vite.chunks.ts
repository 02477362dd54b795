import type { Plugin } from 'vite';

// Into which files the pages are put together: a file for each concern, not one for each page. Over a slow line it is the number
// of questions that costs, hardly the bytes. What is large and wanted by few pages is a file of its own.
//
// A group takes what its modules import along, unless a group of higher priority has it: so what many share comes first.

/** Large libraries, and what of ours is always with them. */
const libraries: [name: string, modules: RegExp][] = [
  ['charts', /node_modules[\\/](echarts|zrender)[\\/]/],
  ['map', /node_modules[\\/](leaflet|topojson-client|world-atlas)[\\/]/],
  ['graph', /node_modules[\\/](sigma|graphology[^\\/]*)[\\/]|src[\\/]topology[\\/](Canvas|plot|geographic)\./],
  ['terminal', /node_modules[\\/]@xterm[\\/]/],
];

/** What pages are made of, from the widest used to the least; then parts of concerns that are wanted without the rest of it. */
const layers: [name: string, modules: RegExp][] = [
  ['mapbase', /src[\\/]geo[\\/](LeafletMap|view)\./],
  ['lists', /src[\\/]lists[\\/](ListPage|Table|FilterBar)/],
  ['frame', /src[\\/](app[\\/](Notices|Find|AccountItems|Relogin)|notifications[\\/]bell[\\/])/],
  ['devicelist', /src[\\/]controller[\\/]devices[\\/]DeviceList\./],
  ['inputs', /node_modules[\\/](react-hook-form|@mui[\\/]material[\\/]esm[\\/](TextField|Select|Autocomplete))[\\/]/],
  // what the overview and pages of one object share: neither drags the other along
  ['shared', /src[\\/](design[\\/]|live[\\/]|audit[\\/]trail|controller[\\/](paths|overview[\\/]reasons|devices[\\/](status|seen)))/],
  ['overview', /src[\\/](app[\\/]Overview|dashboard[\\/]|controller[\\/]overview[\\/]|monitoring[\\/]OpenIncidents|x509[\\/]Expiring|ipam[\\/]Fullest|audit[\\/]Recent)/],
  ['object', /src[\\/]forms[\\/]|src[\\/]design[\\/]|src[\\/]live[\\/]/],
  ['devices', /src[\\/]controller[\\/]devices[\\/]DeviceEdit\./],
  ['further', /node_modules[\\/]/],
  ['common', /src[\\/](lists|api|app)[\\/]/],
  ['editor', /src[\\/]controller[\\/](editor|tasks|devices)[\\/]/],
  ['geographic', /src[\\/]topology[\\/]GeographicView\./],
];

const initial = ['$initial' as const];

/** For the bundler's codeSplitting. */
export const groups = [
  // fetched by those who read it
  { name: 'german', test: /src[\\/](language[\\/]de\.ts|\w+[\\/]de\.json)/, priority: 110 },
  { name: 'tokens', test: /src[\\/]design[\\/]tokens/, priority: 100 },
  ...libraries.map(([name, test]) => ({ name, test, priority: 90 })),
  // what the first page needs: rarely changed, and ours
  { name: 'vendor', tags: initial, test: /node_modules[\\/]/, priority: 80 },
  { name: 'admin', tags: initial, test: /src[\\/](?!topology[\\/]public)/, priority: 70 },
  ...layers.map(([name, test], index) => ({ name, test, priority: 60 - index })),
  // not the public page of topologies: its script and its styles are of another document
  { name: (id: string) => (/src[\\/]topology[\\/]public\./.test(id) ? null : (/src[\\/](\w+)[\\/]/.exec(id)?.[1] ?? null)), priority: 30 },
];

/**
 * Pages that are opened by their address, as the server tells them apart: parts of the path, and a star for an id. Beside their
 * files stand those of what they show at once, and what they ask the API first, which the browser then asks before it runs anything.
 */
const openings: Record<string, { files: string[]; data?: string[] }> = {
  '': { files: ['src/app/Overview.tsx'] },
  devices: { files: ['src/controller/devices/DeviceList.tsx'], data: ['/api/v1/controller/device/?page=1&page_size=25&ordering=name'] },
  'devices/*': { files: ['src/controller/devices/DeviceEdit.tsx', 'src/notifications/silence/SilenceButton.tsx'], data: ['/api/v1/controller/device/*/'] },
  map: { files: ['src/geo/MapPage.tsx'] },
};

/** What every page shows around it. */
const frame = ['src/notifications/bell/Bell.tsx', 'src/app/Notices.tsx'];

/**
 * Writes ahead.json: which files a page needs beside those that index.html names. The server names them in its answer, so that
 * the browser fetches them together with the others and not after it has run them.
 */
export function filesAhead(): Plugin {
  return {
    name: 'files-ahead',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
      const withImports = (names: string[], found = new Set<string>()) => {
        for (const name of names) {
          if (found.has(name)) continue;
          found.add(name);
          withImports(byName.get(name)?.imports ?? [], found);
        }
        return found;
      };
      const holding = (path: string) => {
        const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/${path}`)));
        if (!chunk) this.error(`no file holds ${path}`);
        return chunk.fileName;
      };
      const first = withImports([holding('src/main.tsx')]);
      const ahead = Object.fromEntries(
        Object.entries(openings).map(([address, { files, data = [] }]) => {
          const wanted = [...withImports([...files, ...frame].map(holding))].filter((name) => !first.has(name));
          const styles = new Set(wanted.flatMap((name) => [...(byName.get(name)?.viteMetadata?.importedCss ?? [])]));
          return [address, { scripts: wanted, styles: [...styles], data }];
        }),
      );
      this.emitFile({ type: 'asset', fileName: 'ahead.json', source: JSON.stringify(ahead, null, 1) });
    },
  };
}
