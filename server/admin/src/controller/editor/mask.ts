/** Options of UCI whose values nobody beside should read. */
const secret = /^(\s*(?:option|list)\s+(?:\w*_)?(?:key\d?|password|passphrase|secret|pincode|private_key|preshared_key|priv_key_pwd)\s+')((?:[^']|'\\'')*)(')$/gm;

/** Whether the value of a variable of this name is not shown to people beside. */
export function isSecretName(name: string): boolean {
  return /(^|_)(key|password|passphrase|secret|pvt_key|token)(_|$)/i.test(name) && !/^(public|pub)_key/.test(name);
}

/** The text with dots for passwords and keys; a hash in a file of accounts is one too. */
export function maskSecrets(text: string): string {
  return text
    .replace(secret, (line, before: string, value: string, after: string) => (/^\s*option\s+public_key/.test(line) || value === '' ? line : `${before}••••••••${after}`))
    .replace(/^(root:)(\$\d\$[^:]+)(:)/gm, '$1••••••••$3');
}
