// Reading and choosing how the installation looks.
import type { DataProvider } from 'react-admin';
import type { Request } from '../api/client';
import type { Brand } from '../design/brand';

/** What superusers chose, what the settings say below it, and what comes of both. */
export interface Chosen {
  chosen: Brand;
  settings: Brand;
  shown: Brand;
}

/** The operations. */
export interface AppearanceOperations {
  appearance(): Promise<Chosen>;
  chooseAppearance(look: Brand): Promise<Chosen>;
}

/** The data provider as the page uses it. */
export type AppearanceProvider = DataProvider & AppearanceOperations;

/** The operations over a client. */
export function appearanceOperations(request: Request): AppearanceOperations {
  return {
    appearance: () => request<Chosen>('GET', 'appearance/chosen/'),
    chooseAppearance: (look) => request<Chosen>('PUT', 'appearance/chosen/', { body: look }),
  };
}
