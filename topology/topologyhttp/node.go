package topologyhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/topology"
)

type nodeIn struct {
	Topology       rest.Opt[wispwright.ID] `json:"topology" required:"true" rel:"topology"`
	Organization   rest.Opt[wispwright.ID] `json:"organization" nullable:"true" rel:"organization"`
	Label          rest.Opt[string]        `json:"label" blank:"true" maxLength:"64"`
	Addresses      rest.Opt[list]          `json:"addresses" required:"true" metaType:"field"`
	Properties     rest.Opt[object]        `json:"properties" required:"true" metaType:"field"`
	UserProperties rest.Opt[object]        `json:"user_properties" required:"true" metaType:"field"`
}

type nodeOut struct {
	ID             wispwright.ID   `json:"id"`
	Topology       wispwright.ID   `json:"topology"`
	Organization   wispwright.ID   `json:"organization"`
	Label          string          `json:"label"`
	Addresses      wispwright.JSON `json:"addresses"`
	Properties     wispwright.JSON `json:"properties"`
	UserProperties wispwright.JSON `json:"user_properties"`
	Created        rest.Time       `json:"created"`
	Modified       rest.Time       `json:"modified"`
}

// nodeSummaryOut is a node with what people want to know beside; the original has
// nothing of it.
type nodeSummaryOut struct {
	nodeOut
	DisplayName  string        `json:"display_name" doc:"what it is shown as: its device's name, its label or its id"`
	NetworkLabel string        `json:"network_label" doc:"what the network calls it"`
	NetjsonID    string        `json:"netjson_id" doc:"the first of its addresses"`
	Device       wispwright.ID `json:"device"`
	Seen         rest.Time     `json:"seen" doc:"when the network named it last, to within a day"`
}

// FromWire implements rest.Wire.
func (l *list) FromWire(raw json.RawMessage) error {
	l.JSON = wispwright.JSON(unquoted(raw))
	if len(l.JSON) == 0 || l.JSON[0] != '[' || !jsonValid(l.JSON) {
		return errors.New(topology.NoList)
	}
	return nil
}

// unquoted takes JSON out of a JSON string, in which forms have it.
func unquoted(raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return bytes.TrimSpace([]byte(text))
	}
	return raw
}

func jsonValid(j wispwright.JSON) bool { return json.Valid([]byte(j)) }

// mountNodes adds nodes (spec: topology §4.3).
func (h *HTTP) mountNodes(api *rest.API) {
	type filter = topology.NodeFilter
	filters := append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterID("topology", func(f *filter, v wispwright.ID) { f.TopologyID = v }),
		rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }))
	ordering := map[string]string{"label": "Label", "created": "Created", "modified": "Modified", "netjson_id": "NetjsonID"}
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Node, filter, nodeIn, nodeOut]{
		Path: Base + "node/", Name: "Node", Noun: "Node", ID: "network_topology_node", Tag: tag, Kind: nodeKind, StrictIDs: true, NonField: "non_field_errors",
		Service: h.s.Nodes, Out: rest.Each(newNodeOut), Organization: func(n *topology.Node) wispwright.ID { return n.OrganizationID },
		Check: h.checkNode, Create: h.createNode, Update: h.updateNode,
		Version: nodeVersion,
		Filters: filters, Ordering: ordering,
	})
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Node, filter, nodeIn, nodeSummaryOut]{
		Path: Base + "summary/node/", Name: "Node Summary", Noun: "Node", ID: "network_topology_node_summary", Tag: tag, Kind: nodeKind, StrictIDs: true, NonField: "non_field_errors",
		Service: h.s.Nodes, Out: h.nodeSummaries, Organization: func(n *topology.Node) wispwright.ID { return n.OrganizationID }, Version: nodeVersion,
		Check: h.checkNode, Create: h.createNode, Update: h.updateNode, Filters: filters, Ordering: ordering,
	})
}

func nodeVersion(n *topology.Node) []any {
	return []any{n.TopologyID, n.Called(), n.Addresses, n.Properties, n.UserProperties}
}

func linkVersion(l *topology.Link) []any {
	return []any{l.TopologyID, l.SourceID, l.TargetID, l.Status, l.Cost, l.CostText, l.Properties, l.UserProperties}
}

func newNodeOut(n *topology.Node) nodeOut {
	return nodeOut{n.ID, n.TopologyID, n.OrganizationID, n.Called(), n.Addresses, n.Properties, n.UserProperties, rest.Time(n.Created), rest.Time(n.Modified)}
}

func (h *HTTP) nodeSummaries(r *rest.Request, rows []*topology.Node) ([]nodeSummaryOut, error) {
	names, err := h.s.Names(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]nodeSummaryOut, len(rows))
	for i, n := range rows {
		out[i] = nodeSummaryOut{newNodeOut(n), names[n.ID], n.Label, n.NetjsonID, n.DeviceID, rest.Time(n.Seen)}
	}
	return out, nil
}

