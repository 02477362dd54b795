package ipam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// exportPage is how many addresses are read at a time.
const exportPage = 1000

// Export writes a subnet within the scope and its addresses, in the order of
// their values; those of nested subnets are not part of it (spec: ipam §2.5).
func (m *IPAM) Export(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID, f Format, w io.Writer) error {
	n, err := m.Subnets.Get(ctx, scope, subnet)
	if err != nil {
		return err
	}
	slug := ""
	if !n.Shared() {
		o, err := m.organizations.Get(ctx, n.OrganizationID)
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return fmt.Errorf("ipam.Export: %w", err)
		}
		slug = o.Slug
	}
	return f.Write(w, m.exported(ctx, n, slug))
}

func (m *IPAM) exported(ctx context.Context, n *Subnet, slug string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		head := [][]string{{Harmless(n.Name)}, {n.Subnet.String()}, {Harmless(slug)}, {}, {"ip_address", "description"}}
		for _, row := range head {
			if !yield(row, nil) {
				return
			}
		}
		for from := (netip.Addr{}); ; {
			some, err := m.Addresses.List(ctx, wispwright.ScopeAll(), AddressFilter{SubnetID: n.ID, IPAddressFrom: from},
				wispwright.Page{Limit: exportPage, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, a := range some.Rows {
				if !yield([]string{a.IPAddress.String(), Harmless(a.Description)}, nil) {
					return
				}
				from = a.IPAddress.Next()
			}
			if len(some.Rows) < exportPage || !from.IsValid() {
				return
			}
		}
	}
}
