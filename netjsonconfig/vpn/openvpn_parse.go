package vpn

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	njc "github.com/wispwright/wispwright/netjsonconfig"
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
		name, ok := strings.CutSuffix(m.Path, ".conf")
		if !ok || strings.Contains(name, "/") {
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
			o.Set(option.Key, openvpnValue(option.Key, option.Value, types[option.Key]))
		}
		list = append(list, o)
	}
	r.Config.Set("openvpn", list)
	return nil
}

// openvpnTypes are the types of the tunnel's members by name.
var openvpnTypes = sync.OnceValue(func() map[string]string {
	types := map[string]string{}
	definitions, _ := schemas.OpenVPN().Object.Get("definitions")
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				collect(item)
			}
		case *ordered.Object:
			if properties, ok := v.Get("properties"); ok {
				for name, property := range properties.(*ordered.Object).All() {
					t, _ := property.(*ordered.Object).Get("type")
					if text, ok := t.(string); ok {
						types[name] = text
					}
				}
			}
			all, _ := v.Get("allOf")
			collect(all)
		}
	}
	for _, d := range definitions.(*ordered.Object).All() {
		collect(d)
	}
	return types
})

// openvpnValue gives a value that was read its type in NetJSON. What does not
// fit its type stays text, which the validation then names.
func openvpnValue(key string, v any, typ string) any {
	list, repeated := v.([]any)
	switch key {
	case "remote":
		if !repeated {
			list = []any{v}
		}
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = remoteOf(item)
		}
		return out
	case "data_ciphers":
		return ciphersOf(v)
	case "server_bridge":
		if v == true {
			return ""
		}
	case "comp_lzo":
		if v == true {
			return "adaptive" // what the bare word means to OpenVPN
		}
	}
	if repeated {
		if typ == "" {
			return list
		}
		v = list[len(list)-1] // of a setting that can be there once, the last counts
	}
	text, ok := v.(string)
	if !ok {
		return v
	}
	switch typ {
	case "integer":
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return ordered.Number(strconv.FormatInt(i, 10))
		}
	case "boolean":
		if i, err := strconv.ParseBool(text); err == nil {
			return i
		}
	}
	return v
}

// remoteOf reads "host [port [proto]]".
func remoteOf(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	parts := strings.Fields(text)
	o := new(ordered.Object)
	o.Set("host", parts[0])
	o.Set("port", ordered.Number("1194"))
	if len(parts) > 1 {
		o.Set("port", openvpnValue("", parts[1], "integer"))
	}
	if len(parts) > 2 {
		o.Set("proto", strings.Join(parts[2:], " "))
	}
	return o
}

// ciphersOf reads "NAME:?NAME"; the question mark makes a cipher optional.
func ciphersOf(v any) any {
	if list, ok := v.([]any); ok {
		v = list[len(list)-1]
	}
	text, ok := v.(string)
	if !ok {
		return v
	}
	var out []any
	for name := range strings.SplitSeq(text, ":") {
		name, optional := strings.CutPrefix(name, "?")
		o := new(ordered.Object)
		o.Set("cipher", name)
		o.Set("optional", optional)
		out = append(out, o)
	}
	return out
}
