// The latest commands of a device, with what they write while they run.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { ListAnswer } from '../api/types';
import { openLink } from '../live/socket';
import type { ConnectionProvider } from './operations';
import type { Command } from './types';

/** The list with a command as it is now: in its place, or first when it is new. What is older than the list has it comes too late. */
export function withCommand(list: ListAnswer<Command> | undefined, command: Command): ListAnswer<Command> | undefined {
  if (!list) return list;
  const known = list.results.find(({ id }) => id === command.id);
  if (known && known.modified > command.modified) return list;
  if (known) return { ...list, results: list.results.map((one) => (one === known ? command : one)) };
  return { ...list, count: list.count + 1, results: [command, ...list.results] };
}

/** Reads them; what the server tells of them is shown at once. */
export function useCommands(device: string) {
  const provider = useDataProvider<ConnectionProvider>();
  const queries = useQueryClient();
  const [told, setTold] = useState(false);
  const query = useQuery({
    queryKey: ['devices', 'commands', device],
    queryFn: () => provider.commands(device),
    refetchInterval: ({ state }) => (state.data?.results.some(({ status }) => status === 'in-progress') ? (told ? 5_000 : 2_000) : 60_000),
  });
  useEffect(() => {
    const key = ['devices', 'commands', device];
    const link = openLink({
      path: `/ws/controller/device/${device}/command`,
      onState: (state) => setTold(state === 'open'),
      onFrame: (frame) => {
        const { model, data, type } = frame as { model?: string; data?: Command; type?: string };
        if (model === 'Command' && data) queries.setQueryData<ListAnswer<Command>>(key, (list) => withCommand(list, data));
        else if (type === 'missed') void queries.invalidateQueries({ queryKey: key });
      },
    });
    return () => link.close();
  }, [device, queries]);
  return query;
}
