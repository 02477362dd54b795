// Which field of a task shows a place of a document: for errors that the server found there.
import type { Part } from './gallery';
import type { AnyTask } from './task';

/** What the last key of a place is called among the fields of tasks, where the two differ. */
const names: Record<string, string[]> = {
  key: ['password', 'secret'],
  tx_power: ['power'],
  channel_width: ['width'],
  protocol: ['security', 'generation', 'enterprise'],
  radio: ['radios', 'radio'],
  mesh_id: ['mesh'],
  public_key: ['peerKey'],
  private_key: ['privateKey'],
  endpoint_host: ['endpoint'],
  endpoint_port: ['port'],
  allowed_ips: ['allowed'],
  device: ['network', 'base'],
  address: ['addresses', 'address'],
  mask: ['addresses', 'address'],
  server: ['server', 'servers'],
  dns_servers: ['servers'],
  dns_search: ['search'],
  timezone: ['zone'],
  bridge_members: ['ports'],
  contents: ['contents', 'keys', 'hash', 'command'],
  ssid: ['ssid'],
};

/** The name of the field; undefined when the place is not in the part. Errors of no field are at the first one. */
export function fieldOf(part: Part, path: string[]): string | undefined {
  const [key = '', index = ''] = path;
  const inside = Object.entries(part.at).some(([name, indexes]) =>
    indexes.length === 0 ? name === key || name === `${key}.${index}` : name === key && indexes.includes(Number(index)),
  );
  return inside ? fieldNamed(part.task, path) : undefined;
}

function fieldNamed(task: AnyTask, path: string[]): string {
  for (const step of [...path].reverse()) {
    const wanted = [step, ...(names[step] ?? [])];
    const field = task.fields.find((one) => wanted.includes(one.name));
    if (field) return field.name;
  }
  return task.fields[0]?.name ?? '';
}
