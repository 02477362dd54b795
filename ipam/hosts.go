package ipam

import (
	"context"
	"errors"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// HostsPerPage is how many hosts a HostPage has at most (spec: ipam §2.4).
const HostsPerPage = 256

// ErrNoHost: an address is not one of a subnet's hosts.
var ErrNoHost = errors.New("Invalid Address") //nolint:staticcheck // clients see it like this

// Host is an address of a subnet, taken or not.
type Host struct {
	// Address is the address.
	Address netip.Addr
	// Taken is what is recorded there, or nil.
	Taken *Address
}

// HostPage is a piece of the hosts of a subnet.
type HostPage struct {
	// Hosts are the addresses, one after the other.
	Hosts []Host
	// Next is where the next page starts; invalid: there is none.
	Next netip.Addr
	// Previous is where the page before starts, invalid for the first page.
	Previous netip.Addr
	// First is true of the first page, which has none before it.
	First bool
}

// Hosts returns up to HostsPerPage hosts of a subnet within the scope from start
// on, or from the first one where start is not valid or of the other version
// of IP. What is recorded among them is read with one question.
func (s *Addresses) Hosts(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID, start netip.Addr) (*HostPage, error) {
	n, err := s.stores.Subnets.Get(ctx, scope, subnet)
	if err != nil {
		return nil, err
	}
	hosts := HostRange(n.Subnet)
	if !start.IsValid() || start.Is4() != n.Subnet.Addr().Is4() {
		start = hosts.From()
	}
	if !hosts.Contains(start) {
		return nil, ErrNoHost
	}
	end := hosts.To()
	page := &HostPage{First: start == hosts.From()}
	if next, ok := Step(start, HostsPerPage); ok && !end.Less(next) {
		page.Next, end = next, next.Prev()
	}
	if before, ok := Step(start, -HostsPerPage); ok && hosts.From().Less(before) {
		page.Previous = before
	}
	filter := AddressFilter{SubnetID: subnet, IPAddressFrom: start, IPAddressBefore: end.Next()}
	recorded, err := s.stores.Addresses.List(ctx, wispwright.ScopeAll(), filter,
		wispwright.Page{Limit: HostsPerPage, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
	if err != nil {
		return nil, err
	}
	taken := recorded.Rows
	for at := start; at.IsValid() && !end.Less(at); at = at.Next() {
		h := Host{Address: at}
		if len(taken) > 0 && taken[0].IPAddress == at {
			h.Taken, taken = taken[0], taken[1:]
		}
		page.Hosts = append(page.Hosts, h)
	}
	return page, nil
}
