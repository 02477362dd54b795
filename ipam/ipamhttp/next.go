package ipamhttp

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
)

type requestIn struct {
	Description rest.Opt[string] `json:"description" nullable:"true" blank:"true" maxLength:"100"`
}

type hostOut struct {
	Address string `json:"address"`
	Used    bool   `json:"used"`
}

type hostsOut struct {
	Next     *string   `json:"next" format:"uri"`
	Previous *string   `json:"previous" format:"uri"`
	Results  []hostOut `json:"results"`
}

// mountNext adds the next available address, requests and hosts
// (spec: ipam §2.3, §2.4).
func (h *HTTP) mountNext(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/get-next-available-ip/", Name: "Available Ip", Tag: tag, Kind: addressKind, Prepare: h.below,
	}, rest.Documented[rest.None, *string](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "ipam_subnet_get_next_available_ip", Summary: "The next available address, or null",
		Handle: func(r *rest.Request) (int, any, error) {
			ip, err := h.m.Addresses.Next(r.Context(), r.ReadScope(), r.ID("id"))
			switch {
			case errors.Is(err, ipam.ErrExhausted):
				return http.StatusOK, nil, nil
			case err != nil:
				return 0, nil, err
			}
			return http.StatusOK, ip.String(), nil
		}}))
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/request-ip/", Name: "Request IP", Tag: tag, Kind: addressKind, Prepare: h.below,
	}, rest.Action(http.MethodPost, "ipam_subnet_request_ip", http.StatusCreated, func(r *rest.Request, in *requestIn) (addressOut, error) {
		a, err := h.m.Addresses.Request(r.Context(), r.WriteScope(), r.ID("id"), in.Description.Or(""))
		switch {
		case errors.Is(err, ipam.ErrExhausted):
			return addressOut{}, &rest.Failure{Status: http.StatusOK} // null, as clients expect
		case err != nil:
			return addressOut{}, err
		}
		return newAddressOut(a), nil
	}, http.StatusOK))
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/hosts/", Name: "Subnet Hosts", Tag: tag, Kind: subnetKind, Prepare: h.below,
	}, rest.Documented[rest.None, hostsOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "ipam_subnet_hosts_list", Summary: "Hosts by pages of 256, used or not", Handle: h.hosts,
		Doc: rest.Doc{Query: map[string]string{"start": "the first address of the page"}},
	}))
}

func (h *HTTP) hosts(r *rest.Request) (int, any, error) {
	start, err := ipam.ParseAddress(r.Query().Get("start"))
	if err != nil {
		start = netip.Addr{}
	}
	page, err := h.m.Addresses.Hosts(r.Context(), r.ReadScope(), r.ID("id"), start)
	switch {
	case errors.Is(err, ipam.ErrNoHost):
		return 0, nil, rest.Fail(http.StatusBadRequest, "Invalid Address")
	case err != nil:
		return 0, nil, err
	}
	out := hostsOut{Results: make([]hostOut, len(page.Hosts))}
	for i, host := range page.Hosts {
		out.Results[i] = hostOut{host.Address.String(), host.Taken != nil}
	}
	link := func(start netip.Addr) *string {
		at := r.URL(r.HTTP.URL.EscapedPath())
		if start.IsValid() {
			at += "?start=" + url.QueryEscape(start.String())
		}
		return &at
	}
	if page.Next.IsValid() {
		out.Next = link(page.Next)
	}
	if !page.First {
		out.Previous = link(page.Previous)
	}
	return http.StatusOK, out, nil
}

// mapOut is a piece of a subnet for a picture of it: what is recorded in it, by
// the distance from its first address.
type mapOut struct {
	// Start is the first address of the piece, Count how many it has.
	Start string `json:"start"`
	Count int    `json:"count"`
	// First and Last are the subnet's first and last host.
	First  string      `json:"first"`
	Last   string      `json:"last"`
	Taken  []takenOut  `json:"taken"`
	Nested []nestedOut `json:"nested"`
}

type takenOut struct {
	At          int           `json:"at"`
	ID          wispwright.ID `json:"id"`
	Description string        `json:"description"`
}

