package netdiff

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Format is one way to write a topology. Make your own and register it.
type Format struct {
	// Name is what it is stored under, such as "netdiff.OlsrParser".
	Name string
	// Label is its name for people.
	Label string
	// Aliases are further names it is found under.
	Aliases []string
	// Protocol, Version and Metric are what a graph says of itself unless the
	// options or the input say otherwise; empty means unknown.
	Protocol, Version, Metric string
	// Read adds the nodes and links of the input to the graph. It returns a
	// *ConversionError for input of another format and a *ParseError for what
	// is wrong in it; any other error is turned into a ParseError.
	Read func(g *Graph, in *Input) error
}

// Options change how an input is read; nil means the defaults.
type Options struct {
	// Version, Revision and Metric replace the format's own. What the input
	// says of itself wins over them. Default: the format's.
	Version, Revision, Metric string
	// Directed keeps the two directions of a link apart. Default: false.
	Directed bool
	// DuplicateCN tells OpenVPN clients with one common name apart by their
	// address. Default: false.
	DuplicateCN bool
	// PresharedKeys keeps WireGuard's preshared keys in the properties of the
	// nodes, where everyone who sees the graph sees them. Default: false, they
	// are replaced by null.
	PresharedKeys bool
	// Now is the time WireGuard's handshakes are compared with. Default: time.Now.
	Now func() time.Time
	// MaxBytes refuses larger inputs. Default: 64 MiB.
	MaxBytes int
}

const defaultMaxBytes = 64 << 20

// Input is what a Format reads: a text, or a value that was decoded already.
type Input struct {
	format  string
	options *Options
	text    []byte
	value   any
	decoded bool
}

// Options returns the options the input is read with.
func (in *Input) Options() *Options { return in.options }

// Text returns the input as text, and false for a value that was decoded
// already.
func (in *Input) Text() (string, bool) { return string(in.text), !in.decoded }

// JSON returns the input as a JSON value: an object that was decoded already,
// or what the text says. The literals Infinity, -Infinity and NaN are accepted
// as routing daemons print them. Anything else is a *ConversionError.
func (in *Input) JSON() (any, error) {
	if in.decoded {
		if _, ok := in.value.(*ordered.Object); ok {
			return in.value, nil
		}
		return nil, unrecognized(in)
	}
	v, err := ordered.Decode(in.text)
	if err != nil {
		if v, err = ordered.Decode(plainNumbers(in.text)); err != nil {
			return nil, unrecognized(in)
		}
	}
	return v, nil
}

// plainNumbers writes the literals for what is no finite number as numbers
// beyond the range, outside of strings.
func plainNumbers(text []byte) []byte {
	var out []byte
	inString := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inString && c == '\\' && i+1 < len(text):
			out = append(out, c, text[i+1])
			i++
			continue
		case c == '"':
			inString = !inString
		case !inString && strings.IndexByte("INin", c) >= 0:
			// "inf" and "nan" are what printf makes of them
			switch rest := string(text[i:min(i+8, len(text))]); {
			case strings.HasPrefix(rest, "Infinity"):
				out = append(out, "1e999"...)
				i += 7
				continue
			case strings.HasPrefix(rest, "inf"):
				out = append(out, "1e999"...)
				i += 2
				continue
			case strings.HasPrefix(rest, "NaN"), strings.HasPrefix(rest, "nan"):
				out = append(out, "null"...)
				i += 2
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// lines returns the input's lines without their ends.
func (in *Input) lines() []string {
	lines := strings.Split(string(in.text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// Parse reads a topology. The text is never taken for a path or an address.
func (f *Format) Parse(text []byte, o *Options) (*Graph, error) {
	return f.read(&Input{text: text}, o)
}

// ParseValue reads a topology that was decoded already: an *ordered.Object.
// Other values are refused by nearly all formats.
func (f *Format) ParseValue(value any, o *Options) (*Graph, error) {
	if s, ok := value.(string); ok {
		return f.Parse([]byte(s), o)
	}
	return f.read(&Input{value: value, decoded: true}, o)
}

func (f *Format) read(in *Input, o *Options) (*Graph, error) {
	if o == nil {
		o = &Options{}
	}
	in.format, in.options = f.Name, o
	limit := o.MaxBytes
	if limit == 0 {
		limit = defaultMaxBytes
	}
	if len(in.text) > limit {
		return nil, &ParseError{Format: f.Name, Message: fmt.Sprintf("the topology is larger than %d bytes", limit)}
	}
	if !utf8.Valid(in.text) {
		return nil, &ConversionError{Format: f.Name, Message: "Could not recognize format", Data: in.text}
	}
	g := NewGraph(Meta{
		Protocol: orNil(f.Protocol), Version: orNil(f.Version, o.Version),
		Revision: orNil(o.Revision), Metric: orNil(f.Metric, o.Metric),
	}, o.Directed)
	if err := f.Read(g, in); err != nil {
		var conversion *ConversionError
		var parse *ParseError
		if errors.As(err, &conversion) || errors.As(err, &parse) {
			return nil, err
		}
		return nil, &ParseError{Format: f.Name, Message: err.Error()}
	}
	return g, nil
}

// orNil returns the last text that is not empty, or nil.
func orNil(texts ...string) any {
	for _, s := range slices.Backward(texts) {
		if s != "" {
			return s
		}
	}
	return nil
}

// Registry finds formats by name. It is not for concurrent registration.
type Registry struct {
	formats []*Format
	byName  map[string]*Format
}

// Formats returns a registry of all formats of this package.
func Formats() *Registry {
	r := &Registry{byName: map[string]*Format{}}
	for _, f := range []*Format{
		OLSR(), Batman(), BMX6(), NetJSON(), CNML(), OpenVPN(), WireGuard(), ZeroTier(),
		OLSRd2(), Babel(), Freifunk(), LLDP(),
	} {
		// the names of this package's own formats differ, so that this cannot fail
		_ = r.Register(f)
	}
	return r
}

// Register adds a format; a name or alias that is taken is refused.
func (r *Registry) Register(f *Format) error {
	names := append([]string{f.Name}, f.Aliases...)
	for _, n := range names {
		if n == "" || f.Read == nil {
			return fmt.Errorf("netdiff: format %q has no name or cannot read", f.Name)
		}
		if r.byName[n] != nil {
			return fmt.Errorf("netdiff: there is a format %q already", n)
		}
	}
	if r.byName == nil {
		r.byName = map[string]*Format{}
	}
	for _, n := range names {
		r.byName[n] = f
	}
	r.formats = append(r.formats, f)
	return nil
}

// Lookup finds a format by its name or one of its aliases.
func (r *Registry) Lookup(name string) (*Format, bool) {
	f, ok := r.byName[name]
	return f, ok
}

// All returns the formats in the order of their registration.
func (r *Registry) All() []*Format { return slices.Clone(r.formats) }
