package tenancy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// PermissionInfo is one permission as people choose it.
type PermissionInfo struct {
	// ID is its number on the wire: the place in the sorted catalogue, from 1.
	ID int64
	// Permission is the codename with its app label.
	Permission wispwright.Permission
	// Model is the lower-case name of the model, such as "devicegroup".
	Model string
	// Name reads "Can add device".
	Name string
}

// Catalogue is every permission there is, in the order of app label, model and
// codename. It is fixed once made.
type Catalogue struct {
	models []wispwright.Model
	infos  []PermissionInfo
	byName map[wispwright.Permission]int
}

var actions = []struct{ letter, name string }{{"A", "add"}, {"C", "change"}, {"D", "delete"}, {"V", "view"}}

// NewCatalogue makes the catalogue of the given models.
func NewCatalogue(models ...wispwright.Model) *Catalogue {
	c := &Catalogue{models: slices.Clone(models), byName: map[wispwright.Permission]int{}}
	slices.SortStableFunc(c.models, func(a, b wispwright.Model) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name))
	})
	for _, m := range c.models {
		var codes []PermissionInfo
		for _, a := range actions {
			codes = append(codes, PermissionInfo{Permission: m.Permission(a.name), Model: m.Name, Name: "Can " + a.name + " " + m.Label})
		}
		for code, name := range m.Extra {
			codes = append(codes, PermissionInfo{Permission: wispwright.Permission(m.App + "." + code), Model: m.Name, Name: name})
		}
		slices.SortFunc(codes, func(a, b PermissionInfo) int { return cmp.Compare(a.Permission, b.Permission) })
		c.infos = append(c.infos, codes...)
	}
	for i := range c.infos {
		c.infos[i].ID = int64(i + 1)
		c.byName[c.infos[i].Permission] = i
	}
	return c
}

// All returns every permission in order. The slice must not be changed.
func (c *Catalogue) All() []PermissionInfo { return c.infos }

// Known reports whether a permission exists.
func (c *Catalogue) Known(p wispwright.Permission) bool { _, ok := c.byName[p]; return ok }

// check sorts permissions, drops repeated ones and complains of unknown ones.
func (c *Catalogue) check(v *wispwright.ValidationError, field string, permissions []wispwright.Permission) []wispwright.Permission {
	slices.Sort(permissions)
	permissions = slices.Compact(permissions)
	for _, p := range permissions {
		if !c.Known(p) {
			v.Add(field, valid.UnknownPK(p))
		}
	}
	return permissions
}

// defaults returns what one of the two default groups may do.
func (c *Catalogue) defaults(letters func(wispwright.Model) string) []wispwright.Permission {
	var out []wispwright.Permission
	for _, m := range c.models {
		for _, a := range actions {
			if strings.Contains(letters(m), a.letter) {
				out = append(out, m.Permission(a.name))
			}
		}
	}
	slices.Sort(out)
	return out
}

// ownModels are the models of this package.
func ownModels() []wispwright.Model {
	return []wispwright.Model{
		{App: "openwisp_users", Name: "user", Label: "user", Administrator: "ACDV"},
		{App: "openwisp_users", Name: "organization", Label: "organization", Operator: "V", Administrator: "C"},
		{App: "openwisp_users", Name: "organizationuser", Label: "organization user", Administrator: "ACDV"},
		{App: "openwisp_users", Name: "organizationowner", Label: "organization owner", Administrator: "C"},
		{App: "openwisp_users", Name: "group", Label: "group", Administrator: "V"},
		{App: "account", Name: "emailaddress", Label: "email address", Administrator: "CDV"},
		{App: "openwisp_users", Name: "apikey", Label: "API key", Administrator: "ACDV"},
		{App: "authtoken", Name: "token", Label: "Token"},
		{App: "audit", Name: "event", Label: "event"},
	}
}
