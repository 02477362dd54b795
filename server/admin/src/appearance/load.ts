// How the installation looks, as the server tells it before anything is drawn.
import { type Brand, plain } from '../design/brand';

const colour = /^#[0-9A-Fa-f]{6}$/;
const picture = /^data:image\/(png|jpeg|svg\+xml);base64,/;

/** A look of an answer: what is not as it should be is as the design has it. */
export function brandOf(answer: unknown): Brand {
  const given = (answer ?? {}) as Record<string, unknown>;
  const text = (key: keyof Brand, good?: RegExp) => {
    const value = given[key];
    return typeof value === 'string' && (!good || good.test(value)) ? value : '';
  };
  return {
    name: text('name'),
    notice: text('notice'),
    logo: text('logo', picture),
    icon: text('icon', picture),
    bar: text('bar', colour),
    accent: text('accent', colour),
    accent_dark: text('accent_dark', colour),
    theme: text('theme', /^(light|dark)$/) as Brand['theme'],
  };
}

/** Asks for it; without an answer the pages are as the design has them. */
export async function loadBrand(send: typeof fetch = (...args) => fetch(...args)): Promise<Brand> {
  try {
    const answer = await send('/api/v1/appearance/', { credentials: 'same-origin' });
    return answer.ok ? brandOf(await answer.json()) : plain;
  } catch {
    return plain;
  }
}
