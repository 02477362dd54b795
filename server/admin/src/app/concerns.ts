// The concerns this admin is made of: one line each.
import { appearance } from '../appearance';
import { audit } from '../audit';
import { connection } from '../connection';
import { controller } from '../controller';
import { dashboard } from '../dashboard';
import { firmware } from '../firmware';
import { geo } from '../geo';
import { ipam } from '../ipam';
import { monitoring } from '../monitoring';
import { notifications } from '../notifications';
import { plan } from '../plan';
import { radius } from '../radius';
import { system } from '../system';
import { tenancy } from '../tenancy';
import { topology } from '../topology';
import { vpn } from '../vpn';
import { x509 } from '../x509';
import type { Concern } from './concern';

/** The concerns, in the order of their entries in the navigation. */
export const concerns: Concern[] = [
  controller,
  plan,
  monitoring,
  connection,
  firmware,
  geo,
  notifications,
  ipam,
  topology,
  vpn,
  x509,
  radius,
  tenancy,
  audit,
  dashboard,
  appearance,
  system,
];
