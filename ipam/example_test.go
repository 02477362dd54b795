package ipam_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// A VPN takes a network out of the company's, and an address for each client.
func Example() {
	ctx, everything := context.Background(), wispwright.ScopeAll()
	memory := memstore.New()
	m, err := ipam.New(&entity.Base{Tx: memory, Tenants: entity.NoTenants{}}, ipam.NewMemory(memory), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	company := &ipam.Subnet{Name: "company", Subnet: netip.MustParsePrefix("10.0.0.0/16")}
	if err := m.Subnets.Create(ctx, company); err != nil {
		fmt.Println(err)
		return
	}
	_ = memory.InTx(ctx, func(ctx context.Context) error { // both or none
		vpn, err := m.Subnets.RequestSubnet(ctx, everything, company.ID, 27, ipam.Subnet{Name: "vpn"})
		if err != nil {
			return err
		}
		client, err := m.Addresses.Request(ctx, everything, vpn.ID, "first client")
		if err != nil {
			return err
		}
		fmt.Println(vpn, client.IPAddress)
		return nil
	})
	room, err := m.Subnets.Room(ctx, everything, company.ID, 27, 2)
	fmt.Println(room, err)
	fmt.Println(m.Subnets.Create(ctx, &ipam.Subnet{Name: "lan", Subnet: netip.MustParsePrefix("10.0.0.16/28"), MasterSubnetID: company.ID}))
	// Output:
	// vpn 10.0.0.0/27 10.0.0.1
	// [10.0.0.32/27 10.0.0.64/27] <nil>
	// ipam.Subnets.Create: invalid: subnet: Subnet overlaps with a subnet of another organization.
}
