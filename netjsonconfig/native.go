package netjsonconfig

import (
	"cmp"
	"slices"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// manyOptions is the length from which sections and lists of packages are
// indexed, and sections sorted in the general way.
const manyOptions = 64

// Native is the intermediate form between NetJSON and native text: packages of
// sections of options, in the order of their creation (§2).
type Native struct {
	// Packages are the packages so far. They may be appended to.
	Packages []*Package

	index map[string]*Package // by name, of a long list
}

// Package is one native file: a UCI package, or all tunnels of a VPN backend.
type Package struct {
	// Name is the package's name: "network".
	Name string
	// Sections are its sections, in order.
	Sections []*Section
}

// Section is one block of options.
type Section struct {
	// Type is the section's type: "interface".
	Type string
	// Name is the section's name; empty for an anonymous section that was read.
	Name string
	// Options are the section's settings, in order. They may be appended to;
	// other changes go through Set and Delete.
	Options []Option

	// merged marks a section that two converters wrote: its options are no
	// longer sorted by the renderer (§8.1).
	merged bool

	index   map[string]int // places of options, of a long section
	indexed int            // how many options the index knows
}

// Option is one setting.
type Option struct {
	// Key is the option's name.
	Key string
	// Value is a JSON value: nil, bool, string, ordered.Number, []any or
	// *ordered.Object. Renderers decide what each looks like.
	Value any
}

// Package returns the package of that name, or nil.
func (n *Native) Package(name string) *Package {
	if len(n.Packages) <= manyOptions {
		for _, p := range n.Packages {
			if p.Name == name {
				return p
			}
		}
		return nil
	}
	if len(n.index) != len(n.Packages) { // Add keeps it up, others may not
		n.index = make(map[string]*Package, 2*len(n.Packages))
		for _, p := range slices.Backward(n.Packages) {
			n.index[p.Name] = p
		}
	}
	return n.index[name]
}

// Add puts the sections one converter made into a package, which is created
// when it is not there. Sections named like one that an earlier call added are
// merged into that one: later options win, new ones are appended, the place is
// kept and the later type counts (§2).
func (n *Native) Add(name string, sections ...*Section) {
	if len(sections) == 0 {
		return
	}
	p := n.Package(name)
	if p == nil {
		p = &Package{Name: name, Sections: sections}
		n.Packages = append(n.Packages, p)
		if n.index != nil {
			n.index[name] = p
		}
		return
	}
	p.Sections = mergeSections(p.Sections, sections)
}

// mergeSections is the list merge of §3 for sections: within each list the last
// of one name wins and takes the first one's place.
func mergeSections(old, added []*Section) []*Section {
	at := make(map[string]int, len(old)+len(added))
	out := make([]*Section, 0, len(old)+len(added))
	for _, s := range old {
		if i, ok := at[s.Name]; ok && s.Name != "" {
			out[i] = s
			continue
		}
		at[s.Name] = len(out)
		out = append(out, s)
	}
	first := len(out)
	for _, s := range added {
		i, ok := at[s.Name]
		switch {
		case !ok || s.Name == "":
			at[s.Name] = len(out)
			out = append(out, s)
		case i >= first:
			out[i] = s
		default:
			out[i].Merge(s)
		}
	}
	return out
}

// Merge puts the options of other into s (§2): they win, lists are joined
// without doubles, new options go to the end, other's type replaces s's.
func (s *Section) Merge(other *Section) {
	s.Sort()
	other.Sort()
	s.merged = true
	if other.Type != "" {
		s.Type = other.Type
	}
	for _, o := range other.Options {
		old, ok := s.Get(o.Key)
		if !ok {
			s.Options = append(s.Options, o)
			continue
		}
		a, okA := old.([]any)
		b, okB := o.Value.([]any)
		if okA && okB {
			o.Value = joinLists(a, b)
		}
		s.Set(o.Key, o.Value)
	}
}

func joinLists(a, b []any) []any {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.ContainsFunc(a, func(w any) bool { return ordered.Equal(v, w) }) {
			out = append(out, v)
		}
	}
	return out
}

// find returns the place of an option, or -1. Long sections are indexed, so
// that no input takes quadratic time; the index follows appended options.
func (s *Section) find(key string) int {
	if len(s.Options) <= manyOptions {
		for i := range s.Options {
			if s.Options[i].Key == key {
				return i
			}
		}
		return -1
	}
	if s.index == nil || s.indexed > len(s.Options) {
		s.index, s.indexed = make(map[string]int, 2*len(s.Options)), 0
	}
	for ; s.indexed < len(s.Options); s.indexed++ {
		s.index[s.Options[s.indexed].Key] = s.indexed
	}
	if i, ok := s.index[key]; ok {
		return i
	}
	return -1
}

// Get returns an option's value.
func (s *Section) Get(key string) (any, bool) {
	if i := s.find(key); i >= 0 {
		return s.Options[i].Value, true
	}
	return nil, false
}

// Text returns an option's value when it is text, else "".
func (s *Section) Text(key string) string {
	if t, ok := s.Value(key).(string); ok {
		return t
	}
	return ""
}

// Value returns an option's value, nil when it is absent.
func (s *Section) Value(key string) any {
	if v, ok := s.Get(key); ok {
		return v
	}
	return nil
}

// Set replaces an option's value, or appends the option.
func (s *Section) Set(key string, value any) {
	if i := s.find(key); i >= 0 {
		s.Options[i].Value = value
		return
	}
	s.Options = append(s.Options, Option{key, value})
}

// Delete removes an option and returns its value.
func (s *Section) Delete(key string) (any, bool) {
	i := s.find(key)
	if i < 0 {
		return nil, false
	}
	v := s.Options[i].Value
	s.Options = slices.Delete(s.Options, i, i+1)
	s.index = nil
	return v, true
}

// Sort brings the options into ascending order of their keys, unless the
// section was merged from two (§8.1).
func (s *Section) Sort() {
	if s.merged {
		return
	}
	s.index = nil
	// Sections are short and mostly in order: insertion beats a general sort.
	for i := 1; i < len(s.Options); i++ {
		if s.Options[i-1].Key <= s.Options[i].Key {
			continue
		}
		if len(s.Options) > manyOptions {
			slices.SortStableFunc(s.Options, func(a, b Option) int { return cmp.Compare(a.Key, b.Key) })
			return
		}
		o, j := s.Options[i], i
		for ; j > 0 && s.Options[j-1].Key > o.Key; j-- {
			s.Options[j] = s.Options[j-1]
		}
		s.Options[j] = o
	}
}
