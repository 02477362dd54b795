// The shapes of CAs and certificates. Keys are those of the wire.

/** An extension of a certificate: by OpenSSL's name, or by an object identifier. */
export interface CertificateExtension {
  name?: string;
  oid?: string;
  critical?: boolean;
  value: string;
}

/** What CAs and certificates have in common. */
export interface Certified {
  id: number;
  name: string;
  organization: string | null;
  notes: string;
  key_length: string;
  digest: string;
  validity_start: string;
  validity_end: string;
  country_code: string;
  state: string;
  city: string;
  organization_name: string;
  organizational_unit_name: string;
  email: string;
  common_name: string;
  extensions: CertificateExtension[];
  serial_number: string;
  certificate: string;
  /** Empty for those who may not have it. */
  private_key: string;
  has_private_key: boolean;
  auto_renew: boolean;
  revoked: boolean;
  revoked_at: string | null;
  revocation_reason: string;
  created: string;
  modified: string;
}

/** A certification authority. */
export interface CA extends Certified {
  parent: number | null;
  path_length: number | null;
  enrolment: boolean;
}

/** A certificate. */
export interface Cert extends Certified {
  ca: number;
}

/** What depends on a CA. */
export interface Affected {
  certificates: number;
  authorities: number;
}

/** The numbers of the overview. */
export interface Summary {
  authorities: number;
  certificates: number;
  authorities_expiring: number;
  certificates_expiring: number;
  certificates_expired: number;
  days: number;
}
