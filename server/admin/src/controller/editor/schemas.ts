import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import type { ControllerProvider } from '../operations';

/** The server's schema document: backend path -> JSON Schema. It is large, so it is asked for where it is needed. */
export function useSchemas(enabled = true) {
  const provider = useDataProvider<ControllerProvider>();
  return useQuery({ queryKey: ['schemas'], queryFn: () => provider.schemas(), staleTime: Infinity, enabled });
}
