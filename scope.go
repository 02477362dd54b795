package wispwright

import "slices"

// Scope limits an operation to the objects of some organizations. Every store
// method that reads or writes tenant data takes one, so forgetting it does not
// compile. The zero Scope allows nothing.
type Scope struct {
	all    bool
	shared bool
	orgs   []ID
}

// ScopeAll allows every object. Write it out only where that is meant: for
// superusers, for the device protocol after the key was checked, for jobs.
func ScopeAll() Scope { return Scope{all: true, shared: true} }

// ScopeOf allows the objects of the given organizations, shared ones not.
func ScopeOf(organizations ...ID) Scope {
	orgs := slices.Clone(organizations)
	slices.SortFunc(orgs, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	return Scope{orgs: slices.Compact(orgs)}
}

// WithShared also allows objects that belong to no organization.
func (s Scope) WithShared() Scope { s.shared = true; return s }

// All reports whether nothing is excluded.
func (s Scope) All() bool { return s.all }

// Shared reports whether objects without organization are allowed.
func (s Scope) Shared() bool { return s.all || s.shared }

// Organizations returns the allowed organizations in ascending order; it is
// empty when All is true. The slice must not be changed.
func (s Scope) Organizations() []ID { return s.orgs }

// Empty reports whether nothing at all is allowed.
func (s Scope) Empty() bool { return !s.all && !s.shared && len(s.orgs) == 0 }

// Allows reports whether an object of the organization may be touched; the
// zero ID stands for a shared object.
func (s Scope) Allows(organization ID) bool {
	switch {
	case s.all:
		return true
	case organization.IsZero():
		return s.shared
	}
	_, found := slices.BinarySearchFunc(s.orgs, organization, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	return found
}

// Intersect returns what both allow.
func (s Scope) Intersect(o Scope) Scope {
	switch {
	case s.all:
		return o
	case o.all:
		return s
	}
	var both []ID
	for _, id := range s.orgs {
		if o.Allows(id) {
			both = append(both, id)
		}
	}
	return Scope{shared: s.shared && o.shared, orgs: both}
}
