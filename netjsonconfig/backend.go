package netjsonconfig

import (
	"slices"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// Backend describes one native configuration format. It is a plain value:
// copy it (Clone) and change the copy to make a variant. A backend must not be
// changed while configurations use it.
type Backend struct {
	// Key names the backend in a registry and on the command line: "openwrt".
	Key string
	// Path is the dotted name the REST API uses: "netjsonconfig.OpenWrt".
	Path string
	// Label is what people read in a form: "OpenWRT".
	Label string

	// Schema checks the merged and evaluated configuration (§5). Nil accepts
	// every object.
	Schema *schema.Schema
	// Document is the schema as JSON, with titles and propertyOrder, from which
	// a form can be generated. It must not be altered.
	Document []byte

	// Identifiers are the keys that identify the objects of a list when
	// templates are merged, the first present one wins (§3).
	Identifiers []string
	// Identify refines the identity of one entry of a list: it gets the list's
	// key, the entry and the value of its identifier. Nil keeps that value as the
	// key. OpenWrt uses it to tell the VLANs of one trunk and the networks on one
	// device apart.
	Identify func(list string, item *ordered.Object, identifier any) Identity

	// SectionName makes a name the native format can hold out of one it cannot.
	// Names of sections pass it before sections of one name are merged. Nil keeps
	// every name.
	SectionName func(name string) string

	// Before and After check what a schema cannot say, before and after it
	// (§5). They return a *ValidationError, or nil.
	Before, After func(config *ordered.Object) error

	// Converters run in this order, forward and in reverse (§2).
	Converters []Converter
	// Renderer writes what the converters produced.
	Renderer Renderer
	// Parser reads native text; nil when the format cannot be read back, and
	// Parse then answers ErrNoParser.
	Parser Parser
	// Assemble completes the NetJSON after the converters' reverse steps, for
	// example to drop sections nothing was put into. May be nil.
	Assemble func(r *Reverse) error

	// Keeper keeps what the schema has no place for when native configuration is
	// read. Nil lets Parse fail on it.
	Keeper Keeper

	// Former is the backend as OpenWISP 24.11 writes it where the bytes differ, for
	// configurations that were taken over from there and must stay as they are; nil
	// where they are the same.
	Former *Backend

	// DSA is the syntax used when Options.DSA is nil (OpenWrt backends only).
	DSA bool
}

// Clone returns a copy whose lists can be changed without touching b.
func (b *Backend) Clone() *Backend {
	c := *b
	c.Identifiers = slices.Clone(b.Identifiers)
	c.Converters = slices.Clone(b.Converters)
	return &c
}

// Converter carries one part of a configuration over, in one or both
// directions (§2).
type Converter struct {
	// Name says which converter this is, for errors and for replacing it in a
	// copied backend: "interfaces".
	Name string
	// Key is the NetJSON key whose presence makes Forward run; empty runs it for
	// every configuration.
	Key string
	// Forward adds sections to f.Native. Nil when there is nothing to write.
	Forward func(f *Forward) error
	// Package is the native package Reverse reads; empty means any.
	Package string
	// Types are the section types Reverse is given; empty means all that no
	// earlier converter took.
	Types []string
	// Reverse adds NetJSON to r.Config from the sections in r.Sections. It is not
	// called when there are none. Nil when there is nothing to read.
	Reverse func(r *Reverse) error
}

// Forward is what a converter works on when NetJSON becomes native.
type Forward struct {
	// Config is the merged, evaluated and validated configuration. It is shared
	// by concurrent renderings: converters must not alter it.
	Config *ordered.Object
	// DSA selects the syntax of OpenWrt 21 and later.
	DSA bool
	// Native receives the result.
	Native *Native
	// Files are the configuration's files, to which a converter may append or
	// which it may replace as a whole. Of several with one path the last wins
	// and takes the first one's place (§6).
	Files []File
	// Archive is true for Generate and false for Render.
	Archive bool

	// values lets the converters of one backend leave each other notes.
	values map[any]any
	warn   func(string)
}

// Warn reports something that was skipped.
func (f *Forward) Warn(message string) {
	if f.warn != nil {
		f.warn(message)
	}
}

// Value returns what another converter left with SetValue, or nil.
func (f *Forward) Value(key any) any { return f.values[key] }

// SetValue leaves a note for later converters of the same run. Keys should be
// of an unexported type, as with context values.
func (f *Forward) SetValue(key, value any) {
	if f.values == nil {
		f.values = map[any]any{}
	}
	f.values[key] = value
}

// Reverse is what a converter works on when native becomes NetJSON.
type Reverse struct {
	// Config is the NetJSON under construction.
	Config *ordered.Object
	// Native is everything the parser read; sections already taken are gone.
	Native *Native
	// Package and Sections are the sections this converter was called for.
	Package  string
	Sections []*Section
	// DSA is the syntax the backend was asked for; readers accept both.
	DSA bool

	keep   []*Section
	values map[any]any

	raw    map[*Section]bool // for no converter but the last
	origin map[*Section]*Section
	place  map[*Section]int
	made   map[*ordered.Object][]*Section
	left   []*Section
}

// Left says that a section is kept as a block because no converter wanted it.
func (r *Reverse) Left(s *Section) {
	if !r.raw[s] { // or the report has its reason already
		r.left = append(r.left, s)
	}
}

// Made says from which sections an entry of a list, or an object at the top,
// was made, so that what the schema refuses can be kept raw.
func (r *Reverse) Made(o *ordered.Object, sections ...*Section) {
	if r.made != nil {
		r.made[o] = append(r.made[o], sections...)
	}
}

// Keep hands a section back, so that later converters see it.
func (r *Reverse) Keep(s *Section) { r.keep = append(r.keep, s) }

// Value returns what another converter left with SetValue, or nil.
func (r *Reverse) Value(key any) any { return r.values[key] }

// SetValue leaves a note for later converters of the same run.
func (r *Reverse) SetValue(key, value any) {
	if r.values == nil {
		r.values = map[any]any{}
	}
	r.values[key] = value
}

// Renderer writes native configuration. Both methods are called by several
// goroutines at once.
type Renderer interface {
	// Append appends the native text, without the user's files, to dst.
	Append(dst []byte, n *Native) ([]byte, error)
	// Members returns the native part of the archive, in order (§7).
	Members(n *Native) ([]File, error)
}

// Parser reads native configuration. Errors are *ParseError.
type Parser interface {
	// ParseText reads what Render writes.
	ParseText(text string) (*Native, error)
	// ParseArchive reads the members of an archive that Generate wrote; it
	// ignores those that are not native configuration.
	ParseArchive(members []File) (*Native, error)
}
