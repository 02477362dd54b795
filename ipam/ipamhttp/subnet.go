package ipamhttp

import (
	"encoding/json"
	"errors"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// network is a network on the wire.
type network struct{ netip.Prefix }

// FromWire implements rest.Wire.
func (n *network) FromWire(raw json.RawMessage) (err error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	if text == "" {
		return errors.New(valid.Blank)
	}
	n.Prefix, err = ipam.ParseNetwork(text)
	return err
}

type subnetIn struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"100"`
	Subnet       rest.Opt[network]       `json:"subnet" required:"true" metaType:"string" help:"Subnet in CIDR notation, eg: \"10.0.0.0/24\" for IPv4 and \"fdb6:21b:a477::9f7/64\" for IPv6"`
	Description  rest.Opt[string]        `json:"description" blank:"true" maxLength:"100"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
	MasterSubnet rest.Opt[wispwright.ID] `json:"master_subnet" nullable:"true" rel:"subnet"`
}

type subnetOut struct {
	ID           wispwright.ID `json:"id"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
	Name         string        `json:"name"`
	Subnet       string        `json:"subnet"`
	Description  string        `json:"description"`
	Organization wispwright.ID `json:"organization"`
	MasterSubnet wispwright.ID `json:"master_subnet"`
}

func newSubnetOut(n *ipam.Subnet) subnetOut {
	return subnetOut{n.ID, rest.Time(n.Created), rest.Time(n.Modified), n.Name, n.Subnet.String(), n.Description, n.OrganizationID, n.MasterSubnetID}
}

// usageOut tells how full a subnet is; the original has nothing of it.
type usageOut struct {
	ID           wispwright.ID `json:"id"`
	Name         string        `json:"name"`
	Subnet       string        `json:"subnet"`
	Description  string        `json:"description"`
	Organization wispwright.ID `json:"organization"`
	MasterSubnet wispwright.ID `json:"master_subnet"`
	// Used is how many addresses are recorded, Hosts how many there are, in digits.
	Used  int64  `json:"used"`
	Hosts string `json:"hosts"`
	// Fullness is Used of Hosts, Allotted the share that nested subnets take.
	Fullness float64 `json:"fullness"`
	Nested   int64   `json:"nested"`
	Allotted float64 `json:"allotted"`
	// Ancestors are the masters from the root down, where one subnet is read.
	Ancestors []ancestorOut `json:"ancestors"`
	// Device is whom the subnet was made for, Divided whether rules give parts of it to devices.
	Device  *deviceOut `json:"device"`
	Divided bool       `json:"divided"`
}

type deviceOut struct {
	ID   wispwright.ID `json:"id"`
	Name string        `json:"name"`
}

type ancestorOut struct {
	ID     wispwright.ID `json:"id"`
	Name   string        `json:"name"`
	Subnet string        `json:"subnet"`
}

// mountSubnets adds subnets (spec: ipam §2.1) and their usage.
func (h *HTTP) mountSubnets(api *rest.API) {
	type filter = ipam.SubnetFilter
	filters := append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.Filter[filter]{Name: "subnet", Help: "a network", Apply: func(_ *rest.Request, f *filter, v string) error {
			p, err := ipam.ParseNetwork(v)
			if err != nil {
				return wispwright.Invalid("", err.Error())
			}
			f.Subnet = p
			return nil
		}},
		rest.FilterID("master_subnet", func(f *filter, v wispwright.ID) { f.MasterSubnetID = v }),
		rest.FilterBool("root", func(f *filter, v bool) { f.Root = &v }),
		rest.FilterText("search", ipam.SearchSubnets),
	)
	filters = append(filters, h.options.SubnetFilters...)
	within := func(r *rest.Request, f *filter) error {
		if h.hides(r) {
			f.Related = map[string]any{ipam.Generated: false}
		}
		return nil
	}
	ordering := map[string]string{"subnet": "Subnet", "name": "Name", "created": "Created", "modified": "Modified", "used": "Used", "fullness": "Fullness"}
	prepare := func(r *rest.Request) error {
		if err := h.admit(r); err != nil || r.ID("id").IsZero() {
			return err
		}
		n, err := h.m.Subnets.Get(r.Context(), wispwright.ScopeAll(), r.ID("id"))
		if err != nil {
			n = &ipam.Subnet{}
		}
		return own(r, n.OrganizationID, err)
	}
	owner := func(n *ipam.Subnet) wispwright.ID { return n.OrganizationID }
	rest.Mount(api, rest.Resource[wispwright.ID, ipam.Subnet, filter, subnetIn, subnetOut]{
		Path: "/api/v1/ipam/subnet/", Name: "Subnet", Noun: "Subnet", ID: "ipam_subnet", Tag: tag, Kind: subnetKind,
		Service: h.m.Subnets, Prepare: prepare, Check: h.checkSubnet, Organization: owner,
		Apply: func(_ *rest.Request, in *subnetIn, n *ipam.Subnet) error {
			in.Name.Into(&n.Name)
			if in.Subnet.Set {
				n.Subnet = in.Subnet.V.Prefix
			}
			in.Description.Into(&n.Description)
			in.Organization.Into(&n.OrganizationID)
			in.MasterSubnet.Into(&n.MasterSubnetID)
			return nil
		},
		Version: func(n *ipam.Subnet) []any {
			return []any{n.Name, n.Subnet.String(), n.Description, n.OrganizationID, n.MasterSubnetID}
		},
		Out: rest.Each(newSubnetOut), Within: within, Filters: filters, Ordering: ordering,
		Unique: map[string]error{ipam.UniqueSubnet: wispwright.Invalid("non_field_errors", "The fields subnet, organization must make a unique set.")},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, ipam.Subnet, filter, rest.None, usageOut]{
		Path: "/api/v1/ipam/usage/", Name: "Subnet Usage", Noun: "Subnet", ID: "ipam_usage", Tag: tag, Kind: subnetKind, Only: rest.List | rest.Read,
		Service: h.m.Subnets, Prepare: prepare, Organization: owner, Out: h.usage, Within: within, Filters: filters, Ordering: ordering,
	})
}

// checkSubnet refuses masters that the caller may not use, but for the one that
// the subnet has already.
func (h *HTTP) checkSubnet(r *rest.Request, in *subnetIn) error {
	if !in.MasterSubnet.Set || in.MasterSubnet.Null {
		return nil
	}
	return h.checkParent(r, "master_subnet", in.MasterSubnet.V, func() (wispwright.ID, error) {
		n, err := h.m.Subnets.Get(r.Context(), r.ReadScope(), r.ID("id"))
		if err != nil {
			return wispwright.ID{}, err
		}
		return n.MasterSubnetID, nil
	})
}

// checkParent refuses a subnet that a field names and the caller may not use; now
// is what the object of the path has there.
func (h *HTTP) checkParent(r *rest.Request, field string, id wispwright.ID, now func() (wispwright.ID, error)) error {
	_, err := h.m.Subnets.Get(r.Context(), r.WriteScope(), id)
	if errors.Is(err, wispwright.ErrNotFound) && now != nil && !r.ID("id").IsZero() {
		if have, nowErr := now(); nowErr == nil && have == id {
			return nil
		}
	}
	return valid.Reference(err, field, id)
}

func (h *HTTP) usage(r *rest.Request, rows []*ipam.Subnet) ([]usageOut, error) {
	out := make([]usageOut, len(rows))
	of, err := h.others(r, rows)
	if err != nil {
		return nil, err
	}
	for i, n := range rows {
		out[i] = usageOut{ID: n.ID, Name: n.Name, Subnet: n.Subnet.String(), Description: n.Description, Organization: n.OrganizationID, MasterSubnet: n.MasterSubnetID,
			Used: n.Used, Hosts: ipam.HostCount(n.Subnet).String(), Fullness: n.Fullness, Nested: n.Nested, Allotted: n.Allotted, Ancestors: []ancestorOut{}, Divided: of[n.ID].Divided}
		if o := of[n.ID]; !o.DeviceID.IsZero() {
			out[i].Device = &deviceOut{o.DeviceID, o.DeviceName}
		}
		if n.Nested > 0 && !r.WriteScope().Allows(n.OrganizationID) { // of a shared subnet: those of others are not told of
			visible, err := h.m.Subnets.List(r.Context(), r.ReadScope(), ipam.SubnetFilter{MasterSubnetID: n.ID}, wispwright.Page{Limit: 1})
			if err != nil {
				return nil, err
			}
			out[i].Nested, out[i].Allotted = int64(visible.Total), 0
		}
		if r.ID("id").IsZero() {
			continue
		}
		above, err := h.m.Subnets.Ancestors(r.Context(), r.ReadScope(), n)
		if err != nil {
			return nil, err
		}
		for _, a := range above {
			out[i].Ancestors = append(out[i].Ancestors, ancestorOut{a.ID, a.Name, a.Subnet.String()})
		}
	}
	return out, nil
}

// others asks what other concerns have of subnets.
func (h *HTTP) others(r *rest.Request, rows []*ipam.Subnet) (map[wispwright.ID]Of, error) {
	if h.options.Of == nil || len(rows) == 0 {
		return nil, nil
	}
	ids := make([]wispwright.ID, len(rows))
	for i, n := range rows {
		ids[i] = n.ID
	}
	return h.options.Of(r.Context(), r.ReadScope(), ids)
}
