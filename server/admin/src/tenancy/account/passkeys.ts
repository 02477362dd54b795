// Passkeys in the browser: its answers to the options of the API, as JSON.

/** The options of the API, as they are given to navigator.credentials once they are decoded. */
export interface PasskeyOptions {
  publicKey: unknown;
}

/** Whether passkeys work here: the browser knows them, and the page came over TLS or from this computer. */
export function passkeysWork(): boolean {
  return typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
}

// What went wrong, for people: browsers name it, but explain it badly.
function problem(error: unknown): Error {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError') return new Error('This device has a passkey for the account already.');
  if (name === 'NotAllowedError' || name === 'AbortError') return new Error('The passkey was not used. Please try again.');
  return error instanceof Error ? error : new Error('The passkey could not be used.');
}

async function answer(ask: Promise<Credential | null>): Promise<unknown> {
  try {
    return ((await ask) as PublicKeyCredential).toJSON();
  } catch (error) {
    throw problem(error);
  }
}

/** Makes a passkey. */
export function makePasskey(options: PasskeyOptions): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey as PublicKeyCredentialCreationOptionsJSON);
  return answer(navigator.credentials.create({ publicKey }));
}

/** Uses a passkey. */
export function signWithPasskey(options: PasskeyOptions): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey as PublicKeyCredentialRequestOptionsJSON);
  return answer(navigator.credentials.get({ publicKey }));
}
