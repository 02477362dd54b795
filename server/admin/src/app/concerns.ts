// The concerns this admin is made of: one line each.
import { audit } from '../audit';
import { controller } from '../controller';
import { ipam } from '../ipam';
import { tenancy } from '../tenancy';
import type { Concern } from './concern';

/** The concerns, in the order of their entries in the navigation. */
export const concerns: Concern[] = [controller, ipam, tenancy, audit];
