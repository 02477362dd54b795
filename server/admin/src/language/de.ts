// German, put together from its concerns. It is fetched by those who read it.
import app from '../app/de.json';
import appearance from '../appearance/de.json';
import audit from '../audit/de.json';
import connection from '../connection/de.json';
import controller from '../controller/de.json';
import dashboard from '../dashboard/de.json';
import firmware from '../firmware/de.json';
import geo from '../geo/de.json';
import ipam from '../ipam/de.json';
import monitoring from '../monitoring/de.json';
import notifications from '../notifications/de.json';
import plan from '../plan/de.json';
import radius from '../radius/de.json';
import system from '../system/de.json';
import tenancy from '../tenancy/de.json';
import topology from '../topology/de.json';
import vpn from '../vpn/de.json';
import x509 from '../x509/de.json';
import type { Sentences } from './languages';

/** All of it. The frame's comes last: where two concerns say a word, it is the frame's. */
export const sentences: Sentences = { ...appearance, ...audit, ...connection, ...dashboard, ...firmware, ...geo, ...ipam, ...monitoring, ...notifications, ...plan, ...radius, ...system, ...topology, ...vpn, ...x509, ...app, ...tenancy, ...controller };
