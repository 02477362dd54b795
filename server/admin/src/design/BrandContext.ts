import { createContext, useContext } from 'react';
import { type Brand, plain } from './brand';

/** How the installation looks, and what changes it for this page at once. */
export interface Branded {
  brand: Brand;
  setBrand(brand: Brand): void;
}

/** The look of the installation, for everything on the page. */
export const BrandContext = createContext<Branded>({ brand: plain, setBrand: () => undefined });

/** The look of the installation. */
export function useBrand(): Brand {
  return useContext(BrandContext).brand;
}
