package server

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/topology"
)

var _ WithData = (*TopologyConcern)(nil)

// topologyData is a topology in files of data; it is known by its organization and
// its label. Its nodes and links come with its data.
type topologyData struct {
	Organization   string `json:"organization,omitempty"`
	Label          string `json:"label"`
	Parser         string `json:"parser"`
	Strategy       string `json:"strategy"`
	URL            string `json:"url,omitempty"`
	Key            string `json:"key,omitempty"`
	ExpirationTime int64  `json:"expiration_time,omitempty"`
	Published      *bool  `json:"published,omitempty"`
	MeshID         string `json:"mesh_id,omitempty"`
}

// DataKeys implements WithData.
func (c *TopologyConcern) DataKeys() []string { return []string{"topologies"} }

// LoadData implements WithData.
func (c *TopologyConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var topologies []topologyData
	if text, ok := part["topologies"]; ok {
		if err := strictly(text, &topologies); err != nil {
			return nil, fmt.Errorf("topologies: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range topologies {
			if err := c.loadTopology(ctx, &topologies[i]); err != nil {
				return fmt.Errorf("topology %s: %w", topologies[i].Label, err)
			}
		}
		return nil
	}, nil
}

// loadTopology makes a topology, or changes the one of that name. A key that is not
// given stays, or is made.
func (c *TopologyConcern) loadTopology(ctx context.Context, d *topologyData) error {
	var organization wispwright.ID
	if d.Organization != "" {
		o, err := c.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", d.Organization, err)
		}
		organization = o.ID
	}
	found, err := c.Topologies.List(ctx, wispwright.ScopeAll(), topology.TopologyFilter{LabelContains: d.Label}, unpaged)
	if err != nil {
		return err
	}
	fill := func(t *topology.Topology) {
		t.Label, t.Parser, t.Strategy, t.URL, t.ExpirationTime, t.MeshID = d.Label, d.Parser, d.Strategy, d.URL, d.ExpirationTime, d.MeshID
		t.Published = d.Published == nil || *d.Published
		if d.Key != "" {
			t.Key = wispwright.Secret(d.Key)
		}
	}
	for _, t := range found.Rows {
		if t.Label == d.Label && t.OrganizationID == organization {
			_, err := c.Topologies.Update(ctx, wispwright.ScopeAll(), t.ID, func(t *topology.Topology) error { fill(t); return nil })
			return err
		}
	}
	t := &topology.Topology{OrganizationID: organization, Key: topology.NewKey()}
	fill(t)
	return c.Topologies.Create(ctx, t)
}

// DumpData implements WithData.
func (c *TopologyConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Topologies []topologyData `json:"topologies"`
	}
	out.Topologies = []topologyData{}
	organizations, err := c.Tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	slugs := map[wispwright.ID]string{}
	for _, o := range organizations.Rows {
		slugs[o.ID] = o.Slug
	}
	list, err := c.Topologies.List(ctx, wispwright.ScopeAll(), topology.TopologyFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, t := range list.Rows {
		out.Topologies = append(out.Topologies, topologyData{Organization: slugs[t.OrganizationID], Label: t.Label, Parser: t.Parser, Strategy: t.Strategy,
			URL: t.URL, ExpirationTime: t.ExpirationTime, Published: &t.Published, MeshID: t.MeshID, Key: string(t.Key)})
	}
	return out, nil
}
