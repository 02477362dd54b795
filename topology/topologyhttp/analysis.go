package topologyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/topology"
)

// plotOut is a topology for a picture of it: with our ids, and without what
// pictures do not show.
type plotOut struct {
	ID           wispwright.ID  `json:"id"`
	Label        string         `json:"label"`
	Organization wispwright.ID  `json:"organization"`
	Updated      rest.Time      `json:"updated"`
	Nodes        []plotNodeOut  `json:"nodes"`
	Links        []plotLinkOut  `json:"links"`
	Weak         weaknessIDsOut `json:"weak"`
}

type plotNodeOut struct {
	ID     wispwright.ID `json:"id"`
	Key    string        `json:"key" doc:"its id in NetJSON"`
	Label  string        `json:"label"`
	Device wispwright.ID `json:"device"`
	Place  *[2]float64   `json:"place,omitempty" doc:"longitude and latitude of the device, where they are asked for and known"`
}

type plotLinkOut struct {
	ID     wispwright.ID `json:"id"`
	Source wispwright.ID `json:"source"`
	Target wispwright.ID `json:"target"`
	Status string        `json:"status"`
	Cost   float64       `json:"cost"`
	Text   string        `json:"text"`
	Since  rest.Time     `json:"since"`
}

// weaknessIDsOut are single points of failure.
type weaknessIDsOut struct {
	Nodes []wispwright.ID `json:"nodes" doc:"nodes whose loss parts the network"`
	Links []wispwright.ID `json:"links" doc:"links whose loss parts the network"`
	Parts int             `json:"parts" doc:"networks without a connection"`
	Alone int             `json:"alone" doc:"nodes without any link that is up"`
}

type pathOut struct {
	Cost  float64       `json:"cost"`
	Nodes []plotNodeOut `json:"nodes"`
	Links []plotLinkOut `json:"links"`
}

// mountAnalysis adds the picture of a topology and what is computed of it.
func (h *HTTP) mountAnalysis(api *rest.API) {
	view := func(path, name string) *rest.View {
		return &rest.View{Path: Base + "topology/{id}/" + path + "/", Name: name, Noun: "Topology", Tag: tag, Kind: topologyKind, Access: h.access(), Browser: true, StrictIDs: true, Prepare: h.admit}
	}
	api.Mount(view("plot", "Network Graph Plot"), rest.Documented[rest.None, plotOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "network_topology_topology_plot", Summary: "A topology for a picture, with its single points of failure", Handle: h.plot,
		Doc: rest.Doc{Query: map[string]string{"include_unpublished": "anything: unpublished ones too", "places": "anything: also where the devices are, for those who may see it"}},
	}))
	api.Mount(view("path", "Network Graph Path"), rest.Documented[rest.None, pathOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "network_topology_topology_path", Summary: "The cheapest way between two nodes over links that are up", Handle: h.path,
		Doc: rest.Doc{Query: map[string]string{"source": "a node's id or one of its addresses", "target": "likewise"}},
	}))
}

func (h *HTTP) plot(r *rest.Request) (int, any, error) {
	g, err := h.graph(r)
	if err != nil {
		return 0, nil, err
	}
	t := g.Topology
	w := g.Weakness()
	out := plotOut{ID: t.ID, Label: t.Label, Organization: t.OrganizationID, Updated: rest.Time(t.Updated), Nodes: plotNodes(g, g.Nodes), Links: plotLinks(g.Links),
		Weak: weaknessIDsOut{Nodes: make([]wispwright.ID, len(w.Nodes)), Links: make([]wispwright.ID, len(w.Links)), Parts: w.Parts, Alone: w.Alone}}
	for i, n := range w.Nodes {
		out.Weak.Nodes[i] = n.ID
	}
	for i, l := range w.Links {
		out.Weak.Links[i] = l.ID
	}
	if r.Caller == nil {
		for i := range out.Nodes {
			out.Nodes[i].Device = wispwright.ID{}
		}
	}
	if err := h.locate(r, out.Nodes); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, out, nil
}

// locate adds where the devices are of nodes, where it is asked for, for those who
// may see where devices are: neither the public page nor other organizations.
func (h *HTTP) locate(r *rest.Request, nodes []plotNodeOut) error {
	if h.o.Places == nil || r.Query().Get("places") == "" || r.Caller == nil || !r.Can("geo.view_devicelocation") && !r.Can("geo.change_devicelocation") {
		return nil
	}
	var devices []wispwright.ID
	for i := range nodes {
		if !nodes[i].Device.IsZero() {
			devices = append(devices, nodes[i].Device)
		}
	}
	if len(devices) == 0 {
		return nil
	}
	places, err := h.o.Places(r.Context(), r.ReadScope(), devices)
	if err != nil {
		return err
	}
	for i := range nodes {
		if at, ok := places[nodes[i].Device]; ok {
			nodes[i].Place = &at
		}
	}
	return nil
}

func plotNodes(g *topology.Graph, nodes []*topology.Node) []plotNodeOut {
	out := make([]plotNodeOut, len(nodes))
	for i, n := range nodes {
		out[i] = plotNodeOut{ID: n.ID, Key: n.NetjsonID, Label: g.Name(n), Device: n.DeviceID}
	}
	return out
}

func plotLinks(links []*topology.Link) []plotLinkOut {
	out := make([]plotLinkOut, len(links))
	for i, l := range links {
		out[i] = plotLinkOut{l.ID, l.SourceID, l.TargetID, l.Status, l.Cost, l.CostText, rest.Time(l.StatusChanged)}
	}
	return out
}

func (h *HTTP) path(r *rest.Request) (int, any, error) {
	g, err := h.graph(r)
	if err != nil {
		return 0, nil, err
	}
	var v wispwright.ValidationError
	var ends [2]*topology.Node
	for i, name := range []string{"source", "target"} {
		n, ok := g.Node(r.Query().Get(name))
		if !ok {
			v.Add(name, "There is no such node.")
		}
		ends[i] = n
	}
	if err := v.Err(); err != nil {
		return 0, nil, err
	}
	p, ok := g.Path(ends[0].ID, ends[1].ID)
	if !ok {
		return 0, nil, rest.Fail(http.StatusNotFound, "There is no way between these nodes over links that are up.")
	}
	return http.StatusOK, pathOut{p.Cost, plotNodes(g, p.Nodes), plotLinks(p.Links)}, nil
}
