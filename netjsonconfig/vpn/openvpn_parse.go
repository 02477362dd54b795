package vpn

import (
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
// What stands before the first header is a tunnel called "openvpn".
func (openvpnText) ParseText(text string) (*njc.Native, error) {
	r := openvpnReader{native: new(njc.Native)}
	for _, line := range lines(text) {
		if name, ok := strings.CutPrefix(line, openvpnHeader); ok && r.block == nil {
			r.start(strings.TrimSpace(name))
			continue
		}
		r.read(line)
	}
	r.end()
	return r.native, nil
}

// ParseArchive implements njc.Parser: the *.conf and *.ovpn files at the
// archive's top.
func (openvpnText) ParseArchive(members []njc.File) (*njc.Native, error) {
	r := openvpnReader{native: new(njc.Native)}
	for _, m := range members {
		file := atTop(m.Path)
		name, ok := strings.CutSuffix(file, ".conf")
		if !ok {
			name, ok = strings.CutSuffix(file, ".ovpn")
		}
		if !ok {
			r.native.Notes = append(r.native.Notes, njc.ParseNote{Kind: njc.Dropped, Package: m.Path, Reason: "no configuration of OpenVPN"})
			continue
		}
		r.start(name)
		for _, line := range lines(strings.ToValidUTF8(m.Contents, "\uFFFD")) {
			r.read(line)
		}
		r.end()
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
	// block are the lines of the file inside the configuration that is being read,
	// named by its tag.
	block []string
	tag   string
}

func (r *openvpnReader) start(name string) {
	r.end()
	r.section = &njc.Section{Type: "openvpn", Name: name}
	r.at = map[string]int{}
	addSection(r.native, "openvpn", r.section)
}

// end ends a file inside the configuration whose end is missing.
func (r *openvpnReader) end() {
	if r.block != nil {
		r.add("<"+r.tag+">", strings.Join(r.block, "\n"))
		r.block = nil
	}
}

// read takes one line; a key that comes again makes a list.
func (r *openvpnReader) read(line string) {
	if r.block != nil {
		if line == "</"+r.tag+">" {
			r.end()
			return
		}
		r.block = append(r.block, line)
		return
	}
	line = uncommented(line)
	if line == "" {
		return
	}
	if r.section == nil {
		r.start("openvpn")
	}
	if tag, ok := strings.CutPrefix(line, "<"); ok {
		if tag, ok = strings.CutSuffix(tag, ">"); ok && tag != "" && checkKey(tag) == nil {
			r.tag, r.block = tag, []string{}
			return
		}
	}
	key, text := line, ""
	if i := strings.IndexAny(line, " \t"); i > 0 {
		key, text = line[:i], strings.TrimSpace(line[i:])
	}
	key = strings.ReplaceAll(strings.TrimPrefix(key, "--"), "-", "_")
	if key == "name" || checkKey(key) != nil || strings.HasPrefix(key, "<") {
		r.native.Notes = append(r.native.Notes, njc.ParseNote{
			Kind: njc.Dropped, Package: r.section.Name, Option: key, Reason: "OpenVPN has no such option",
		})
		return
	}
	if text == "" {
		r.add(key, true)
		return
	}
	r.add(key, text)
}

func (r *openvpnReader) add(key string, v any) {
	i, ok := r.at[key]
	if !ok {
		r.at[key] = len(r.section.Options)
		r.section.Options = append(r.section.Options, njc.Option{Key: key, Value: v})
		return
	}
	option := &r.section.Options[i]
	list, ok := option.Value.([]any)
	if !ok {
		list = []any{option.Value}
	}
	option.Value = append(list, v)
}

// uncommented cuts off what follows a # or ; at the beginning of a word, as
// OpenVPN does outside of quotes.
func uncommented(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case (c == '#' || c == ';') && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return strings.TrimSpace(line[:i])
		}
	}
	return line
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
		implied(o)
		ovpn.Cast(o)
		for _, remote := range value.Objects(o, "remote") {
			if !remote.Has("port") {
				remote.Set("port", ordered.Number("1194")) // as OpenVPN does
			}
		}
		r.Made(o, s)
		list = append(list, o)
	}
	r.Config.Set("openvpn", list)
	return nil
}

// implied spells out what OpenVPN takes from other options: "client" and
// "server" stand for several, and the protocol is UDP.
func implied(o *ordered.Object) {
	set := func(key string, v any) {
		if !o.Has(key) {
			o.Set(key, v)
		}
	}
	mode := "p2p"
	if o.Has("server") || o.Has("server_bridge") {
		mode = "server"
	}
	if o.Has("client") {
		o.Delete("client")
		set("pull", true)
		set("tls_client", true)
	}
	set("mode", mode)
	set("proto", "udp")
	switch proto := value.Str(o, "proto"); {
	case proto != "tcp":
	case value.Str(o, "mode") == "server":
		o.Set("proto", "tcp-server")
	default:
		o.Set("proto", "tcp-client")
	}
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
