package controller

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
)

// Material returns what versions are made of beside themselves: the revisions of
// templates, and the values of secret variables that they, or declarations in the
// form of variable.Declarations, name. What is gone is left out.
func (s *Versions) Material(ctx context.Context, versions []*Version, declared ...wispwright.JSON) ([]*Revision, []*variable.Value, error) {
	var revisions []wispwright.ID
	seen := map[wispwright.ID]bool{}
	for _, v := range versions {
		declared = append(declared, v.Secrets)
		for _, id := range v.Revisions {
			if !seen[id] {
				seen[id] = true
				revisions = append(revisions, id)
			}
		}
	}
	var values []wispwright.ID
	for _, j := range declared {
		list, err := variable.Parse(j)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range list.Names() {
			if id := list[name].Value; !id.IsZero() && !seen[id] {
				seen[id] = true
				values = append(values, id)
			}
		}
	}
	var outRevisions []*Revision
	var outValues []*variable.Value
	if len(revisions) > 0 {
		found, err := s.configs.stores.Templates.Revisions(ctx, revisions)
		if err != nil {
			return nil, nil, fmt.Errorf("read template revisions: %w", err)
		}
		outRevisions = found
	}
	if len(values) > 0 {
		found, err := s.configs.stores.Variables.List(ctx, wispwright.ScopeAll(), variable.Filter{IDs: wispwright.Only(values...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, nil, fmt.Errorf("read values of variables: %w", err)
		}
		outValues = found.Rows
	}
	return outRevisions, outValues, nil
}

// BringBack stores versions of a device that is there again, and what Material
// returned of them, where it is gone. They keep their ids, moments and causes.
func (s *Versions) BringBack(ctx context.Context, versions []*Version, revisions []*Revision, values []*variable.Value) error {
	c := s.configs
	return c.kit.Do(ctx, "controller.Versions.BringBack", func(ctx context.Context) error {
		if err := c.bringValues(ctx, values); err != nil {
			return err
		}
		if err := c.bringRevisions(ctx, revisions); err != nil {
			return err
		}
		if len(versions) == 0 {
			return nil
		}
		return c.stores.Versions.InsertMany(ctx, versions)
	})
}

func (c *configs) bringValues(ctx context.Context, values []*variable.Value) error {
	if len(values) == 0 {
		return nil
	}
	ids := make([]wispwright.ID, len(values))
	for i, v := range values {
		ids[i] = v.ID
	}
	found, err := c.stores.Variables.List(ctx, wispwright.ScopeAll(), variable.Filter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return fmt.Errorf("read values of variables: %w", err)
	}
	there := map[wispwright.ID]bool{}
	for _, v := range found.Rows {
		there[v.ID] = true
	}
	for _, v := range values {
		// what was given now is not pruned before something names it
		if now := c.now(); there[v.ID] {
			_, err = c.stores.Variables.Update(ctx, wispwright.ScopeAll(), v.ID, func(o *variable.Value) error { o.Created = now; return nil })
		} else {
			err = c.stores.Variables.Insert(ctx, &variable.Value{ID: v.ID, Value: v.Value, Created: now})
		}
		if err != nil {
			return fmt.Errorf("store the value of a variable: %w", err)
		}
	}
	return nil
}

func (c *configs) bringRevisions(ctx context.Context, revisions []*Revision) error {
	if len(revisions) == 0 {
		return nil
	}
	ids := make([]wispwright.ID, len(revisions))
	for i, r := range revisions {
		ids[i] = r.ID
	}
	found, err := c.stores.Templates.Revisions(ctx, ids)
	if err != nil {
		return fmt.Errorf("read template revisions: %w", err)
	}
	there := map[wispwright.ID]bool{}
	for _, r := range found {
		there[r.ID] = true
	}
	for _, r := range revisions {
		if there[r.ID] {
			continue
		}
		if err := c.stores.Templates.AddRevision(ctx, r); err != nil {
			return fmt.Errorf("store a template revision: %w", err)
		}
	}
	return nil
}