// mayUse refuses a topology that a field names and the caller may not use; what
// the object has already may stay.
func (h *HTTP) mayUse(r *rest.Request, v *wispwright.ValidationError, id rest.Opt[wispwright.ID], now func() (wispwright.ID, error)) error {
	if !id.Set || id.Null {
		return nil
	}
	_, err := h.s.Topologies.Get(r.Context(), r.WriteScope(), id.V)
	if errors.Is(err, wispwright.ErrNotFound) && !r.ID("id").IsZero() {
		if have, nowErr := now(); nowErr == nil && have == id.V {
			return nil
		}
	}
	return reference(v, err, "topology", id.V)
}

func (h *HTTP) checkNode(r *rest.Request, in *nodeIn) error {
	var v wispwright.ValidationError
	err := h.mayUse(r, &v, in.Topology, func() (wispwright.ID, error) {
		n, err := h.s.Nodes.Get(r.Context(), r.ReadScope(), r.ID("id"))
		if err != nil {
			return wispwright.ID{}, err
		}
		return n.TopologyID, nil
	})
	if err != nil {
		return err
	}
	return v.Err()
}

func applyNode(in *nodeIn, n *topology.Node) {
	in.Topology.Into(&n.TopologyID)
	if in.Label.Set {
		n.SetLabel(in.Label.V)
	}
	if in.Addresses.Set {
		n.Addresses = in.Addresses.V.JSON
	}
	if in.Properties.Set {
		n.Properties = in.Properties.V.JSON
	}
	if in.UserProperties.Set {
		n.UserProperties = in.UserProperties.V.JSON
	}
}

func (h *HTTP) createNode(r *rest.Request, in *nodeIn) (*topology.Node, error) {
	n := &topology.Node{}
	applyNode(in, n)
	in.Organization.Into(&n.OrganizationID) // on creation alone
	return n, h.s.Nodes.Create(r.Context(), n)
}

func (h *HTTP) updateNode(r *rest.Request, id wispwright.ID, in *nodeIn) (*topology.Node, error) {
	return h.s.Nodes.Update(r.Context(), r.WriteScope(), id, func(n *topology.Node) error {
		if err := r.Expect(n); err != nil {
			return err
		}
		applyNode(in, n)
		return nil
	})
}

type linkIn struct {
	Topology       rest.Opt[wispwright.ID] `json:"topology" required:"true" rel:"topology"`
	Status         rest.Opt[string]        `json:"status" enum:"up,down" enumLabels:"up,down"`
	Source         rest.Opt[wispwright.ID] `json:"source" required:"true" rel:"node"`
	Target         rest.Opt[wispwright.ID] `json:"target" required:"true" rel:"node"`
	Cost           rest.Opt[float64]       `json:"cost" required:"true"`
	CostText       rest.Opt[string]        `json:"cost_text" blank:"true" maxLength:"24"`
	Properties     rest.Opt[object]        `json:"properties" required:"true" metaType:"field"`
	UserProperties rest.Opt[object]        `json:"user_properties" required:"true" metaType:"field"`
}

type linkOut struct {
	ID             wispwright.ID   `json:"id"`
	Topology       wispwright.ID   `json:"topology"`
	Organization   wispwright.ID   `json:"organization" metaType:"field"`
	Status         string          `json:"status"`
	Source         wispwright.ID   `json:"source"`
	Target         wispwright.ID   `json:"target"`
	Cost           float64         `json:"cost"`
	CostText       string          `json:"cost_text"`
	Properties     wispwright.JSON `json:"properties"`
	UserProperties wispwright.JSON `json:"user_properties"`
	Created        rest.Time       `json:"created"`
	Modified       rest.Time       `json:"modified"`
}

// linkSummaryOut is a link with what people want to know beside; the original has
// nothing of it.
type linkSummaryOut struct {
	linkOut
	StatusChanged rest.Time `json:"status_changed"`
	SourceName    string    `json:"source_name"`
	TargetName    string    `json:"target_name"`
}

