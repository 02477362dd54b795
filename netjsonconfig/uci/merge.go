package uci

import (
	"fmt"
	"slices"
	"strings"
)

// Merge brings the sections of src into p, as "uci import -m" does: a named
// section gets src's type and options, its other options stay; lists are
// replaced, not joined; anonymous sections are appended. Options of p's own
// sections keep their places. Nothing of src is shared afterwards.
func (p *Package) Merge(src *Package) {
	for _, s := range src.Sections {
		if s.Anonymous() {
			p.Sections = append(p.Sections, s.Clone())
			continue
		}
		to := p.Add(s.Type, s.Name)
		for _, o := range s.Options {
			to.Put(o.clone())
		}
	}
}

// Op says what a Change does.
type Op int

// The kinds of change.
const (
	// AddSection creates a section; Options of it follow as Set changes.
	AddSection Op = iota + 1
	// RemoveSection deletes a section with all it holds.
	RemoveSection
	// SetType gives a section another type.
	SetType
	// Set gives an option a value or list of values.
	Set
	// Unset removes an option.
	Unset
)

// Change is one step from one package to another.
type Change struct {
	// Op is what happens.
	Op Op
	// Section is the section's name, or "@type[n]" for the n-th (from 0) section
	// of a type, counted at the moment the step is taken.
	Section string
	// Type is the section's type, for AddSection, RemoveSection and SetType.
	Type string
	// Option is the new option of Set and the old one of Unset.
	Option Option
	// Old is the option Set replaces; Key is empty when there was none.
	Old Option
}

// String returns the change in the words of "uci changes".
func (c Change) String() string {
	switch c.Op {
	case AddSection:
		return c.Section + "=" + c.Type
	case RemoveSection:
		return "-" + c.Section
	case SetType:
		return c.Section + "=" + c.Type
	case Unset:
		return "-" + c.Section + "." + c.Option.Key
	}
	quoted := make([]string, len(c.Option.Values))
	for i, v := range c.Option.Values {
		quoted[i] = string(AppendQuoted(nil, v))
	}
	return c.Section + "." + c.Option.Key + "=" + strings.Join(quoted, " ")
}

// Diff returns the steps that turn old into new, apart from the order of
// sections and options. Named sections are compared by name; anonymous ones of a
// type are compared in turn.
func Diff(old, new *Package) []Change {
	d := differ{}
	oldNamed := byName(old)
	newNamed := byName(new)
	for _, s := range old.Sections {
		if !s.Anonymous() && newNamed[s.Name] == nil {
			d.remove(s.Name, s.Type)
		}
	}
	oldAnon, newAnon := anonymous(old), anonymous(new)
	types := make([]string, 0, len(oldAnon)+len(newAnon))
	for t := range oldAnon {
		types = append(types, t)
	}
	for t := range newAnon {
		if oldAnon[t] == nil {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	// from here on a reference counts anonymous sections only: "@type[n]" with
	// named sections of the type between would depend on the order of steps
	for _, t := range types {
		o, n := oldAnon[t], newAnon[t]
		for i := len(o) - 1; i >= len(n); i-- {
			d.remove(anonymousRef(t, i), t)
		}
		for i, s := range n {
			if i >= len(o) {
				d.add(anonymousRef(t, i), s)
				continue
			}
			d.options(anonymousRef(t, i), o[i], s)
		}
	}
	for _, s := range new.Sections {
		if s.Anonymous() {
			continue
		}
		o := oldNamed[s.Name]
		if o == nil {
			d.add(s.Name, s)
			continue
		}
		if o.Type != s.Type {
			d.changes = append(d.changes, Change{Op: SetType, Section: s.Name, Type: s.Type})
		}
		d.options(s.Name, o, s)
	}
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) remove(ref, typ string) {
	d.changes = append(d.changes, Change{Op: RemoveSection, Section: ref, Type: typ})
}

func (d *differ) add(ref string, s *Section) {
	d.changes = append(d.changes, Change{Op: AddSection, Section: ref, Type: s.Type})
	d.options(ref, &Section{}, s)
}

func (d *differ) options(ref string, old, new *Section) {
	for _, o := range old.Options {
		if _, ok := new.Option(o.Key); !ok {
			d.changes = append(d.changes, Change{Op: Unset, Section: ref, Option: o.clone()})
		}
	}
	for _, o := range new.Options {
		before, _ := old.Option(o.Key)
		if !before.Equal(o) {
			d.changes = append(d.changes, Change{Op: Set, Section: ref, Option: o.clone(), Old: before.clone()})
		}
	}
}

// Apply takes the steps of Diff. A step that does not fit (a section that is
// missing or already there) is an error, and the steps before it stay taken.
func (p *Package) Apply(changes []Change) error {
	for i, c := range changes {
		s := p.find(c.Section)
		if c.Op == AddSection {
			if s != nil {
				return fmt.Errorf("uci: change %d: section %s exists", i+1, c.Section)
			}
			name := c.Section
			if strings.HasPrefix(name, "@") {
				name = ""
			}
			p.Sections = append(p.Sections, &Section{Type: c.Type, Name: name})
			continue
		}
		if s == nil {
			return fmt.Errorf("uci: change %d: no section %s", i+1, c.Section)
		}
		switch c.Op {
		case RemoveSection:
			p.Remove(s)
		case SetType:
			s.Type = c.Type
		case Set:
			s.Put(c.Option.clone())
		case Unset:
			s.Delete(c.Option.Key)
		default:
			return fmt.Errorf("uci: change %d: unknown operation %d", i+1, c.Op)
		}
	}
	return nil
}

// find is Section, except that "@type[n]" counts anonymous sections only.
func (p *Package) find(ref string) *Section {
	if !strings.HasPrefix(ref, "@") {
		return p.Section(ref)
	}
	anon := &Package{}
	for _, s := range p.Sections {
		if s.Anonymous() {
			anon.Sections = append(anon.Sections, s)
		}
	}
	return anon.Section(ref)
}

func anonymousRef(typ string, i int) string { return fmt.Sprintf("@%s[%d]", typ, i) }

func byName(p *Package) map[string]*Section {
	m := make(map[string]*Section, len(p.Sections))
	for _, s := range p.Sections {
		if !s.Anonymous() {
			m[s.Name] = s
		}
	}
	return m
}

func anonymous(p *Package) map[string][]*Section {
	m := map[string][]*Section{}
	for _, s := range p.Sections {
		if s.Anonymous() {
			m[s.Type] = append(m[s.Type], s)
		}
	}
	return m
}
