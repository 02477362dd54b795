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
// ErrNoParser, *ParseError, *ValidationError; backends that keep what their
// schema has no place for (Backend.Keeper) answer no *ValidationError.
func Parse(b *Backend, native []byte, o *Options) (*Config, error) {
	c, _, err := ParseReporting(b, native, o)
	return c, err
}

// ParseReporting is Parse with a report of what was kept raw, changed or
// dropped. The report is never nil when there is no error.
func ParseReporting(b *Backend, native []byte, o *Options) (*Config, *ParseReport, error) {
	if b.Parser == nil {
		return nil, nil, fmt.Errorf("%s: %w", b.Key, ErrNoParser)
	}
	if o == nil {
		o = new(Options)
	}
	n, err := readNative(b, native)
	if err != nil {
		return nil, nil, err
	}
	report := &ParseReport{}
	report.add(n.Notes...)
	p := &reading{backend: b, options: o, dsa: b.DSA, native: n, report: report}
	if o.DSA != nil {
		p.dsa = *o.DSA
	}
	c, err := p.run()
	if err != nil {
		return nil, nil, err
	}
	return c, report, nil
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

// reading is native configuration on its way to NetJSON.
type reading struct {
	backend *Backend
	options *Options
	dsa     bool
	native  *Native
	report  *ParseReport
	// raw are the sections no converter gets, with the reason, and hidden the
	// options no converter gets.
	raw    map[*Section]string
	hidden map[*Section]map[string]string
}

func (p *reading) run() (*Config, error) {
	if p.backend.Keeper == nil {
		r, err := p.reverse()
		if err != nil {
			return nil, err
		}
		c := newConfig(p.backend, r.Config, p.options)
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return c, nil
	}
	return p.keep()
}

// reverse runs the converters over copies of the sections.
func (p *reading) reverse() (*Reverse, error) {
	r := &Reverse{
		Config: new(ordered.Object), Native: new(Native), DSA: p.dsa,
		raw: map[*Section]bool{}, origin: map[*Section]*Section{}, place: map[*Section]int{},
		made: map[*ordered.Object][]*Section{},
	}
	for _, from := range p.native.Packages {
		to := &Package{Name: from.Name, Sections: make([]*Section, 0, len(from.Sections))}
		for _, s := range from.Sections {
			_, raw := p.raw[s]
			c := s.clone(p.hidden[s], raw)
			r.origin[c], r.raw[c], r.place[c] = s, raw, len(r.place)
			to.Sections = append(to.Sections, c)
		}
		r.Native.Packages = append(r.Native.Packages, to)
	}
	for i := range p.backend.Converters {
		if err := r.run(&p.backend.Converters[i]); err != nil {
			return nil, fmt.Errorf("convert %s: %w", p.backend.Converters[i].Name, err)
		}
	}
	if p.backend.Assemble != nil {
		if err := p.backend.Assemble(r); err != nil {
			return nil, err
		}
	}
	for _, f := range p.native.Files {
		file := new(ordered.Object)
		file.Set("path", f.Path)
		file.Set("mode", DefaultMode)
		file.Set("contents", f.Contents)
		files, _ := r.Config.Get("files")
		list, _ := files.([]any) // nothing else puts files there
		r.Config.Set("files", append(list, file))
	}
	return r, nil
}

// clone copies a section without its hidden options, which a raw section does
// not have.
func (s *Section) clone(hidden map[string]string, raw bool) *Section {
	c := &Section{Type: s.Type, Name: s.Name, Options: make([]Option, 0, len(s.Options)), Unnamed: s.Unnamed}
	for _, o := range s.Options {
		if _, hide := hidden[o.Key]; hide && !raw {
			continue
		}
		if list, ok := o.Value.([]any); ok {
			o.Value = slices.Clone(list)
		}
		c.Options = append(c.Options, o)
	}
	return c
}

// run hands a converter the sections it asks for, package by package. Raw
// sections are for the one that takes everything that is left.
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
			if (len(conv.Types) == 0 || slices.Contains(conv.Types, s.Type)) && (conv.Package == "" || !r.raw[s]) {
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
			p.Sections = r.inOrder(append(rest, r.keep...))
		}
	}
	return nil
}

// inOrder brings sections back into the order they were read in.
func (r *Reverse) inOrder(sections []*Section) []*Section {
	slices.SortStableFunc(sections, func(a, b *Section) int { return r.place[a] - r.place[b] })
	return sections
}

// Anonymous names the sections that have no name after their type and their
// place in the package, from 1 (§9). Parsers call it.
func (p *Package) Anonymous() {
	for i, s := range p.Sections {
		if s.Name == "" {
			s.Name, s.Unnamed = s.Type+"_"+strconv.Itoa(i+1), true
		}
	}
}
