// Asks the server to render what is being edited, some time after the last key was pressed.
import { useEffect, useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { ControllerProvider } from '../operations';
import { APIError, configurationError, flattenErrors, type FaultPlace, placesOf } from '../../api/errors';
import type { Preview, PreviewRequest } from '../types';

/** Why there is no rendering, and where in the configuration, if the server could tell. */
export interface PreviewProblem {
  message: string;
  /** A JSON pointer into the merged configuration: #/interfaces/0/name. */
  pointer?: string;
  /** Each wrong value by itself, in the document it is written in. */
  places?: FaultPlace[];
}

export interface PreviewState {
  preview?: Preview;
  problem?: PreviewProblem;
  pending: boolean;
}

/** The problem in an error answer of the preview. */
export function previewProblem(error: unknown): PreviewProblem {
  if (!(error instanceof APIError)) return { message: error instanceof Error ? error.message : String(error) };
  const { path, ...errors } = (error.body.errors ?? {}) as { path?: unknown } & Record<string, unknown>;
  const messages = flattenErrors(errors);
  const places = placesOf(error.body.raw);
  if (messages.length === 0) return { message: error.message, ...(places.length > 0 ? { places } : {}) };
  const found = configurationError(messages.map(({ message }) => message).join('\n'));
  return { message: found.message, pointer: typeof path === 'string' && path ? path : found.pointer, ...(places.length > 0 ? { places } : {}) };
}

/** How long to wait after a change before asking, in milliseconds. */
export const previewDelay = 450;

/** Renders the request whenever it changes; undefined renders nothing. The last good rendering stays on errors. */
export function usePreview(request: PreviewRequest | undefined): PreviewState {
  const provider = useDataProvider<ControllerProvider>();
  const [state, setState] = useState<PreviewState>({ pending: false });
  const key = request && JSON.stringify(request);

  useEffect(() => {
    if (key === undefined) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      setState((before) => ({ ...before, pending: true }));
      try {
        const preview = await provider.preview(JSON.parse(key) as PreviewRequest, stop.signal);
        if (!stop.signal.aborted) setState({ preview, pending: false });
      } catch (error) {
        // an aborted request was replaced by a newer one, which will tell
        if (!stop.signal.aborted) setState((before) => ({ ...before, problem: previewProblem(error), pending: false }));
      }
    }, previewDelay);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, provider]);

  return state;
}
