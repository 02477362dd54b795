package uci

import (
	"slices"
	"strconv"
	"strings"
)

// Package is one UCI file: a list of sections.
type Package struct {
	// Name is the package's name, which is the name of its file: "network".
	Name string
	// Sections are the sections in the order of the file.
	Sections []*Section
}

// Section is one "config" block.
type Section struct {
	// Type is the section's type: "interface".
	Type string
	// Name is the section's name: "lan". Empty for an anonymous section.
	Name string
	// Options are the section's options in the order of the file. No two have
	// the same key.
	Options []Option
}

// Option is one setting of a section: a single value or a list of values.
type Option struct {
	// Key is the option's name: "proto".
	Key string
	// List says that the values were or will be written as "list" lines.
	List bool
	// Values has exactly one element unless List is set.
	Values []string
}

// Equal reports whether two options have the same key, kind and values.
func (o Option) Equal(other Option) bool {
	return o.Key == other.Key && o.List == other.List && slices.Equal(o.Values, other.Values)
}

// String returns the values as the uci command prints them: joined by a space.
func (o Option) String() string {
	if len(o.Values) == 1 {
		return o.Values[0]
	}
	return strings.Join(o.Values, " ")
}

func (o Option) clone() Option {
	o.Values = slices.Clone(o.Values)
	return o
}

// Anonymous reports whether the section has no name.
func (s *Section) Anonymous() bool { return s.Name == "" }

// index returns the place of an option, or -1.
func (s *Section) index(key string) int {
	for i := range s.Options {
		if s.Options[i].Key == key {
			return i
		}
	}
	return -1
}

// Option returns the option of that name and whether the section has it.
func (s *Section) Option(key string) (Option, bool) {
	if i := s.index(key); i >= 0 {
		return s.Options[i], true
	}
	return Option{}, false
}

// Get returns the option's value: "" when it is absent, a list's values joined
// by a space.
func (s *Section) Get(key string) string {
	o, _ := s.Option(key)
	return o.String()
}

// Set gives an option a single value, in the option's place if there is one.
func (s *Section) Set(key, value string) {
	s.Put(Option{Key: key, Values: []string{value}})
}

// SetList gives an option a list of values, in the option's place if there is
// one. The values are copied.
func (s *Section) SetList(key string, values ...string) {
	s.Put(Option{Key: key, List: true, Values: slices.Clone(values)})
}

// Put adds an option or replaces the one of the same key in its place.
func (s *Section) Put(o Option) {
	if i := s.index(o.Key); i >= 0 {
		s.Options[i] = o
		return
	}
	s.Options = append(s.Options, o)
}

// AddList appends a value to a list; a single value becomes the first of the
// list, as in libuci.
func (s *Section) AddList(key, value string) {
	i := s.index(key)
	if i < 0 {
		s.Options = append(s.Options, Option{Key: key, List: true, Values: []string{value}})
		return
	}
	s.Options[i].List = true
	s.Options[i].Values = append(s.Options[i].Values, value)
}

// Delete removes an option and reports whether it was there.
func (s *Section) Delete(key string) bool {
	i := s.index(key)
	if i < 0 {
		return false
	}
	s.Options = slices.Delete(s.Options, i, i+1)
	return true
}

// Clone returns a deep copy.
func (s *Section) Clone() *Section {
	c := &Section{Type: s.Type, Name: s.Name, Options: make([]Option, len(s.Options))}
	for i, o := range s.Options {
		c.Options[i] = o.clone()
	}
	return c
}

// Equal reports whether both sections have the same name, type and options, in
// any order.
func (s *Section) Equal(other *Section) bool {
	if s.Type != other.Type || s.Name != other.Name || len(s.Options) != len(other.Options) {
		return false
	}
	for _, o := range s.Options {
		if oo, ok := other.Option(o.Key); !ok || !o.Equal(oo) {
			return false
		}
	}
	return true
}

// Section returns the section of that name, or nil. A name of the form
// "@type[2]" is the third section of a type, "@type[-1]" the last one.
func (p *Package) Section(name string) *Section {
	if strings.HasPrefix(name, "@") {
		return p.nth(name[1:])
	}
	return p.named(name)
}

func (p *Package) named(name string) *Section {
	if name == "" {
		return nil
	}
	for _, s := range p.Sections {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func (p *Package) nth(spec string) *Section {
	open := strings.LastIndexByte(spec, '[')
	if open < 0 {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(spec[open+1:], "]"))
	if err != nil {
		return nil
	}
	all := p.OfType(spec[:open])
	if n < 0 {
		n += len(all)
	}
	if n < 0 || n >= len(all) {
		return nil
	}
	return all[n]
}

// OfType returns the sections of a type, in order.
func (p *Package) OfType(typ string) []*Section {
	var out []*Section
	for _, s := range p.Sections {
		if s.Type == typ {
			out = append(out, s)
		}
	}
	return out
}

// Get returns an option's value, "" when the section or option is absent.
func (p *Package) Get(section, key string) string {
	if s := p.Section(section); s != nil {
		return s.Get(key)
	}
	return ""
}

// Add appends an empty section and returns it; an empty name makes it
// anonymous. A named section that exists already gets the type instead.
func (p *Package) Add(typ, name string) *Section {
	if s := p.named(name); s != nil {
		s.Type = typ
		return s
	}
	s := &Section{Type: typ, Name: name}
	p.Sections = append(p.Sections, s)
	return s
}

// Remove takes a section out and reports whether it was there.
func (p *Package) Remove(s *Section) bool {
	i := slices.Index(p.Sections, s)
	if i < 0 {
		return false
	}
	p.Sections = slices.Delete(p.Sections, i, i+1)
	return true
}

// Clone returns a deep copy.
func (p *Package) Clone() *Package {
	c := &Package{Name: p.Name, Sections: make([]*Section, len(p.Sections))}
	for i, s := range p.Sections {
		c.Sections[i] = s.Clone()
	}
	return c
}
