// Pages that a vendor adds without a fork. The server writes a link for each module into the page:
//
//   <link rel="modulepreload" data-wispwright-module href="/admin/modules/acme.js">
//
// Its default export gets what the admin shares and gives back a concern. React is handed over because there can be
// one React in a page only; see docs/design/README.md for what else a module may rely on.
import * as react from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { Link, useLocation, useNavigate, useParams } from 'react-router-dom';
import { createClient, type Request } from '../api/client';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Loading, Refused } from '../design/states';
import { Status } from '../design/Status';
import type { Concern } from './concern';

/** What a vendor's module gets. Names are added to it, never taken away. */
export interface Host {
  react: typeof react;
  /** The client of the API: with the session, the CSRF token and errors turned into sentences. */
  request: Request;
  hooks: Record<string, unknown>;
  components: Record<string, unknown>;
}

/** What a vendor's module exports as its default. */
export type VendorModule = (host: Host) => Concern;

/** Finds the addresses of the modules in a page. */
export function moduleAddresses(page: Pick<Document, 'querySelectorAll'>): string[] {
  return [...page.querySelectorAll<HTMLLinkElement>('link[data-wispwright-module]')].map(({ href }) => href);
}

/** Loads the concerns of the vendor's modules; one that fails is left out and named in the console. */
export async function vendorConcerns(
  addresses: string[] = moduleAddresses(document),
  load: (address: string) => Promise<{ default: VendorModule }> = (address) => import(/* @vite-ignore */ address),
): Promise<Concern[]> {
  if (addresses.length === 0) return [];
  const host: Host = {
    react,
    request: createClient(),
    hooks: { useQuery, useQueryClient, useCanAccess, useDataProvider, useNotify, useLocation, useNavigate, useParams },
    components: { Card, Empty, Failed, Link, Loading, Moment, PageHead, Refused, Status },
  };
  const made = await Promise.allSettled(addresses.map(async (address) => (await load(address)).default(host)));
  return made.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [{ ...result.value, resources: result.value.resources ?? [], menu: result.value.menu ?? [], texts: result.value.texts ?? {} }];
    console.error(`the module ${addresses[index]} could not be used:`, result.reason);
    return [];
  });
}
