package vpn

import (
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// openvpnKeeper keeps raw what the schema has no place for: options as keys with
// the two dashes OpenVPN takes in files, too, and whole tunnels as files.
type openvpnKeeper struct{}

// Raw implements njc.Keeper.
func (openvpnKeeper) Raw(config *ordered.Object, _ string, s *njc.Section) {
	for _, o := range value.Objects(config, "openvpn") {
		if value.Str(o, "name") != s.Name {
			continue
		}
		for _, option := range s.Options {
			o.Delete(option.Key)
			switch {
			case option.Value == nil:
			case option.Key[0] == '<':
				o.Set(option.Key, option.Value)
			default:
				o.Set("--"+strings.ReplaceAll(option.Key, "_", "-"), option.Value)
			}
		}
		return
	}
}

// OptionsOf implements njc.Keeper.
func (openvpnKeeper) OptionsOf(member string) []string {
	switch member {
	case "openvpn", "name", "mode", "proto", "dev", "remote":
		return nil // without these it is no tunnel
	}
	return []string{member}
}

// keepFiles keeps the tunnels raw that no converter took, as files.
func keepFiles(r *njc.Reverse) error {
	var files []any
	for _, s := range r.Sections {
		file := new(ordered.Object)
		file.Set("path", fileName(s.Name)+".conf")
		file.Set("mode", njc.DefaultMode)
		file.Set("contents", string(appendOpenVPN(nil, s)))
		files = append(files, file)
	}
	r.Config.Set("files", files)
	return nil
}

// fileName makes a name of a file that devices take out of any text.
func fileName(name string) string {
	b := []byte(name)
	for i, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			b[i] = '_'
		}
	}
	if len(b) == 0 {
		return "openvpn"
	}
	return string(b)
}

// Differences implements njc.Keeper.
func (openvpnKeeper) Differences(want, got *njc.Native) []njc.Difference {
	written := map[string]*njc.Section{}
	if p := got.Package("openvpn"); p != nil {
		for _, s := range p.Sections {
			written[s.Name] = s
		}
	}
	var out []njc.Difference
	p := want.Package("openvpn")
	if p == nil {
		return nil
	}
	for _, s := range p.Sections {
		d := njc.Difference{Package: "openvpn", Want: s, Got: written[s.Name]}
		delete(written, s.Name) // a second one of the name is not written
		if d.Got == nil {
			out = append(out, d)
			continue
		}
		w, g := openvpnEffect(s), openvpnEffect(d.Got)
		for _, key := range sortedKeys(w, g) {
			if slices.Equal(w[key], g[key]) {
				continue
			}
			v, _ := s.Get(key)
			d.Patch = append(d.Patch, njc.Option{Key: key, Value: v})
		}
		if len(d.Patch) > 0 {
			out = append(out, d)
		}
	}
	return out
}

func sortedKeys(maps ...map[string][]string) []string {
	var keys []string
	for _, m := range maps {
		for key := range m {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// openvpnEffect is what a tunnel's options amount to: each line of each option,
// with what others imply.
func openvpnEffect(s *njc.Section) map[string][]string {
	o := new(ordered.Object)
	for _, option := range s.Options {
		key := strings.ReplaceAll(strings.TrimPrefix(option.Key, "--"), "-", "_")
		o.Set(key, option.Value)
	}
	if o.Has("server") || o.Has("server_bridge") {
		o.Set("tls_server", true) // they imply it
	}
	implied(o)
	out := make(map[string][]string, o.Len())
	for key, v := range o.All() {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		var texts []string
		for _, item := range list {
			text := value.Text(item)
			if item == true {
				text = value.Text(bareWord(key, item))
			}
			if key[0] != '<' {
				text = strings.Join(strings.Fields(text), " ")
			}
			if key == "remote" && text != "" && !strings.Contains(text, " ") {
				text += " 1194"
			}
			texts = append(texts, text)
		}
		if t := openvpnTypes()[key]; len(texts) > 1 && t != "" && t != "array" {
			texts = texts[len(texts)-1:] // the last counts
		}
		out[key] = texts
	}
	return out
}
