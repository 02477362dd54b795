import { isObject } from './json';
import { items, merged, number, objects, text, withItem } from './parts';
import { collect, numberProblem } from './rules';
import { type Choice, task } from './task';

interface Radio {
  name: string;
  band: string;
  generation: string;
  /** '0' leaves it to the device. */
  channel: string;
  width: string;
  country: string;
  /** null leaves it to the device. */
  power: number | null;
  on: boolean;
}

const auto: Choice = { value: '0', label: 'Automatic' };

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, n) => from + n * by);
}

const channels: Record<string, number[]> = {
  '2g': steps(1, 13, 1),
  '5g': [...steps(36, 64, 4), ...steps(100, 144, 4), ...steps(149, 177, 4)],
  '6g': [...steps(37, 65, 4), ...steps(101, 145, 4)],
};

const generations: Record<string, string[]> = { '2g': ['802.11n', '802.11ax'], '5g': ['802.11n', '802.11ac', '802.11ax'], '6g': ['802.11ax'] };
const generationNames: Record<string, string> = { '802.11n': 'Wi-Fi 4', '802.11ac': 'Wi-Fi 5', '802.11ax': 'Wi-Fi 6' };

/** The channels of a band; 6 GHz has no automatic one in the schema. */
export function channelChoices(band: string): Choice[] {
  const list = (channels[band] ?? []).map((channel) => ({ value: String(channel), label: String(channel) }));
  return band === '6g' ? list : [auto, ...list];
}

function widths(generation: string): string[] {
  return generation === '802.11n' ? ['20', '40'] : ['20', '40', '80', '160'];
}

/** The band of a radio that does not say it, from its channel. */
function bandOf(radio: Record<string, unknown>): string {
  if (typeof radio.band === 'string') return radio.band;
  if (radio.hwmode === '11g') return '2g';
  if (radio.hwmode === '11a') return '5g';
  const channel = number(radio, 'channel', 0);
  return channel === 0 ? '' : channel <= 13 ? '2g' : channels['5g'].includes(channel) ? '5g' : '6g';
}

export const radio = task<Radio>({
  id: 'radio',
  title: 'Radios',
  about: 'channels, width, power',
  intro: 'One radio of the device. Add another for each further radio.',
  area: 'wireless',
  icon: 'radio-tower',
  words: 'channel htmode band 2.4 5 ghz tx power country',
  blank: { name: 'radio0', band: '2g', generation: '802.11ax', channel: '0', width: '20', country: '', power: null, on: true },
  name: (values) => values.name,
  fields: [
    { name: 'name', label: 'Radio', kind: 'text', help: 'radio0, radio1 …, as the device calls it.' },
    { name: 'band', label: 'Band', kind: 'choice', choices: [{ value: '2g', label: '2.4 GHz' }, { value: '5g', label: '5 GHz' }, { value: '6g', label: '6 GHz' }] },
    { name: 'generation', label: 'Generation', kind: 'choice', choices: (values) => (generations[values.band] ?? []).map((value) => ({ value, label: generationNames[value] ?? value })) },
    { name: 'channel', label: 'Channel', kind: 'choice', choices: (values) => channelChoices(values.band) },
    { name: 'width', label: 'Width', kind: 'choice', choices: (values) => widths(values.generation).map((value) => ({ value, label: `${value} MHz` })) },
    { name: 'country', label: 'Country', kind: 'choice', options: '/definitions/base_radio_settings/properties/country', optional: true, help: 'Decides which channels and how much power are allowed.' },
    { name: 'power', label: 'Transmit power', kind: 'number', unit: 'dBm', more: true, optional: true, help: 'Empty: as much as the country allows.' },
    { name: 'on', label: 'On', kind: 'switch', more: true },
  ],
  problems: (values) =>
    collect<keyof Radio>({
      name: values.name.length < 3 ? 'At least 3 characters, such as radio0' : undefined,
      generation: generations[values.band]?.includes(values.generation) ? undefined : 'Not on this band',
      channel: channelChoices(values.band).some(({ value }) => value === values.channel) ? undefined : 'Not on this band',
      width: widths(values.generation).includes(values.width) ? undefined : 'Not in this generation',
      power: values.power === null ? undefined : numberProblem(values.power, 0, 40),
    }),
  fromNetJSON: (config) =>
    objects(config, 'radios').flatMap(([index, item]) => {
      const band = bandOf(item);
      const generation = text(item, 'protocol');
      const channel = text(item, 'channel');
      const width = text(item, 'channel_width');
      const fits = generations[band]?.includes(generation) && channelChoices(band).some(({ value }) => value === channel) && widths(generation).includes(width);
      if (!fits || typeof item.name !== 'string' || typeof item.channel !== 'number') return [];
      const power = typeof item.tx_power === 'number' ? item.tx_power : null;
      if (item.tx_power !== undefined && power === null) return [];
      return [{ values: { name: item.name, band, generation, channel, width, country: text(item, 'country'), power, on: item.disabled !== true }, at: { radios: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.radios?.[0];
    const old = index === undefined ? undefined : items(config, 'radios')[index];
    return withItem(
      config,
      'radios',
      index,
      merged(old, {
        name: values.name,
        protocol: values.generation,
        band: values.band,
        channel: Number(values.channel),
        channel_width: Number(values.width),
        country: values.country === '' ? undefined : values.country,
        tx_power: values.power ?? undefined,
        // said in any case: radios of a new device are off
        disabled: !values.on,
        // the schema accepts none that contradicts the band
        hwmode: isObject(old) && bandOf(old) === values.band ? old.hwmode : undefined,
      }),
    );
  },
});
