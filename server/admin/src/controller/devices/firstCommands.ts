// What is typed on a device, or for it, so that it registers.

/** The ways a device comes here. */
export const ways = ['openwrt', 'curl'] as const;

/** One of them. */
export type Way = (typeof ways)[number];

/** A value in single quotes for a shell. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** The lines to type, with the server's address and the organization's secret filled in. */
export function commandsOf(way: Way, server: string, secret: string): string {
  if (way === 'openwrt') {
    return [
      'opkg install ./wispwright-agent-*.ipk',
      `uci set openwisp.http.url=${quoted(server)}`,
      `uci set openwisp.http.shared_secret=${quoted(secret)}`,
      'uci commit openwisp',
      'service openwisp-config restart',
    ].join('\n');
  }
  return [
    `curl -X POST ${quoted(`${server}/controller/register/`)} \\`,
    `  -d secret=${quoted(secret)} \\`,
    "  -d name='first-device' -d mac_address='00:11:22:33:44:55' \\",
    "  -d backend='netjsonconfig.OpenWrt'",
  ].join('\n');
}
