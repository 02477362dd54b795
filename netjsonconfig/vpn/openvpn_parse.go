package vpn

import (
	"fmt"
	"strings"
	"sync"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

const openvpnHeader = "# openvpn config: "

// ParseText implements njc.Parser: tunnels under headers as Render writes them.
func (openvpnText) ParseText(text string) (*njc.Native, error) {
	r := openvpnReader{native: new(njc.Native)}
	for number, line := range lines(text) {
		if name, ok := strings.CutPrefix(line, openvpnHeader); ok {
			r.start(strings.TrimSpace(name))
			continue
		}
		if err := r.read(line, number); err != nil {
			return nil, err
		}
	}
	return r.native, nil
}

// ParseArchive implements njc.Parser: the *.conf files at the archive's top.
func (openvpnText) ParseArchive(members []njc.File) (*njc.Native, error) {
	r := openvpnReader{native: new(njc.Native)}
	for _, m := range members {
		name, ok := strings.CutSuffix(atTop(m.Path), ".conf")
		if !ok {
			continue
		}
		r.start(name)
		for number, line := range lines(m.Contents) {
			if err := r.read(line, number); err != nil {
				return nil, fmt.Errorf("%s: %w", m.Path, err)
			}
		}
	}
	return r.native, nil
}

// addSection appends a section as it was read, also when its name is taken: a
// reader does not judge.
func addSection(n *njc.Native, name string, s *njc.Section) {
	p := n.Package(name)
	if p == nil {
		p = &njc.Package{Name: name}
		n.Packages = append(n.Packages, p)
	}
	p.Sections = append(p.Sections, s)
}

// lines walks the lines of a text with their numbers, without spaces at either
// end.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.SplitSeq(text, "\n") {
			number++
			if !yield(number, strings.TrimSpace(line)) {
				return
			}
		}
	}
}

// openvpnReader collects the options of one tunnel after the other.
type openvpnReader struct {
	native  *njc.Native
	section *njc.Section
	at      map[string]int // places of the section's options
}

func (r *openvpnReader) start(name string) {
	r.section = &njc.Section{Type: "openvpn", Name: name}
	r.at = map[string]int{}
	addSection(r.native, "openvpn", r.section)
}

// read takes one line; a key that comes again makes a list.
func (r *openvpnReader) read(line string, number int) error {
	switch {
	case line == "" || line[0] == '#' || line[0] == ';':
		return nil
	case r.section == nil:
		return &njc.ParseError{Line: number, Message: "a line before the first " + strings.TrimSpace(openvpnHeader)}
	case line[0] == '<':
		return &njc.ParseError{Line: number, Message: "files inside the configuration are not supported"}
	}
	key, text := line, ""
	if i := strings.IndexAny(line, " \t"); i > 0 {
		key, text = line[:i], strings.TrimSpace(line[i:])
	}
	key = strings.ReplaceAll(key, "-", "_")
	if key == "name" {
		return &njc.ParseError{Line: number, Message: "the name of a tunnel stands in its header"}
	}
	var v any = text
	if text == "" {
		v = true
	}
	i, ok := r.at[key]
	if !ok {
		r.at[key] = len(r.section.Options)
		r.section.Options = append(r.section.Options, njc.Option{Key: key, Value: v})
		return nil
	}
	option := &r.section.Options[i]
	list, ok := option.Value.([]any)
	if !ok {
		list = []any{option.Value}
	}
	option.Value = append(list, v)
	return nil
}

// reverseOpenVPN makes a tunnel of each section, with the types of the schema.
func reverseOpenVPN(r *njc.Reverse) error {
	types := openvpnTypes()
	list := make([]any, 0, len(r.Sections))
	for _, s := range r.Sections {
		o := new(ordered.Object)
		o.Set("name", s.Name)
		for _, option := range s.Options {
			v := option.Value
			if repeated, ok := v.([]any); ok && types[option.Key] != "" && types[option.Key] != "array" {
				v = repeated[len(repeated)-1] // of what can be there once, the last counts
			}
			o.Set(option.Key, bareWord(option.Key, v))
		}
		ovpn.Cast(o)
		for _, remote := range value.Objects(o, "remote") {
			if !remote.Has("port") {
				remote.Set("port", ordered.Number("1194")) // as OpenVPN does
			}
		}
		list = append(list, o)
	}
	r.Config.Set("openvpn", list)
	return nil
}

// bareWord returns what a word without value means where that is not true.
func bareWord(key string, v any) any {
	if v != true {
		return v
	}
	switch key {
	case "server_bridge":
		return ""
	case "comp_lzo":
		return "adaptive"
	}
	return v
}

// openvpnTypes are the types of a tunnel's members by name.
var openvpnTypes = sync.OnceValue(func() map[string]string {
	types := map[string]string{}
	definitions := value.Object(schemas.OpenVPN().Object, "definitions")
	for name := range definitions.All() {
		definition := value.Object(definitions, name)
		for _, part := range append(value.Objects(definition, "allOf"), definition) {
			properties := value.Object(part, "properties")
			for member := range properties.All() {
				if t := value.Str(value.Object(properties, member), "type"); t != "" {
					types[member] = t
				}
			}
		}
	}
	return types
})
