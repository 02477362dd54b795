package topology

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/topology/cables"
)

// meshExpiration is the ExpirationTime of topologies of what devices report, in seconds (spec: topology §6).
const meshExpiration = 330

// ReceiveCables updates the topology of an organization's cables, and makes it with a label if there is none and the
// graph has a link. One that somebody does not publish, or made a fetched one, stays as it is.
func (s *Service) ReceiveCables(ctx context.Context, organization wispwright.ID, label string, d *netdiff.Document) error {
	return s.receiveReported(ctx, organization, cables.MeshID, label, d, len(d.Links) > 0)
}

// LoseCables sets all links of an organization's cables down, as LoseMeshes does those of its meshes.
func (s *Service) LoseCables(ctx context.Context, organization wispwright.ID) (int, error) {
	return s.loseReported(ctx, organization, func(t *Topology) bool { return t.MeshID == cables.MeshID })
}

// ReceiveMesh updates the topology of a WiFi mesh of an organization, and makes it if there is none. One that
// somebody does not publish, or made a fetched one, stays as it is.
func (s *Service) ReceiveMesh(ctx context.Context, organization wispwright.ID, mesh string, d *netdiff.Document) error {
	return s.receiveReported(ctx, organization, mesh, mesh, d, true)
}

// receiveReported updates the topology of what devices report, and makes it if it may.
func (s *Service) receiveReported(ctx context.Context, organization wispwright.ID, mesh, label string, d *netdiff.Document, create bool) error {
	found, err := s.Topologies.List(ctx, wispwright.ScopeAll(), TopologyFilter{OrganizationID: organization, MeshID: mesh}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return err
	}
	var t *Topology
	if len(found.Rows) > 0 {
		t = found.Rows[0]
	} else if !create {
		return nil
	} else {
		t = &Topology{OrganizationID: organization, Label: cut(label, longestLabel), Parser: meshParser, Strategy: Receive, Key: NewKey(), ExpirationTime: meshExpiration, Published: true, MeshID: mesh}
		if err := s.Topologies.Create(ctx, t); err != nil {
			return err
		}
	}
	if !t.Published || t.Strategy != Receive {
		return nil
	}
	_, err = s.ReceiveDocument(ctx, t.ID, d)
	return err
}

// LoseMeshes sets all links of an organization's WiFi meshes down: nothing is heard of any of them. Nobody is
// told that links went down, for it is the reports that are missing (spec: topology §6). It returns how many
// links went down.
func (s *Service) LoseMeshes(ctx context.Context, organization wispwright.ID) (int, error) {
	return s.loseReported(ctx, organization, func(t *Topology) bool { return t.MeshID != "" && t.MeshID != cables.MeshID })
}

// loseReported sets the links of some topologies of what devices report down.
func (s *Service) loseReported(ctx context.Context, organization wispwright.ID, which func(*Topology) bool) (int, error) {
	found, err := s.Topologies.List(ctx, wispwright.ScopeAll(), TopologyFilter{OrganizationID: organization, Parser: meshParser, Strategy: Receive}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	lost := 0
	for _, t := range found.Rows {
		if t.OrganizationID != organization || !which(t) {
			continue
		}
		n, err := s.loseLinks(ctx, t)
		if err != nil {
			return lost, err
		}
		lost += n
	}
	return lost, nil
}

// loseLinks sets the links of a topology down that are up.
func (s *Service) loseLinks(ctx context.Context, t *Topology) (lost int, err error) {
	err = s.base.Do(ctx, "topology.LoseMesh", func(ctx context.Context) error {
		links, err := s.stores.Links.Known(ctx, t.ID)
		if err != nil {
			return err
		}
		p := &plan{topology: &Topology{ID: t.ID, OrganizationID: t.OrganizationID}, now: s.base.Now()}
		for i := range links {
			if links[i].Status == Up {
				p.lose(&links[i])
			}
		}
		lost = len(p.down)
		if lost == 0 {
			return nil
		}
		if err := s.stores.Links.SetStatus(ctx, Down, p.now, p.down...); err != nil {
			return err
		}
		if err := s.record(ctx, p.moments); err != nil {
			return err
		}
		s.Updated.Publish(ctx, *p.update())
		return nil
	})
	return lost, err
}
