package netjsonconfig

import (
	"errors"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Keeper keeps native configuration raw that the schema has no place for: as
// options of a block beside its section, else as a block of the whole section.
type Keeper interface {
	// Differences compares what was read with what the configuration made of it
	// writes, by what programs on the device would do with either.
	Differences(want, got *Native) []Difference
	// Raw adds a block to the configuration that writes the options of a section
	// as they are, beside those of a section of that type and name.
	Raw(config *ordered.Object, pkg string, s *Section)
	// OptionsOf returns the native options a member of NetJSON may come from: those
	// of "tx_power" are "txpower".
	OptionsOf(member string) []string
}

// Difference is one section that would not be written as it was read.
type Difference struct {
	// Package is the section's package.
	Package string
	// Want is the section that was read, nil when none like it was.
	Want *Section
	// Got is the section that is written, nil when none like it is.
	Got *Section
	// Patch are the options that make the effect of Got that of Want; nil values
	// take an option away.
	Patch []Option
	// Harmless says that nothing acts on the difference.
	Harmless bool
	// Option and Reason are for the report of a harmless difference.
	Option, Reason string
}

// maxRounds bounds how often a configuration is put together anew; what is not
// settled by then is kept raw as a whole.
const maxRounds = 16

// The reasons of notes.
const (
	noPlace   = "the schema has no place for it"
	notToAdd  = "is not set, and must not be"
	rewritten = "cannot be written again as it was read"
)

// keep makes a configuration that is valid and writes what was read.
func (p *reading) keep() (*Config, error) {
	p.raw, p.hidden = map[*Section]string{}, map[*Section]map[string]string{}
	for range maxRounds {
		r, err := p.reverse()
		if err != nil {
			return nil, err
		}
		if p.refused(r) {
			continue
		}
		c, err := p.patched(r)
		if err != nil || c != nil {
			return c, err
		}
	}
	for _, pkg := range p.native.Packages {
		for _, s := range pkg.Sections {
			if p.raw[s] == "" {
				p.raw[s] = rewritten
			}
		}
	}
	r, err := p.reverse()
	if err != nil {
		return nil, err
	}
	c := newConfig(p.backend, r.Config, p.options)
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p.note(r, nil)
	return c, nil
}

// refused takes from the converters what the schema refuses, and reports
// whether there was any such thing. Every entry is looked at by itself, so that
// a backup of many faults is not read many times.
func (p *reading) refused(r *Reverse) bool {
	found, faults := false, 0
	for key, v := range r.Config.All() {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, item := range list {
			doc := new(ordered.Object)
			if ok {
				doc.Set(key, []any{item})
			} else {
				doc.Set(key, item)
			}
			if faults > maxFaults && p.backend.Schema != nil && !p.backend.Schema.Valid(doc) {
				found = p.whole(r, item) || found
				continue
			}
			if err := p.backend.validate(doc); err != nil {
				found = true
				faults++
				p.blame(r, item, err)
			}
		}
	}
	if found {
		return true
	}
	err := p.backend.validate(r.Config)
	if err == nil {
		return false
	}
	p.blameAt(r, err)
	return true
}

// maxFaults is the number of entries whose faults are looked into one by one;
// of a configuration with more, the others are kept raw as they are.
const maxFaults = 500

// whole keeps the sections of an entry raw.
func (p *reading) whole(r *Reverse, item any) bool {
	o, _ := item.(*ordered.Object)
	moved := false
	for _, c := range r.made[o] {
		if s := r.origin[c]; p.raw[s] == "" {
			p.raw[s], moved = "the schema refuses it", true
		}
	}
	return moved
}

// blame finds the option, else the section, that an entry was refused for.
func (p *reading) blame(r *Reverse, item any, err error) {
	o, _ := item.(*ordered.Object)
	sections := r.made[o]
	var invalid *ValidationError
	if !errors.As(err, &invalid) || len(sections) == 0 {
		p.giveUp(r)
		return
	}
	meant := invalid.Meant()
	reason := refusal(meant)
	path := meant.Path()
	for i := len(path) - 1; i >= 0; i-- {
		if _, err := strconv.Atoi(path[i]); err == nil {
			continue
		}
		for _, option := range p.backend.Keeper.OptionsOf(path[i]) {
			for _, c := range sections {
				s := r.origin[c]
				if _, has := s.Get(option); has && p.hide(s, option, reason) {
					return
				}
			}
		}
	}
	// The last section an entry was made of is the one least depends on.
	for i := len(sections) - 1; i >= 0; i-- {
		if s := r.origin[sections[i]]; p.raw[s] == "" {
			p.raw[s] = reason
			return
		}
	}
	p.giveUp(r)
}

// refusal says why the schema refused a value, without the value: it may be a
// secret.
func refusal(e *ValidationError) string {
	switch e.Keyword() {
	case "required":
		return e.Message // names the member that is not there
	case "enum":
		return "the schema does not know this value"
	case "type":
		return "the schema wants another type"
	case "minLength", "minItems", "minimum":
		return "too short or small for the schema"
	case "maxLength", "maxItems", "maximum":
		return "too long or large for the schema"
	case "pattern", "format":
		return "not of the form the schema wants"
	case "":
		return e.Message
	}
	return "the schema refuses it"
}

// hide takes an option from the converters, unless it was taken already.
func (p *reading) hide(s *Section, option, reason string) bool {
	if _, raw := p.raw[s]; raw {
		return false
	}
	if p.hidden[s] == nil {
		p.hidden[s] = map[string]string{}
	}
	if _, again := p.hidden[s][option]; again {
		return false
	}
	p.hidden[s][option] = reason
	return true
}

// blameAt finds the entry an error of the whole configuration points at.
func (p *reading) blameAt(r *Reverse, err error) {
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		p.giveUp(r)
		return
	}
	path := invalid.Path()
	var list []any
	if len(path) > 0 {
		v, _ := r.Config.Get(path[0])
		list, _ = v.([]any)
	}
	if len(path) > 1 {
		if i, err := strconv.Atoi(path[1]); err == nil && i < len(list) {
			p.blame(r, list[i], invalid)
			return
		}
	}
	// Entries that are there twice.
	found := false
	known := make(map[string]bool, len(list))
	for _, item := range list {
		text := string(ordered.Append(nil, item)) // one converter made them: equal ones are spelled alike
		if o, _ := item.(*ordered.Object); known[text] && len(r.made[o]) > 0 {
			p.raw[r.origin[r.made[o][0]]] = "is there twice"
			found = true
		}
		known[text] = true
	}
	if !found {
		p.giveUp(r)
	}
}

