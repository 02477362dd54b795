// Package topologyhttp puts topologies on the wire: the REST API, what senders
// post, and the WebSocket of pages that show one (spec: topology §2.5, §3, §4).
package topologyhttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/topology"
)

// Base is where the API begins.
const Base = "/api/v1/network-topology/"

// Options change what New makes; nil means the defaults.
type Options struct {
	// Public lets everybody read topologies that are published, without their keys
	// (spec: topology §4.5). Default: false.
	Public bool
	// HideKeys answers with the keys of topologies only to those who may change
	// them. Default: false, as clients of OpenWISP know it.
	HideKeys bool
	// BaseURL begins the addresses that senders are told. Default: that of the
	// request.
	BaseURL string
	// BodyLimit is the largest body that is received, in bytes. Default: 16 MiB.
	BodyLimit int64
	// Places says where devices are, as longitude and latitude, of those that a scope
	// allows; devices without a place are missing. nil: nobody knows.
	Places func(ctx context.Context, scope wispwright.Scope, devices []wispwright.ID) (map[wispwright.ID][2]float64, error)
}

// HTTP is the concern's part of an API.
type HTTP struct {
	s       *topology.Service
	o       Options
	choices []rest.Choice
}

// New returns the HTTP side of the concern.
func New(s *topology.Service, o *Options) (*HTTP, error) {
	if s == nil {
		return nil, errors.New("topologyhttp: the concern is required")
	}
	h := &HTTP{s: s}
	if o != nil {
		h.o = *o
	}
	if h.o.BodyLimit == 0 {
		h.o.BodyLimit = 16 << 20
	}
	h.o.BaseURL = strings.TrimSuffix(h.o.BaseURL, "/")
	h.choices = formats(s)
	return h, nil
}

// formats are what topologies can be read from. BMX6 goes by the name under which
// OpenWISP stores it (spec: topology §1.1).
func formats(s *topology.Service) (out []rest.Choice) {
	for _, f := range s.Formats().All() {
		name := f.Name
		if name == "netdiff.Bmx6Parser" {
			name = "netdiff.BmxParser"
		}
		out = append(out, rest.Choice{Value: name, Label: f.Label})
	}
	return out
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountTopologies(api)
	h.mountReceive(api)
	h.mountHistory(api)
	h.mountAnalysis(api)
	h.mountNodes(api)
	h.mountLinks(api)
}

const (
	tag          = "network-topology"
	topologyKind = "topology.topology"
	nodeKind     = "topology.node"
	linkKind     = "topology.link"
	notManager   = "User is not a manager of the organization to which the requested resource belongs."
	noPermission = "You do not have permission to perform this action."
	anonymous    = "Authentication credentials were not provided."
)

// access is who may come in.
func (h *HTTP) access() rest.Access {
	if h.o.Public {
		return rest.Everyone
	}
	return rest.Managers
}

// admit does what the view's gate does where everybody may read.
func (h *HTTP) admit(r *rest.Request) error {
	if !h.o.Public || reading(r) {
		return nil
	}
	if r.Caller == nil {
		return rest.Fail(http.StatusForbidden, anonymous)
	}
	if len(r.Caller.Managed) == 0 && !r.Caller.Superuser {
		return wispwright.Forbidden(notManager)
	}
	action := map[string]string{http.MethodPost: "add", http.MethodPut: "change", http.MethodPatch: "change", http.MethodDelete: "delete"}[r.HTTP.Method]
	if !r.Can(wispwright.Permission("topology." + action + "_topology")) {
		return wispwright.Forbidden(noPermission)
	}
	return nil
}

func reading(r *rest.Request) bool {
	return r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead || r.HTTP.Method == http.MethodOptions
}

// member reports whether the caller may read a topology as somebody who manages
// its organization, and not as anybody.
func (h *HTTP) member(r *rest.Request, t *topology.Topology) bool {
	return r.Caller != nil && (r.Can("topology.view_topology") || r.Can("topology.change_topology")) && r.ReadScope().Allows(t.OrganizationID)
}

// scopes are what the caller may see and change.
func (h *HTTP) scopes(r *rest.Request) (read, write wispwright.Scope) {
	if h.o.Public && reading(r) {
		return wispwright.ScopeAll(), r.WriteScope() // shown decides which of them
	}
	return r.ReadScope(), r.WriteScope()
}

// shown reports whether a topology is there at its own path: unpublished ones must
// be asked for (spec: topology §4).
func (h *HTTP) shown(r *rest.Request, t *topology.Topology) bool {
	switch {
	case t.Published, !reading(r): // a person who unpublished one can publish it again
		return true
	case r.Query().Get("include_unpublished") == "":
		return false
	}
	return !h.o.Public || h.member(r, t)
}

// nodesScope is of whose nodes in shared topologies the caller hears.
func (h *HTTP) nodesScope(r *rest.Request) wispwright.Scope {
	if h.o.Public {
		return wispwright.ScopeAll()
	}
	return r.ReadScope()
}

// found returns the topology of the path, if it is shown to the caller.
func (h *HTTP) found(r *rest.Request) (*topology.Topology, error) {
	if err := h.admit(r); err != nil {
		return nil, err
	}
	read, _ := h.scopes(r)
	t, err := h.s.Topologies.Get(r.Context(), read, r.ID("id"))
	if err == nil && !h.shown(r, t) {
		err = wispwright.ErrNotFound
	}
	return t, err
}

// graph returns the topology of the path with what the caller may see of it.
func (h *HTTP) graph(r *rest.Request) (*topology.Graph, error) {
	t, err := h.found(r)
	if err != nil {
		return nil, err
	}
	graphs, err := h.s.Graphs(r.Context(), t)
	if err != nil {
		return nil, err
	}
	return graphs[0].Restrict(h.nodesScope(r)), nil
}

// object is JSON that must be an object.
type object struct{ wispwright.JSON }

// FromWire implements rest.Wire.
func (o *object) FromWire(raw json.RawMessage) error {
	o.JSON = wispwright.JSON(unquoted(raw))
	if !o.IsObject() || !jsonValid(o.JSON) {
		return errors.New(topology.NoObject)
	}
	return nil
}

// list is JSON that must be a list.
type list struct{ wispwright.JSON }

// reference refuses an object that a field names and the caller may not use.
func reference(v *wispwright.ValidationError, err error, field string, id wispwright.ID) error {
	return v.Merge("", valid.Reference(err, field, id))
}
