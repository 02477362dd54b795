package ipamhttp

import (
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type addressIn struct {
	IPAddress   rest.Opt[string]        `json:"ip_address" required:"true" format:"ip"`
	Subnet      rest.Opt[wispwright.ID] `json:"subnet" required:"true" rel:"subnet"`
	Description rest.Opt[string]        `json:"description" blank:"true" maxLength:"100"`
}

type addressOut struct {
	ID          wispwright.ID `json:"id"`
	Created     rest.Time     `json:"created"`
	Modified    rest.Time     `json:"modified"`
	IPAddress   string        `json:"ip_address"`
	Description string        `json:"description"`
	Subnet      wispwright.ID `json:"subnet"`
}

func newAddressOut(a *ipam.Address) addressOut {
	return addressOut{a.ID, rest.Time(a.Created), rest.Time(a.Modified), a.IPAddress.String(), a.Description, a.SubnetID}
}

func applyAddress(_ *rest.Request, in *addressIn, a *ipam.Address) error {
	if in.IPAddress.Set {
		ip, err := netip.ParseAddr(in.IPAddress.V)
		if err != nil {
			return wispwright.Invalid("ip_address", valid.NoIP)
		}
		a.IPAddress = ip
	}
	in.Subnet.Into(&a.SubnetID)
	in.Description.Into(&a.Description)
	return nil
}

// mountAddresses adds addresses at their own path, and those of a subnet
// (spec: ipam §2.2). The list over all subnets is ours.
func (h *HTTP) mountAddresses(api *rest.API) {
	type filter = ipam.AddressFilter
	filters := []rest.Filter[filter]{rest.FilterText("search", ipam.SearchAddresses)}
	ordering := map[string]string{"ip_address": "IPAddress", "description": "Description", "created": "Created", "modified": "Modified"}
	owner := func(a *ipam.Address) wispwright.ID { return a.OrganizationID }
	rest.Mount(api, rest.Resource[wispwright.ID, ipam.Address, filter, addressIn, addressOut]{
		Path: "/api/v1/ipam/ip-address/", Name: "Ip Address", Noun: "IpAddress", ID: "ipam_ip_address", Tag: tag, Kind: addressKind,
		Only: rest.List | rest.Read | rest.Update | rest.Delete, Service: h.m.Addresses,
		Prepare: func(r *rest.Request) error {
			if err := h.admit(r); err != nil || r.ID("id").IsZero() {
				return err
			}
			a, err := h.m.Addresses.Get(r.Context(), wispwright.ScopeAll(), r.ID("id"))
			if err != nil {
				a = &ipam.Address{}
			}
			return own(r, a.OrganizationID, err)
		},
		Check: func(r *rest.Request, in *addressIn) error {
			if !in.Subnet.Set {
				return nil
			}
			return h.checkParent(r, "subnet", in.Subnet.V, func() (wispwright.ID, error) {
				a, err := h.m.Addresses.Get(r.Context(), r.ReadScope(), r.ID("id"))
				if err != nil {
					return wispwright.ID{}, err
				}
				return a.SubnetID, nil
			})
		},
		Apply:        applyAddress,
		Organization: owner,
		Version:      func(a *ipam.Address) []any { return []any{a.IPAddress.String(), a.SubnetID, a.Description} },
		Out:          rest.Each(newAddressOut), Ordering: ordering,
		Within: func(r *rest.Request, f *filter) error {
			if h.hides(r) {
				f.Related = map[string]any{ipam.Generated: false}
			}
			return nil
		},
		Filters: append(append(slices.Concat(filters, h.options.AddressFilters), rest.FilterID("subnet", func(f *filter, v wispwright.ID) { f.SubnetID = v })),
			rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v })...),
	})
	rest.Mount(api, rest.Resource[wispwright.ID, ipam.Address, filter, addressIn, addressOut]{
		Path: "/api/v1/ipam/subnet/{id}/ip-address/", Name: "Ip Address", Noun: "Subnet", ID: "ipam_subnet_ip_address", Tag: tag, Kind: addressKind,
		Only: rest.List | rest.Create, Service: h.m.Addresses, Prepare: h.below,
		Within: func(r *rest.Request, f *filter) error { f.SubnetID = r.ID("id"); return nil },
		Check: func(r *rest.Request, in *addressIn) error {
			switch {
			case !in.Subnet.Set || in.Subnet.V == r.ID("id"):
				return nil
			}
			if err := h.checkParent(r, "subnet", in.Subnet.V, nil); err != nil {
				return err
			}
			return wispwright.Invalid("subnet", "This is not the subnet of the address of this request.")
		},
		Apply: applyAddress, Out: rest.Each(newAddressOut), Filters: filters, Ordering: ordering,
	})
}