// giveUp keeps everything raw.
func (p *reading) giveUp(r *Reverse) {
	for _, s := range r.origin {
		if p.raw[s] == "" {
			p.raw[s] = rewritten
		}
	}
}

// patched writes the configuration, and adds what it would not write as it was
// read. It answers nil when sections were taken from the converters instead.
func (p *reading) patched(r *Reverse) (*Config, error) {
	c := newConfig(p.backend, r.Config, p.options)
	differences, ok := p.differences(r, c)
	if !ok || p.lost(differences) {
		return nil, nil
	}
	patched := false
	for _, d := range differences {
		if len(d.Patch) > 0 {
			patched = true
			p.backend.Keeper.Raw(r.Config, d.Package, &Section{Type: d.Got.Type, Name: d.Got.Name, Options: d.Patch})
		}
	}
	if !patched {
		p.note(r, differences)
		return c, nil
	}
	c = newConfig(p.backend, r.Config, p.options)
	after, ok := p.differences(r, c)
	if !ok {
		return nil, nil
	}
	moved := false
	for _, d := range after {
		if d.Want != nil && !d.Harmless && p.raw[d.Want] == "" {
			p.raw[d.Want], moved = rewritten, true
		}
	}
	if moved {
		return nil, nil
	}
	p.note(r, differences)
	return c, nil
}

// differences writes a configuration and compares. It answers false when it
// cannot be written, and has then taken the cause from the converters.
func (p *reading) differences(r *Reverse, c *Config) ([]Difference, bool) {
	f, err := c.convert(false)
	if err == nil {
		_, err = p.backend.Renderer.Append(nil, f.Native) // sorts, and finds names that cannot be written
	}
	if err != nil {
		p.blameAt(r, err)
		return nil, false
	}
	return p.backend.Keeper.Differences(p.native, f.Native), true
}

// lost keeps sections raw that would not be written at all, or that are
// written as two.
func (p *reading) lost(differences []Difference) bool {
	moved := false
	for _, d := range differences {
		if d.Want != nil && d.Got == nil && !d.Harmless && p.raw[d.Want] == "" {
			p.raw[d.Want], moved = noPlace, true
		}
	}
	return moved
}

// note reports what was kept and changed.
func (p *reading) note(r *Reverse, differences []Difference) {
	left := map[*Section]bool{}
	for _, c := range r.left {
		left[r.origin[c]] = true
	}
	patches := map[*Section][]Option{}
	for _, d := range differences {
		if d.Want != nil {
			patches[d.Want] = append(patches[d.Want], d.Patch...)
		}
	}
	unnamed := 0
	for _, pkg := range p.native.Packages {
		unnamed = 0
		if len(pkg.Sections) > 0 && !slices.ContainsFunc(pkg.Sections, func(s *Section) bool { return !left[s] }) {
			p.report.add(ParseNote{Kind: KeptRaw, Package: pkg.Name, Reason: "the schema has no place for this package"})
			for _, s := range pkg.Sections {
				delete(left, s)
			}
		}
		for _, s := range pkg.Sections {
			if s.Unnamed {
				unnamed++
			}
			if reason, raw := p.raw[s]; raw {
				p.report.add(ParseNote{Kind: KeptRaw, Package: pkg.Name, Section: s.Name, Reason: reason})
				continue
			}
			if left[s] {
				p.report.add(ParseNote{Kind: KeptRaw, Package: pkg.Name, Section: s.Name, Reason: noPlace})
			}
			for _, o := range patches[s] {
				n := ParseNote{Kind: KeptRaw, Package: pkg.Name, Section: s.Name, Option: o.Key, Reason: noPlace}
				if reason, hidden := p.hidden[s][o.Key]; hidden {
					n.Reason = reason
				} else if o.Value == nil {
					n.Reason = notToAdd
				}
				p.report.add(n)
			}
		}
		if unnamed > 0 {
			p.report.add(ParseNote{Kind: Changed, Package: pkg.Name, Reason: strconv.Itoa(unnamed) + " sections without a name get one"})
		}
	}
	for _, d := range differences {
		switch {
		case d.Reason != "" && d.Want != nil:
			p.report.add(ParseNote{Kind: Dropped, Package: d.Package, Section: d.Want.Name, Option: d.Option, Reason: d.Reason})
		case d.Want == nil && !d.Harmless:
			p.report.add(ParseNote{Kind: Changed, Package: d.Package, Section: d.Got.Name, Reason: "is written in addition"})
		}
	}
}
