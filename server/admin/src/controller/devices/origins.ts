// Words for where a variable or a line of a configuration comes from.
import type { Say } from '../../design/useText';
import type { PreviewSource } from '../types';

const words: Record<string, string> = {
  device: 'this device',
  system: 'the system',
  provided: 'VPN or addresses',
  group: 'group',
  organization: 'the organization',
  global: 'the server',
  template: 'template',
  hostname: 'the name of the device',
};

/** A level in words. */
export function originWord({ origin, name }: { origin: string; name: string }, say: Say): string {
  return [say(words[origin] ?? origin), name].filter(Boolean).join(' ');
}

/** The source of each line, from 1; lines that nobody accounts for are missing. */
export function sourceOfLine(sources: PreviewSource[], line: number): PreviewSource | undefined {
  return sources.find(({ from, to }) => line >= from && line <= to);
}
