package ipam

import (
	"context"
	"errors"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Subnets is the service of subnets, in the order of the networks. Deleting one
// deletes all that are nested in it and their addresses (spec: ipam §1); of the
// addresses no events are fired, those of the subnets tell enough.
type Subnets struct {
	*entity.Service[wispwright.ID, Subnet, SubnetFilter]
	base   *entity.Base
	stores Stores
}

func newSubnets(base *entity.Base, stores Stores) *Subnets {
	s := &Subnets{base: base, stores: stores}
	s.Service = entity.New(base, stores.Subnets, entity.Kind[wispwright.ID, Subnet]{
		Name: "ipam.Subnets", Model: "openwisp_ipam.subnet", Label: (*Subnet).String,
		Hidden:   []string{"Used", "Fullness", "Nested", "Allotted", "FreeFrom", "Highest", "Holes"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueSubnet: wispwright.Invalid("", valid.Taken("Subnet", "Subnet", "Organization"))},
	})
	return s
}

// CreateMany creates subnets, all or none, each seeing those before it: for
// callers that divide a network among many. It joins the context's transaction.
func (s *Subnets) CreateMany(ctx context.Context, subnets ...*Subnet) error {
	return s.base.Do(ctx, "ipam.Subnets.CreateMany", func(ctx context.Context) error {
		for _, n := range subnets {
			if err := s.Create(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete removes a subnet within the scope, and with it all that are nested in it,
// whosever they are.
func (s *Subnets) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.base.Do(ctx, "ipam.Subnets.Delete", func(ctx context.Context) error {
		n, err := s.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.stores.Subnets.Serialize(ctx, n.OrganizationID); err != nil {
			return err
		}
		nested, err := s.Descendants(ctx, id)
		if err != nil {
			return err
		}
		slices.Reverse(nested) // the deepest first
		for some := range slices.Chunk(nested, perQuestion) {
			ids := make([]wispwright.ID, len(some))
			for i, d := range some {
				ids[i] = d.ID
			}
			if _, err := s.DeleteAll(ctx, wispwright.ScopeAll(), SubnetFilter{IDs: wispwright.Only(ids...)}); err != nil {
				return err
			}
		}
		return s.Service.Delete(ctx, scope, id)
	})
}

// perQuestion is how many keys one question to a storage names.
const perQuestion = 500

// Descendants returns all subnets nested in one, those further up first.
func (s *Subnets) Descendants(ctx context.Context, id wispwright.ID) ([]*Subnet, error) {
	var out []*Subnet
	seen := map[wispwright.ID]bool{id: true}
	level := []wispwright.ID{id}
	for len(level) > 0 {
		var next []wispwright.ID
		for some := range slices.Chunk(level, perQuestion) {
			found, err := s.stores.Subnets.List(ctx, wispwright.ScopeAll(), SubnetFilter{MasterSubnetIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
			if err != nil {
				return nil, err
			}
			for _, n := range found.Rows {
				if !seen[n.ID] {
					seen[n.ID] = true
					out, next = append(out, n), append(next, n.ID)
				}
			}
		}
		level = next
	}
	return out, nil
}

// Ancestors returns the masters of a subnet within the scope, from the root down.
// It stops at one that is not visible.
func (s *Subnets) Ancestors(ctx context.Context, scope wispwright.Scope, n *Subnet) ([]*Subnet, error) {
	var out []*Subnet
	seen := map[wispwright.ID]bool{n.ID: true}
	for id := n.MasterSubnetID; !id.IsZero() && !seen[id]; {
		seen[id] = true
		master, err := s.stores.Subnets.Get(ctx, scope, id)
		if errors.Is(err, wispwright.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, master)
		id = master.MasterSubnetID
	}
	slices.Reverse(out)
	return out, nil
}

// stored keeps in masters what is nested in them, and removes what deleted
// subnets had.
func (s *Subnets) stored(ctx context.Context, changes ...entity.Change[Subnet]) error {
	var gone []wispwright.ID
	type sum struct {
		nested   int64
		allotted float64
	}
	masters := map[wispwright.ID]sum{}
	add := func(n *Subnet, sign int64) error {
		if n == nil || n.MasterSubnetID.IsZero() {
			return nil
		}
		master, err := s.stores.Subnets.Get(ctx, wispwright.ScopeAll(), n.MasterSubnetID)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil // it is being deleted too
		}
		if err != nil {
			return err
		}
		m := masters[master.ID]
		m.nested, m.allotted = m.nested+sign, m.allotted+float64(sign)*part(n.Subnet, master.Subnet)
		masters[master.ID] = m
		return nil
	}
	for _, c := range changes {
		if c.After == nil {
			gone = append(gone, c.Before.ID)
		}
		if c.Before != nil && c.After != nil && c.Before.MasterSubnetID == c.After.MasterSubnetID && c.Before.Subnet == c.After.Subnet {
			continue
		}
		if err := errors.Join(add(c.Before, -1), add(c.After, 1)); err != nil {
			return err
		}
	}
	for id, m := range masters {
		if slices.Contains(gone, id) {
			continue
		}
		_, err := s.stores.Subnets.Update(ctx, wispwright.ScopeAll(), id, func(n *Subnet) error {
			n.Nested = max(0, n.Nested+m.nested)
			n.Allotted = min(1, max(0, n.Allotted+m.allotted))
			if n.Nested == 0 {
				n.Allotted = 0
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.stores.Addresses.DeleteOf(ctx, gone...); err != nil {
		return err
	}
	return s.stores.Holes.Clear(ctx, gone...)
}
