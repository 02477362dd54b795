package moving

import (
	"context"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

// IPAM takes over subnets and addresses.
func IPAM(m *ipam.IPAM) Part {
	return Part{Name: "ipam", Take: func(ctx context.Context, run *Run) error {
		const subnets, addresses = "openwisp_ipam_subnet", "openwisp_ipam_ipaddress"
		if !run.i.optional(subnets) {
			return nil
		}
		rows, err := run.Read(ctx, subnets, "SELECT * FROM "+subnets)
		if err != nil {
			return err
		}
		// masters before what lies in them
		slices.SortStableFunc(rows, func(a, b *Row) int { return prefixLength(a) - prefixLength(b) })
		rows = mastersFirst(rows)
		for _, r := range rows {
			r.key = "id"
		}
		if err := run.Each(ctx, subnets, rows, []string{"organization_id", "master_subnet_id"}, func(ctx context.Context, r *Row) (string, error) {
			n := &ipam.Subnet{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Subnet: r.Prefix("subnet"),
				Description: r.Text("description"), MasterSubnetID: r.ID("master_subnet_id"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return m.Subnets.Restore(ctx, n)
		}); err != nil {
			return err
		}
		return run.Table(ctx, addresses, "id", []string{"subnet_id"}, func(ctx context.Context, r *Row) (string, error) {
			a := &ipam.Address{
				ID: r.Required("id"), SubnetID: r.ID("subnet_id"), IPAddress: r.Addr("ip_address"), Description: r.Text("description"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return m.Addresses.Restore(ctx, a)
		})
	}}
}

func prefixLength(r *Row) int {
	p, err := netip.ParsePrefix(r.Text("subnet"))
	if err != nil {
		return 0 // the row is refused later
	}
	return p.Bits()
}

// mastersFirst puts rows behind the row that their master_subnet_id names; those of a
// circle come last.
func mastersFirst(rows []*Row) []*Row {
	byID, placed := map[string]*Row{}, map[string]bool{}
	for _, r := range rows {
		byID[plainKey(r.Text("id"))] = r
	}
	out := make([]*Row, 0, len(rows))
	var place func(r *Row, depth int)
	place = func(r *Row, depth int) {
		id := plainKey(r.Text("id"))
		if placed[id] {
			return
		}
		if master := byID[plainKey(r.Text("master_subnet_id"))]; master != nil && depth < len(rows) {
			place(master, depth+1)
		}
		if !placed[id] {
			placed[id] = true
			out = append(out, r)
		}
	}
	for _, r := range rows {
		place(r, 0)
	}
	return out
}

// networks are the networks and addresses of OpenWISP by their ids, for those who
// keep their values.
type networks struct {
	subnets   map[wispwright.ID]netip.Prefix
	addresses map[wispwright.ID]netip.Addr
}

// networks reads them, once.
func (r *Run) networks(ctx context.Context) (*networks, error) {
	type key struct{}
	if n, ok := r.Noted(key{}).(*networks); ok {
		return n, nil
	}
	n := &networks{map[wispwright.ID]netip.Prefix{}, map[wispwright.ID]netip.Addr{}}
	subnets, err := r.Read(ctx, "openwisp_ipam_subnet", "SELECT id, subnet FROM openwisp_ipam_subnet")
	if err != nil {
		return nil, err
	}
	for _, row := range subnets {
		n.subnets[row.ID("id")] = row.Prefix("subnet")
	}
	addresses, err := r.Read(ctx, "openwisp_ipam_ipaddress", "SELECT id, ip_address FROM openwisp_ipam_ipaddress")
	if err != nil {
		return nil, err
	}
	for _, row := range addresses {
		n.addresses[row.ID("id")] = row.Addr("ip_address")
	}
	r.Note(key{}, n)
	return n, nil
}