type nestedOut struct {
	ID     wispwright.ID `json:"id"`
	Name   string        `json:"name"`
	Subnet string        `json:"subnet"`
	// At and Count are the part of the piece that it takes.
	At    int `json:"at"`
	Count int `json:"count"`
}

// mapPiece is how many addresses a piece of the map has.
const mapPiece = 4096

// mountMap adds the picture of a subnet, which the web admin draws.
func (h *HTTP) mountMap(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/map/", Name: "Subnet Map", Tag: tag, Kind: addressKind, Prepare: h.below,
	}, rest.Documented[rest.None, mapOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "ipam_subnet_map", Summary: "What is recorded and nested in a piece of up to 4096 addresses", Handle: h.picture,
		Doc: rest.Doc{Query: map[string]string{"start": "an address of the piece; pieces begin at multiples of 4096 from the network's first address"}},
	}))
}

func (h *HTTP) picture(r *rest.Request) (int, any, error) {
	n, err := h.m.Subnets.Get(r.Context(), r.ReadScope(), r.ID("id"))
	if err != nil {
		return 0, nil, err
	}
	start := n.Subnet.Addr()
	if text := r.Query().Get("start"); text != "" {
		at, err := ipam.ParseAddress(text)
		if err != nil || !n.Subnet.Contains(at) {
			return 0, nil, wispwright.Invalid("start", "This address does not belong to the subnet.")
		}
		start = piece(at, n.Subnet)
	}
	end, count := start, mapPiece
	if free := n.Subnet.Addr().BitLen() - n.Subnet.Bits(); free < 12 {
		count = 1 << free
	}
	end, _ = ipam.Step(start, int64(count-1)) // it lies in the subnet
	hosts := ipam.HostRange(n.Subnet)
	out := mapOut{Start: start.String(), Count: count, First: hosts.From().String(), Last: hosts.To().String(), Taken: []takenOut{}, Nested: []nestedOut{}}
	taken, err := h.m.Addresses.List(r.Context(), wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: n.ID, IPAddressFrom: start, IPAddressBefore: end.Next()},
		wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
	if err != nil {
		return 0, nil, err
	}
	for _, a := range taken.Rows {
		out.Taken = append(out.Taken, takenOut{distance(start, a.IPAddress), a.ID, a.Description})
	}
	if n.Nested > 0 {
		out.Nested, err = h.nested(r, n, start, end)
	}
	return http.StatusOK, out, err
}

// piece is the beginning of the piece that an address lies in.
func piece(a netip.Addr, n netip.Prefix) netip.Addr {
	bits := max(n.Bits(), a.BitLen()-12)
	return netip.PrefixFrom(a, bits).Masked().Addr()
}

// distance is how far an address of a piece lies from its beginning.
func distance(start, a netip.Addr) int {
	s, b := start.AsSlice(), a.AsSlice()
	at := func(raw []byte) int { return int(raw[len(raw)-2])<<8 | int(raw[len(raw)-1]) }
	return at(b) - at(s)
}

// nested are the subnets nested in n that the piece shows.
func (h *HTTP) nested(r *rest.Request, n *ipam.Subnet, start, end netip.Addr) ([]nestedOut, error) {
	around := ipam.Supernets(netip.PrefixFrom(start, start.BitLen()))
	bits := max(n.Subnet.Bits(), start.BitLen()-12)
	out := []nestedOut{}
	for _, f := range []ipam.SubnetFilter{
		{MasterSubnetID: n.ID, Subnets: wispwright.Only(around[n.Subnet.Bits()+1 : max(bits, n.Subnet.Bits()+1)]...)},
		{MasterSubnetID: n.ID, SubnetWithin: netip.PrefixFrom(start, bits)},
	} {
		found, err := h.m.Subnets.List(r.Context(), r.ReadScope(), f, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, d := range found.Rows {
			o := nestedOut{ID: d.ID, Name: d.Name, Subnet: d.Subnet.String(), Count: distance(start, end) + 1}
			if d.Subnet.Bits() >= bits {
				o.At, o.Count = distance(start, d.Subnet.Addr()), 1<<(start.BitLen()-d.Subnet.Bits())
			}
			out = append(out, o)
		}
	}
	return out, nil
}