// mountLinks adds links (spec: topology §4.4) and what became of them.
func (h *HTTP) mountLinks(api *rest.API) {
	type filter = topology.LinkFilter
	filters := append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterID("topology", func(f *filter, v wispwright.ID) { f.TopologyID = v }),
		rest.FilterID("node", func(f *filter, v wispwright.ID) { f.NodeID = v }),
		rest.FilterChoice("status", []string{topology.Up, topology.Down}, func(f *filter, v string) { f.Status = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }))
	ordering := map[string]string{"cost": "Cost", "status": "Status", "status_changed": "StatusChanged", "created": "Created", "modified": "Modified"}
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Link, filter, linkIn, linkSummaryOut]{
		Path: Base + "summary/link/", Name: "Link Summary", Noun: "Link", ID: "network_topology_link_summary", Tag: tag, Kind: linkKind, StrictIDs: true,
		Service: h.s.Links, Out: h.linkSummaries, Organization: func(l *topology.Link) wispwright.ID { return l.OrganizationID }, Version: linkVersion,
		Check: h.checkLink, Create: h.createLink, Update: h.updateLink, Filters: filters, Ordering: ordering,
	})
	rest.Mount(api, rest.Resource[wispwright.ID, topology.Link, filter, linkIn, linkOut]{
		Path: Base + "link/", Name: "Link", Noun: "Link", ID: "network_topology_link", Tag: tag, Kind: linkKind, StrictIDs: true,
		Service: h.s.Links, Out: rest.Each(newLinkOut), Organization: func(l *topology.Link) wispwright.ID { return l.OrganizationID },
		Check: h.checkLink, Create: h.createLink, Update: h.updateLink,
		Version: linkVersion,
		Filters: filters, Ordering: ordering,
	})
	api.Mount(&rest.View{Path: Base + "link/{id}/history/", Name: "Link History", Noun: "Link", Tag: tag, Kind: linkKind, StrictIDs: true},
		rest.Documented[rest.None, linkHistoryOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "network_topology_link_history", Summary: "When a link was up and down, and what it cost", Handle: h.linkHistory,
			Doc: rest.Doc{Query: map[string]string{"from": "ISO 8601; empty: seven days before", "to": "ISO 8601; empty: now"}}}))
}

func newLinkOut(l *topology.Link) linkOut {
	return linkOut{l.ID, l.TopologyID, l.OrganizationID, l.Status, l.SourceID, l.TargetID, l.Cost, l.CostText, l.Properties, l.UserProperties, rest.Time(l.Created), rest.Time(l.Modified)}
}

func (h *HTTP) linkSummaries(r *rest.Request, rows []*topology.Link) ([]linkSummaryOut, error) {
	names, err := h.s.EndNames(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	scope := r.ReadScope()
	name := func(id wispwright.ID) string {
		if n := names[id]; n.OrganizationID.IsZero() || scope.Allows(n.OrganizationID) {
			return n.Name
		}
		return ""
	}
	out := make([]linkSummaryOut, len(rows))
	for i, l := range rows {
		out[i] = linkSummaryOut{newLinkOut(l), rest.Time(l.StatusChanged), name(l.SourceID), name(l.TargetID)}
	}
	return out, nil
}

func (h *HTTP) checkLink(r *rest.Request, in *linkIn) error {
	var v wispwright.ValidationError
	var have *topology.Link
	now := func() (*topology.Link, error) {
		var err error
		if have == nil {
			have, err = h.s.Links.Get(r.Context(), r.ReadScope(), r.ID("id"))
		}
		return have, err
	}
	err := h.mayUse(r, &v, in.Topology, func() (wispwright.ID, error) {
		l, err := now()
		if err != nil {
			return wispwright.ID{}, err
		}
		return l.TopologyID, nil
	})
	if err != nil {
		return err
	}
	for _, end := range []struct {
		field string
		id    rest.Opt[wispwright.ID]
		of    func(*topology.Link) wispwright.ID
	}{
		{"source", in.Source, func(l *topology.Link) wispwright.ID { return l.SourceID }},
		{"target", in.Target, func(l *topology.Link) wispwright.ID { return l.TargetID }},
	} {
		if !end.id.Set || end.id.Null {
			continue
		}
		_, err := h.s.Nodes.Get(r.Context(), r.WriteScope(), end.id.V)
		if errors.Is(err, wispwright.ErrNotFound) && !r.ID("id").IsZero() {
			if l, nowErr := now(); nowErr == nil && end.of(l) == end.id.V {
				continue
			}
		}
		if err := reference(&v, err, end.field, end.id.V); err != nil {
			return err
		}
	}
	return v.Err()
}

func applyLink(in *linkIn, l *topology.Link) {
	in.Topology.Into(&l.TopologyID)
	in.Status.Into(&l.Status)
	in.Source.Into(&l.SourceID)
	in.Target.Into(&l.TargetID)
	in.Cost.Into(&l.Cost)
	in.CostText.Into(&l.CostText)
	if in.Properties.Set {
		l.Properties = in.Properties.V.JSON
	}
	if in.UserProperties.Set {
		l.UserProperties = in.UserProperties.V.JSON
	}
}

func (h *HTTP) createLink(r *rest.Request, in *linkIn) (*topology.Link, error) {
	l := &topology.Link{Status: topology.Up}
	applyLink(in, l)
	return l, h.s.Links.Create(r.Context(), l)
}

func (h *HTTP) updateLink(r *rest.Request, id wispwright.ID, in *linkIn) (*topology.Link, error) {
	return h.s.Links.Update(r.Context(), r.WriteScope(), id, func(l *topology.Link) error {
		if err := r.Expect(l); err != nil {
			return err
		}
		applyLink(in, l)
		return nil
	})
}
