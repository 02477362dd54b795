import { expect, it, vi } from 'vitest';
import { vendorConcerns, type VendorModule } from './vendor';

const extension = { name: 'support', module: '/admin/extensions/support/support.js', menu: [{ label: 'Tickets', address: '/tickets', permission: 'support.view_ticket' }] };

it('makes concerns of the modules the server lists, with their menus', async () => {
  const Page = () => null;
  const module: VendorModule = (host) => ({ routes: [{ path: '/tickets', page: host.react.memo(Page) as never }] });
  const plain = { name: 'plain', menu: [{ label: 'Manual', address: '/admin/extensions/plain/manual.html' }] };
  const made = await vendorConcerns(async () => [extension, plain], async () => ({ default: module }));
  expect(made.map(({ name, menu }) => [name, menu])).toEqual([
    ['support', [{ section: 'more', label: 'Tickets', to: '/tickets', permission: 'support.view_ticket' }]],
    ['plain', [{ section: 'more', label: 'Manual', href: '/admin/extensions/plain/manual.html', permission: undefined }]],
  ]);
  expect(made[0]?.routes?.[0]?.path).toBe('/tickets');
});

it('leaves out one that fails, and says which', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const made = await vendorConcerns(async () => [extension, { name: 'other', menu: [] }], async () => Promise.reject(new Error('no script')));
  expect(made.map(({ name }) => name)).toEqual(['other']);
  expect(said).toHaveBeenCalledWith(expect.stringContaining('support'), expect.any(Error));
  said.mockRestore();
});
