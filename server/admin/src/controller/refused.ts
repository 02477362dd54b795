import { APIError } from '../api/errors';

/** What the API says about a device's configuration as a whole is about the NetJSON in it, and is shown there. */
export function aboutConfiguration(error: unknown): unknown {
  if (!(error instanceof APIError) || typeof error.body.errors?.config !== 'string') return error;
  const errors = { ...error.body.errors, config: { config: error.body.errors.config } };
  return new APIError(error.message, error.status, { ...error.body, errors });
}
