import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import type { NotificationProvider } from '../operations';

/** What webhooks can subscribe to. */
export function useEvents() {
  const provider = useDataProvider<NotificationProvider>();
  return useQuery({ queryKey: ['webhooks', 'events'], queryFn: () => provider.webhookEvents(), staleTime: 300_000 });
}
