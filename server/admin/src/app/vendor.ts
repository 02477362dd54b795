// Pages that a program adds to the admin without building it anew. The server lists them at /admin/extensions.json: entries
// of the menu, and ES modules. A module's default export gets what the admin shares and gives back a concern. React is
// handed over, because there can be one React in a page only.
import * as react from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { Link, useLocation, useNavigate, useParams } from 'react-router-dom';
import { createClient, type Request } from '../api/client';
import { Banner } from '../design/Banner';
import { Card } from '../design/Card';
import { Field } from '../design/Field';
import { Moment } from '../design/Moment';
import { PageHead } from '../design/PageHead';
import { Empty, Failed, Loading, Refused } from '../design/states';
import { Status } from '../design/Status';
import type { Concern, MenuEntry } from './concern';

/** What a vendor's module gets. Names are added to it, never taken away. */
export interface Host {
  react: typeof react;
  /** The client of the API: with the session, the CSRF token, and errors as sentences. */
  request: Request;
  hooks: Record<string, unknown>;
  components: Record<string, unknown>;
}

/** What a vendor's module exports as its default. */
export type VendorModule = (host: Host) => Partial<Concern>;

/** An extension as the server lists it. */
export interface Listed {
  name: string;
  module?: string;
  menu: { label: string; address: string; permission?: string }[];
}

/** Where the server lists the extensions. */
const manifest = '/admin/extensions.json';

async function listed(): Promise<Listed[]> {
  try {
    const answer = await fetch(manifest, { credentials: 'same-origin' });
    // a server without extensions answers with the application's page
    if (!answer.ok || !answer.headers.get('Content-Type')?.includes('json')) return [];
    return ((await answer.json()) as { extensions: Listed[] }).extensions;
  } catch {
    // without a connection the pages say so themselves
    return [];
  }
}

/** The entries of the menu; an address of the server is left for, one of the application is routed to. */
function entriesOf({ menu }: Listed): MenuEntry[] {
  return menu.map(({ label, address, permission }) => ({
    section: 'more',
    label,
    permission,
    ...(address.startsWith('/admin/') ? { href: address } : { to: address }),
  }));
}

/** Loads the concerns of the extensions; one that fails is left out and named in the console. */
export async function vendorConcerns(
  list: () => Promise<Listed[]> = listed,
  load: (address: string) => Promise<{ default: VendorModule }> = (address) => import(/* @vite-ignore */ address),
): Promise<Concern[]> {
  const extensions = await list();
  const host: Host = {
    react,
    request: createClient(),
    hooks: { useQuery, useQueryClient, useCanAccess, useDataProvider, useNotify, useLocation, useNavigate, useParams },
    components: { Banner, Card, Empty, Failed, Field, Link, Loading, Moment, PageHead, Refused, Status },
  };
  const made = await Promise.allSettled(
    extensions.map(async (extension): Promise<Concern> => {
      const given = extension.module ? (await load(extension.module)).default(host) : {};
      return { name: extension.name, resources: [], texts: {}, ...given, menu: [...(given.menu ?? []), ...entriesOf(extension)] };
    }),
  );
  return made.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [result.value];
    console.error(`the extension ${extensions[index]?.name} could not be used:`, result.reason);
    return [];
  });
}
