// What can be done with CAs and certificates beyond reading and writing them.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, cookieValue, type Request } from '../api/client';
import { APIError, fieldErrors, noticeFor } from '../api/errors';
import type { Affected, CA, Cert, Summary } from './types';

/** The two kinds by their path in the API. */
export type Kind = 'ca' | 'cert';

/** The operations. */
export interface X509Operations {
  /** Renews; keepKey renews the certificate of a CA alone. */
  renew(kind: Kind, id: Identifier, keepKey?: boolean): Promise<CA | Cert>;
  revoke(kind: Kind, id: Identifier, reason: string): Promise<CA | Cert>;
  affected(ca: Identifier): Promise<Affected>;
  /** The description of a certificate. */
  describe(kind: Kind, id: Identifier): Promise<string>;
  /** A PKCS#12 file. */
  pkcs12(kind: Kind, id: Identifier, password: string, legacy: boolean): Promise<Blob>;
  summary(): Promise<Summary>;
}

/** The data provider as the pages use it. */
export type X509Provider = DataProvider & X509Operations;

function pathOf(kind: Kind, id: Identifier): string {
  return `controller/${kind}/${encodeURIComponent(String(id))}/`;
}

// files are no JSON, which is all that the client reads
async function file(path: string, body: unknown): Promise<Blob> {
  const token = cookieValue(document.cookie, 'csrftoken');
  const answer = await fetch(apiRoot + path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', ...(token ? { 'X-CSRFToken': token } : {}) },
    body: JSON.stringify(body),
  });
  if (answer.ok) return answer.blob();
  const decoded = await answer.json().catch(() => null);
  throw new APIError(noticeFor(answer.status, decoded, null), answer.status, { errors: answer.status === 400 ? fieldErrors(decoded) : undefined, raw: decoded });
}

/** The operations over a client. */
export function x509Operations(request: Request): X509Operations {
  return {
    renew: (kind, id, keepKey) => request('POST', `${pathOf(kind, id)}renew/`, { body: keepKey ? { keep_key: true } : {} }),
    revoke: (kind, id, reason) => request('POST', `${pathOf(kind, id)}revoke/`, { body: { reason } }),
    affected: (ca) => request('GET', `${pathOf('ca', ca)}affected/`),
    async describe(kind, id) {
      const { text } = await request<{ text: string }>('GET', `${pathOf(kind, id)}text/`);
      return text;
    },
    pkcs12: (kind, id, password, legacy) => file(`${pathOf(kind, id)}pkcs12/`, { password, legacy }),
    summary: () => request('GET', 'controller/pki/summary/'),
  };
}

/** Gives a file to the person. */
export function save(content: Blob | string, name: string) {
  const address = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type: 'application/x-pem-file' }) : content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
