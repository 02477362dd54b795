// Package subnetdivisionhttp puts subnet division rules on the wire. OpenWISP manages them
// in its admin only.
package subnetdivisionhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// HTTP is the concern's part of an API.
type HTTP struct {
	d       *subnetdivision.Divisions
	subnets *ipam.Subnets
	devices *controller.Devices
}

// New returns the HTTP side of the concern, over the subnets and devices it is of.
func New(d *subnetdivision.Divisions, subnets *ipam.Subnets, devices *controller.Devices) (*HTTP, error) {
	if d == nil || subnets == nil || devices == nil {
		return nil, errors.New("subnetdivisionhttp: the concern, subnets and devices are required")
	}
	return &HTTP{d, subnets, devices}, nil
}

type ruleIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Type         rest.Opt[string]        `json:"type" required:"true" maxLength:"200"`
	MasterSubnet rest.Opt[wispwright.ID] `json:"master_subnet" required:"true" rel:"master_subnet"`
	Label        rest.Opt[string]        `json:"label" required:"true" maxLength:"30" help:"Label used to calculate the configuration variables"`
	Subnets      rest.Opt[int64]         `json:"number_of_subnets" required:"true" help:"Indicates how many subnets will be created"`
	Size         rest.Opt[int64]         `json:"size" required:"true" label:"Size of subnets" help:"Indicates the size of each created subnet"`
	IPs          rest.Opt[int64]         `json:"number_of_ips" required:"true" label:"Number of IPs" help:"Indicates how many IP addresses will be created for each subnet"`
}

type ruleOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Type         string        `json:"type"`
	MasterSubnet wispwright.ID `json:"master_subnet"`
	Label        string        `json:"label"`
	Subnets      int64         `json:"number_of_subnets"`
	Size         int64         `json:"size"`
	IPs          int64         `json:"number_of_ips"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

// entryOut is a network or an address of a device.
type entryOut struct {
	ID      wispwright.ID  `json:"id"`
	Rule    wispwright.ID  `json:"rule"`
	Subnet  wispwright.ID  `json:"subnet"`
	IP      *wispwright.ID `json:"ip"`
	Keyword string         `json:"keyword"`
	Value   string         `json:"value"`
}

// forecastOut is what a rule would do.
type forecastOut struct {
	Room     string        `json:"room" doc:"how many more devices find all of their networks; a text, since it may be a very large number"`
	Networks []foreseenOut `json:"networks" doc:"the first of those that the next device gets"`
}

type foreseenOut struct {
	Keyword string `json:"keyword"`
	Network string `json:"network"`
	First   string `json:"first_ip"`
	Last    string `json:"last_ip"`
}

const (
	tag      = "controller"
	ruleKind = "subnet_division.subnetdivisionrule"
)

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountForecasts(api)
	type filter = subnetdivision.RuleFilter
	var types []rest.Choice
	var ids []string
	for _, t := range h.d.Kinds() {
		types, ids = append(types, rest.Choice{Value: t.ID, Label: t.Label}), append(ids, t.ID)
	}
	rest.Mount(api, rest.Resource[wispwright.ID, subnetdivision.Rule, filter, ruleIn, ruleOut]{
		Path: "/api/v1/controller/subnet-division-rule/", Name: "Subnet Division Rule", Noun: "SubnetDivisionRule", ID: "controller_subnet_division_rule", Tag: tag,
		Kind: ruleKind, Choices: map[string][]rest.Choice{"type": types},
		Service: h.d.Rules, Check: h.check, Apply: apply, Out: rest.Each(newRuleOut),
		Organization: func(r *subnetdivision.Rule) wispwright.ID { return r.OrganizationID },
		Version: func(r *subnetdivision.Rule) []any {
			return []any{r.OrganizationID, r.Type, r.MasterSubnetID, r.Label, r.NumberOfSubnets, r.Size, r.NumberOfIPs}
		},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterID("master_subnet", func(f *filter, v wispwright.ID) { f.MasterSubnetID = v }),
			rest.FilterChoice("type", ids, func(f *filter, v string) { f.Type = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"label": "Label", "type": "Type", "size": "Size", "created": "Created", "modified": "Modified"},
		Unique: map[string]error{
			subnetdivision.UniqueRule: wispwright.Invalid("non_field_errors", "The fields organization, label must make a unique set."),
		},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, subnetdivision.Entry, subnetdivision.EntryFilter, rest.None, entryOut]{
		Path: "/api/v1/controller/device/{id}/subnet-division/", Only: rest.List, Name: "Device Subnet Division", Noun: "Device", ID: "controller_device_subnet_division", Tag: tag,
		Kind: "config.device", Service: entries{h.d},
		Prepare: func(r *rest.Request) error {
			_, err := h.devices.Get(r.Context(), r.ReadScope(), r.ID("id"))
			return err
		},
		Within: func(r *rest.Request, f *subnetdivision.EntryFilter) error { f.DeviceID = r.ID("id"); return nil },
		Out: rest.Each(func(e *subnetdivision.Entry) entryOut {
			return entryOut{e.ID, e.RuleID, e.SubnetID, rest.Null(e.AddressID), e.Keyword, e.Value}
		}),
	})
}

// mountForecasts adds what rules would do, stored ones and those of a form.
func (h *HTTP) mountForecasts(api *rest.API) {
	api.Mount(&rest.View{Path: "/api/v1/controller/subnet-division-preview/", Name: "Subnet Division Preview", Noun: "SubnetDivisionRule", Tag: tag, Kind: ruleKind},
		rest.CheckedAction("POST", "controller_subnet_division_preview", http.StatusOK, h.check, h.preview))
	api.Mount(&rest.View{Path: "/api/v1/controller/subnet-division-rule/{id}/forecast/", Name: "Subnet Division Forecast", Noun: "SubnetDivisionRule", Tag: tag, Kind: ruleKind},
		rest.Action("GET", "controller_subnet_division_rule_forecast", http.StatusOK, h.forecast))
}

func (h *HTTP) preview(r *rest.Request, in *ruleIn) (forecastOut, error) {
	rule := &subnetdivision.Rule{}
	if err := apply(r, in, rule); err != nil {
		return forecastOut{}, err
	}
	if !r.WriteScope().Allows(rule.OrganizationID) {
		return forecastOut{}, wispwright.Invalid("organization", valid.UnknownPK(rule.OrganizationID))
	}
	return h.foresee(r, rule)
}

func (h *HTTP) forecast(r *rest.Request, _ *rest.None) (forecastOut, error) {
	rule, err := h.d.Rules.Get(r.Context(), r.ReadScope(), r.ID("id"))
	if err != nil {
		return forecastOut{}, err
	}
	return h.foresee(r, rule)
}

func (h *HTTP) foresee(r *rest.Request, rule *subnetdivision.Rule) (forecastOut, error) {
	f, err := h.d.Rules.Forecast(r.Context(), rule)
	if err != nil {
		return forecastOut{}, err
	}
	out := forecastOut{Room: f.Room.String(), Networks: []foreseenOut{}}
	for _, n := range f.Networks {
		out.Networks = append(out.Networks, foreseenOut{n.Keyword, n.Network.String(), n.First.String(), n.Last.String()})
	}
	return out, nil
}

// check refuses subnets that the caller does not see.
func (h *HTTP) check(r *rest.Request, in *ruleIn) error {
	if !in.MasterSubnet.Set || in.MasterSubnet.Null {
		return nil
	}
	_, err := h.subnets.Get(r.Context(), r.ReadScope(), in.MasterSubnet.V)
	return valid.Reference(err, "master_subnet", in.MasterSubnet.V)
}

func apply(_ *rest.Request, in *ruleIn, r *subnetdivision.Rule) error {
	in.Organization.Into(&r.OrganizationID)
	in.Type.Into(&r.Type)
	in.MasterSubnet.Into(&r.MasterSubnetID)
	in.Label.Into(&r.Label)
	in.Subnets.Into(&r.NumberOfSubnets)
	in.Size.Into(&r.Size)
	in.IPs.Into(&r.NumberOfIPs)
	return nil
}

func newRuleOut(r *subnetdivision.Rule) ruleOut {
	return ruleOut{r.ID, r.OrganizationID, r.Type, r.MasterSubnetID, r.Label, r.NumberOfSubnets, r.Size, r.NumberOfIPs, rest.Time(r.Created), rest.Time(r.Modified)}
}

// entries are what a device got, as a Resource lists it; whether the caller sees the
// device is checked before.
type entries struct{ d *subnetdivision.Divisions }

// Get finds nothing: entries are read through their device.
func (entries) Get(context.Context, wispwright.Scope, wispwright.ID) (*subnetdivision.Entry, error) {
	return nil, wispwright.ErrNotFound
}

// List returns a page of one device's entries.
func (e entries) List(ctx context.Context, _ wispwright.Scope, f subnetdivision.EntryFilter, p wispwright.Page) (wispwright.Items[subnetdivision.Entry], error) {
	if f.DeviceID.IsZero() {
		return wispwright.Items[subnetdivision.Entry]{}, wispwright.ErrNotFound
	}
	return e.d.Entries(ctx, f, p)
}
