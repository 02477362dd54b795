import { items, merged, objects, plain, text, withItem } from './parts';
import { collect, needed } from './rules';
import { task } from './task';

interface LED {
  name: string;
  sysfs: string;
  trigger: string;
  device: string;
}

export const led = task<LED>({
  id: 'led',
  title: 'LED',
  about: 'what a light shows',
  intro: 'What one light of the device shows.',
  area: 'system',
  icon: 'lightbulb',
  words: 'light lamp sysfs trigger',
  blank: { name: '', sysfs: '', trigger: 'netdev', device: '' },
  name: (values) => values.name,
  fields: [
    { name: 'name', label: 'Name', kind: 'text' },
    { name: 'sysfs', label: 'Light', kind: 'text', placeholder: 'green:wlan', help: 'Its folder in /sys/class/leds of the device.' },
    {
      name: 'trigger',
      label: 'Shows',
      kind: 'choice',
      choices: [
        { value: 'none', label: 'Off' },
        { value: 'default-on', label: 'On' },
        { value: 'heartbeat', label: 'Load' },
        { value: 'netdev', label: 'Traffic' },
      ],
    },
    { name: 'device', label: 'Traffic of', kind: 'text', when: (values) => values.trigger === 'netdev', placeholder: 'eth0' },
  ],
  problems: (values) =>
    collect<keyof LED>({
      name: needed(values.name, 'A name'),
      sysfs: needed(values.sysfs, 'A light'),
      device: values.trigger === 'netdev' ? needed(values.device, 'An interface') : undefined,
    }),
  fromNetJSON: (config) =>
    objects(config, 'led').flatMap(([index, item]) => {
      const trigger = text(item, 'trigger');
      if (!['none', 'default-on', 'heartbeat', 'netdev'].includes(trigger) || !plain(item, ['name', 'sysfs', 'dev'])) return [];
      return [{ values: { name: text(item, 'name'), sysfs: text(item, 'sysfs'), trigger, device: trigger === 'netdev' ? text(item, 'dev') : '' }, at: { led: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.led?.[0];
    const old = index === undefined ? undefined : (items(config, 'led')[index] as Record<string, unknown> | undefined);
    const traffic = values.trigger === 'netdev';
    return withItem(
      config,
      'led',
      index,
      merged(old, {
        name: values.name,
        sysfs: values.sysfs,
        trigger: values.trigger,
        dev: traffic ? values.device : undefined,
        mode: traffic ? (old?.mode ?? 'link tx rx') : undefined,
      }),
    );
  },
});
