import { rmSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { filesAhead, groups } from './vite.chunks';

// dist/README.md is committed, so Vite may not empty the folder; but the assets' names carry hashes, and what the
// server embeds must not grow with every build.
function removeOldAssets(): Plugin {
  return {
    name: 'remove-old-assets',
    apply: 'build',
    buildStart() {
      rmSync('dist/assets', { recursive: true, force: true });
    },
  };
}

const api = process.env.API ?? 'http://127.0.0.1:8080';

// The server mounts the built files under /admin/ and answers the REST API at /api/ of the same origin.
export default defineConfig({
  base: '/admin/',
  plugins: [react(), removeOldAssets(), filesAhead()],
  build: {
    target: 'es2022',
    emptyOutDir: false,
    modulePreload: { polyfill: false }, // for browsers that cannot run the pages anyway
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    // the admin, and the pages of topologies that people without an account may see
    rolldownOptions: { input: ['index.html', 'topology.html'], output: { codeSplitting: { groups } } },
  },
  // For work on the pages. The API trusts its own origin only, so that is the one it is told.
  server: {
    proxy: { '/api': { target: api, changeOrigin: true, headers: { origin: api } }, '/accounts': { target: api } },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
});
