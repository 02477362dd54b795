package connection

import (
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// Registry holds what an installation can do with devices. Make it with
// NewRegistry; it does not change afterwards.
type Registry struct {
	connectors []*ConnectorType
	schemas    map[string]*schema.Schema
	strategies []Strategy
	mapping    map[string]string
}

// NewRegistry makes a registry; mapping is which strategy follows from the
// backend of a configuration (setting CONFIG_UPDATE_MAPPING). Errors: an
// identifier that is missing or there twice, a schema that is none, a connector
// without a Connector, a mapping to an unknown strategy.
func NewRegistry(connectors []ConnectorType, strategies []Strategy, mapping map[string]string) (*Registry, error) {
	r := &Registry{schemas: map[string]*schema.Schema{}, strategies: slices.Clone(strategies), mapping: mapping}
	for _, t := range connectors {
		s, err := schema.CompileJSON([]byte(t.Schema), nil)
		switch {
		case err != nil:
			return nil, fmt.Errorf("connection: connector %s: %w", t.ID, err)
		case t.ID == "" || t.Label == "" || t.Connector == nil:
			return nil, fmt.Errorf("connection: connector %q: ID, Label and Connector are required", t.ID)
		case r.schemas[t.ID] != nil:
			return nil, fmt.Errorf("connection: connector %s is there twice", t.ID)
		}
		r.connectors, r.schemas[t.ID] = append(r.connectors, &t), s
	}
	for i, s := range strategies {
		switch {
		case s.ID == "" || s.Label == "" || s.Update == nil:
			return nil, fmt.Errorf("connection: strategy %q: ID, Label and Update are required", s.ID)
		case slices.ContainsFunc(strategies[:i], func(o Strategy) bool { return o.ID == s.ID }):
			return nil, fmt.Errorf("connection: strategy %s is there twice", s.ID)
		}
	}
	for backend, id := range mapping {
		if r.Strategy(id) == nil {
			return nil, fmt.Errorf("connection: the strategy %s of %s is not known", id, backend)
		}
	}
	return r, nil
}

// Connector returns a kind of connector, nil for one nobody knows.
func (r *Registry) Connector(id string) *ConnectorType {
	for _, t := range r.connectors {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Connectors are all of them, in the order forms offer them. The slice must not
// be changed.
func (r *Registry) Connectors() []*ConnectorType { return r.connectors }

// commanding are the connectors that pushes and commands go by.
func (r *Registry) commanding() wispwright.Among[string] {
	var ids []string
	for _, t := range r.connectors {
		if t.Commands {
			ids = append(ids, t.ID)
		}
	}
	return wispwright.Only(ids...)
}

// Strategy returns a strategy, nil for one nobody knows.
func (r *Registry) Strategy(id string) *Strategy {
	for i := range r.strategies {
		if r.strategies[i].ID == id {
			return &r.strategies[i]
		}
	}
	return nil
}

// Strategies are all of them. The slice must not be changed.
func (r *Registry) Strategies() []Strategy { return r.strategies }

// Label is a connector's name for people.
func (r *Registry) Label(connector string) string {
	if t := r.Connector(connector); t != nil {
		return t.Label
	}
	return connector
}
