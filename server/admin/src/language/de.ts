// German, put together from its concerns. It is fetched by those who read it.
import app from '../app/de.json';
import controller from '../controller/de.json';
import tenancy from '../tenancy/de.json';
import type { Sentences } from './languages';

/** All of it. */
export const sentences: Sentences = { ...app, ...tenancy, ...controller };
