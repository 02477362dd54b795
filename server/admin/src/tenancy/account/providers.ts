/** A way to log in with an account elsewhere. */
export interface Provider {
  label: string;
  url: string;
}

/** The providers of an answer; only addresses of this server are believed. */
export function providersIn(answer: unknown): Provider[] {
  const list = (answer as { providers?: unknown } | null)?.providers;
  if (!Array.isArray(list)) return [];
  return list.filter(
    (one): one is Provider =>
      typeof one?.label === 'string' && typeof one?.url === 'string' && one.url.startsWith('/') && !one.url.startsWith('//'),
  );
}
