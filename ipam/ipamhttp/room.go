package ipamhttp

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type roomOut struct {
	// Results are networks, in their order.
	Results []string `json:"results"`
}

type requestSubnetIn struct {
	PrefixLength rest.Opt[int64]         `json:"prefix_length" required:"true" minimum:"1" maximum:"128"`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"100"`
	Description  rest.Opt[string]        `json:"description" blank:"true" maxLength:"100"`
	Organization rest.Opt[wispwright.ID] `json:"organization" nullable:"true" rel:"organization" help:"for a shared master; otherwise it is the master's"`
}

// mostRoom is how many free networks are listed at once.
const mostRoom = 100

// mountRoom adds free networks inside a subnet, and taking the next one. The
// original has nothing of it.
func (h *HTTP) mountRoom(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/free/", Name: "Free Subnets", Tag: tag, Kind: subnetKind, Prepare: h.ownBelow,
	}, rest.Documented[rest.None, roomOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "ipam_subnet_free", Summary: "The next free networks of a length, or the largest free ones", Handle: h.room,
		Doc: rest.Doc{Query: map[string]string{"prefix_length": "their length; without it the largest free networks are listed", "limit": "how many, up to 100"}},
	}))
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/request-subnet/", Name: "Request Subnet", Tag: tag, Kind: subnetKind, Prepare: h.below,
	}, rest.Action(http.MethodPost, "ipam_subnet_request_subnet", http.StatusCreated, h.requestSubnet))
}

func (h *HTTP) room(r *rest.Request) (int, any, error) {
	number := func(name string, otherwise int) (int, error) {
		text := r.Query().Get(name)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, wispwright.Invalid(name, "A valid integer is required.")
		}
		return n, nil
	}
	limit, err := number("limit", 10)
	if err != nil {
		return 0, nil, err
	}
	length, err := number("prefix_length", -1)
	if err != nil {
		return 0, nil, err
	}
	limit = min(max(limit, 1), mostRoom)
	find := func() (out roomOut, err error) {
		if length < 0 && r.Query().Get("prefix_length") == "" {
			found, err := h.m.Subnets.Blocks(r.Context(), r.ReadScope(), r.ID("id"), limit)
			for _, p := range found {
				out.Results = append(out.Results, p.String())
			}
			return out, err
		}
		found, err := h.m.Subnets.Room(r.Context(), r.ReadScope(), r.ID("id"), length, limit)
		for _, p := range found {
			out.Results = append(out.Results, p.String())
		}
		return out, err
	}
	out, err := find()
	if out.Results == nil {
		out.Results = []string{}
	}
	return http.StatusOK, out, err
}

func (h *HTTP) requestSubnet(r *rest.Request, in *requestSubnetIn) (subnetOut, error) {
	master, err := h.m.Subnets.Get(r.Context(), r.WriteScope(), r.ID("id"))
	if err != nil {
		return subnetOut{}, err
	}
	if o := in.Organization; o.Set && !o.Null && !master.Shared() && o.V != master.OrganizationID {
		return subnetOut{}, wispwright.Invalid("organization", valid.UnknownPK(o.V))
	}
	n, err := h.m.Subnets.RequestSubnet(r.Context(), r.WriteScope(), master.ID, int(in.PrefixLength.V),
		ipam.Subnet{Name: in.Name.V, Description: in.Description.Or(""), OrganizationID: in.Organization.Or(wispwright.ID{})})
	switch {
	case errors.Is(err, ipam.ErrExhausted):
		return subnetOut{}, wispwright.Invalid("prefix_length", "There is no room for a network of this length any more.")
	case err != nil:
		return subnetOut{}, err
	}
	return newSubnetOut(n), nil
}
