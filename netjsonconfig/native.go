package netjsonconfig

import (
	"cmp"
	"slices"
	"strconv"
)

// manyOptions is the length from which sections and lists of packages are
// indexed, and sections sorted in the general way.
const manyOptions = 64

// Native is the intermediate form between NetJSON and native text: packages of
// sections of options, in the order of their creation (§2).
type Native struct {
	// Packages are the packages so far. They may be appended to.
	Packages []*Package
	// Notes are what a parser passed over.
	Notes []ParseNote
	// Files are members of an archive a parser could not read; Parse keeps them as
	// files of the configuration.
	Files []File

	index map[string]*Package // by name, of a long list
	name  func(string) string // makes names the format can hold, may be nil
}

// Package is one native file: a UCI package, or all tunnels of a VPN backend.
type Package struct {
	// Name is the package's name: "network".
	Name string
	// Sections are its sections, in order.
	Sections []*Section

	names  map[string]int // places by name, of a long package
	copies map[string]int // the next number to try behind a name that is taken
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

	// Unnamed says that Anonymous made the name up.
	Unnamed bool

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
// when it is not there. Sections named like one of their type that an earlier
// call added are merged into that one: later options win, new ones are
// appended and the place is kept (§2). This is the one place where sections get
// their final names: each is one the format can hold (Backend.SectionName), and
// no two sections of a package have the same.
func (n *Native) Add(name string, sections ...*Section) {
	if len(sections) == 0 {
		return
	}
	p := n.Package(name)
	if p == nil {
		p = &Package{Name: name, Sections: make([]*Section, 0, len(sections))}
		n.Packages = append(n.Packages, p)
		if n.index != nil {
			n.index[name] = p
		}
	}
	p.add(sections, n.name)
}

// add appends sections, or merges them into those of an earlier call.
func (p *Package) add(sections []*Section, valid func(string) string) {
	first := len(p.Sections)
	for _, s := range sections {
		if valid != nil {
			s.Name = valid(s.Name)
		}
		if i := p.place(s.Name); i >= 0 && s.Name != "" {
			if i < first && p.Sections[i].Type == s.Type {
				p.Sections[i].Merge(s)
				continue
			}
			s.Name = p.free(s.Name)
		}
		if p.names != nil {
			p.names[s.Name] = len(p.Sections)
		}
		p.Sections = append(p.Sections, s)
	}
}

// place returns the place of the section of that name, or -1. Long packages are
// indexed.
func (p *Package) place(name string) int {
	if p.names == nil && len(p.Sections) < manyOptions {
		return slices.IndexFunc(p.Sections, func(s *Section) bool { return s.Name == name })
	}
	if p.names == nil {
		p.names = make(map[string]int, 2*len(p.Sections))
		for i, s := range p.Sections {
			p.names[s.Name] = i
		}
	}
	if i, ok := p.names[name]; ok {
		return i
	}
	return -1
}

// free returns a name that no section has: NAME_2, NAME_3 …
func (p *Package) free(name string) string {
	if p.copies == nil {
		p.copies = map[string]int{}
	}
	for n := max(2, p.copies[name]); ; n++ {
		candidate := name + "_" + strconv.Itoa(n)
		if p.place(candidate) < 0 {
			p.copies[name] = n + 1
			return candidate
		}
	}
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
	out, there := slices.Clone(a), new(merger).finder(a, len(b))
	for _, v := range b {
		if !there(v) {
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
