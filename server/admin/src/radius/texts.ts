// The labels and sentences of RADIUS: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

const fields = {
  ...common,
  short_name: 'Short name',
  type: 'Type',
  ports: 'Ports',
  secret: 'Secret',
  server: 'Virtual server',
  community: 'SNMP community',
  description: 'Description',
  default: 'For new members',
  prefix: 'Prefix',
  number_of_users: 'Number of users',
  strategy: 'Users come from',
  notes: 'Notes',
  username: 'User',
  attribute: 'Attribute',
  op: 'Operator',
  value: 'Value',
};

const settings = {
  'radius_settings.token': 'Token of the RADIUS server',
  'radius_settings.freeradius_allowed_hosts': 'Addresses of RADIUS servers',
  'radius_settings.coa_enabled': 'Tell access servers of changes',
  'radius_settings.needs_identity_verification': 'Only verified identities',
  'radius_settings.mac_addr_roaming_enabled': 'Devices roam by their address',
  'radius_settings.registration_enabled': 'People may join by themselves',
  'radius_settings.social_registration_enabled': 'Log in with an account elsewhere',
  'radius_settings.saml_registration_enabled': 'Log in with the account of an institution',
  'radius_settings.sms_verification': 'Verify telephones by codes',
  'radius_settings.sms_sender': 'Sender of codes',
  'radius_settings.sms_message': 'Text with the code',
  'radius_settings.allowed_mobile_prefixes': 'Telephone numbers that are taken',
  'radius_settings.login_url': 'Log-in page',
  'radius_settings.status_url': 'Status page',
  'portal_settings.dialect': 'Gateway',
  'portal_settings.gateway_secret': 'Secret of the gateway',
  'portal_settings.radius_secret': 'Secret of the RADIUS server',
  'portal_settings.gateway_hosts': 'Addresses of gateways',
  'portal_settings.answer_challenge': 'Log in by CHAP',
  'portal_settings.portal_url': 'Log-in page',
  'portal_settings.venue_url': 'Page about the place',
  'portal_settings.guests_enabled': 'Guests may ask a sponsor',
  'portal_settings.sponsor_domains': 'Domains of sponsors',
  'portal_settings.guest_hours': 'Hours a guest may stay',
  'portal_settings.approval_hours': 'Hours a sponsor may wait',
  'portal_settings.grace_minutes': 'Minutes to confirm an e-mail address',
  'portal_settings.remember_days': 'Days a device is remembered',
};

/** The texts in English. */
export const radiusTexts = {
  resources: {
    radiusgroups: { name: 'RADIUS group |||| RADIUS groups', fields, empty: 'No groups yet', invite: 'A group limits what its members may use.' },
    nas: { name: 'Access server |||| Access servers', fields, empty: 'No access servers yet', invite: 'An access server asks about people.' },
    radiuschecks: { name: 'Check |||| Checks', fields, empty: 'No checks yet', invite: 'A check is what somebody shows to come in.' },
    radiusreplies: { name: 'Reply |||| Replies', fields, empty: 'No replies yet', invite: 'A reply tells access servers something of one user.' },
    radiusbatches: { name: 'Batch of users |||| Batches of users', fields, empty: 'No batches yet', invite: 'A batch makes many accounts at once.' },
    radiussessions: { name: 'Session |||| Sessions', fields, empty: 'No sessions yet', invite: 'Access servers tell of sessions.' },
    guests: { name: 'Guest |||| Guests', fields, empty: 'No guests yet', invite: 'Guests ask a sponsor for access.' },
    remembereddevices: { name: 'Remembered device |||| Remembered devices', fields, empty: 'No devices yet', invite: 'Devices are remembered when their users log in.' },
    loginpages: { name: 'Login page |||| Login pages', fields, empty: 'No login pages yet', invite: 'Every organization has a page; one that is added here changes its looks and texts.' },
    postauths: { name: 'Answer |||| Answers', fields, empty: 'No answers yet', invite: 'RADIUS servers tell what they answered.' },
    organizations: { fields: settings },
  },
};
