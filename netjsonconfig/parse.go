package netjsonconfig

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Parse reads native configuration, text or an archive (told by its first
// bytes), converts it to NetJSON and validates the result. The templates and
// context of o are not used. Empty text is an empty configuration. Errors:
// ErrNoParser, *ParseError, *ValidationError.
func Parse(b *Backend, native []byte, o *Options) (*Config, error) {
	if b.Parser == nil {
		return nil, fmt.Errorf("%s: %w", b.Key, ErrNoParser)
	}
	if o == nil {
		o = new(Options)
	}
	n, err := readNative(b, native)
	if err != nil {
		return nil, err
	}
	r := &Reverse{Config: new(ordered.Object), Native: n, DSA: b.DSA}
	if o.DSA != nil {
		r.DSA = *o.DSA
	}
	for i := range b.Converters {
		if err := r.run(&b.Converters[i]); err != nil {
			return nil, fmt.Errorf("convert %s: %w", b.Converters[i].Name, err)
		}
	}
	if b.Assemble != nil {
		if err := b.Assemble(r); err != nil {
			return nil, err
		}
	}
	c := newConfig(b, r.Config, o)
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

func readNative(b *Backend, native []byte) (*Native, error) {
	if len(native) == 0 {
		return new(Native), nil
	}
	if IsArchive(native) {
		members, err := Unpack(native)
		if err != nil {
			return nil, err
		}
		return b.Parser.ParseArchive(members)
	}
	if !utf8.Valid(native) {
		return nil, &ParseError{Message: "neither text nor an archive"}
	}
	return b.Parser.ParseText(string(native))
}

// run hands a converter the sections it asks for, package by package.
func (r *Reverse) run(conv *Converter) error {
	if conv.Reverse == nil {
		return nil
	}
	for _, p := range r.Native.Packages {
		if conv.Package != "" && conv.Package != p.Name {
			continue
		}
		var taken, rest []*Section
		for _, s := range p.Sections {
			if len(conv.Types) == 0 || slices.Contains(conv.Types, s.Type) {
				taken = append(taken, s)
			} else {
				rest = append(rest, s)
			}
		}
		if len(taken) == 0 {
			continue
		}
		r.Package, r.Sections, r.keep = p.Name, taken, nil
		if err := conv.Reverse(r); err != nil {
			return err
		}
		p.Sections = rest
		if len(r.keep) > 0 {
			p.Sections = append(rest, r.keep...)
		}
	}
	return nil
}

// Anonymous names the sections that have no name after their type and their
// place in the package, from 1 (§9). Parsers call it.
func (p *Package) Anonymous() {
	for i, s := range p.Sections {
		if s.Name == "" {
			s.Name = s.Type + "_" + strconv.Itoa(i+1)
		}
	}
}
