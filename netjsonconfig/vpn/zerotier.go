package vpn

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// forwardZeroTier makes a section of each network. The options for members are
// not the controller's business and stay behind (§13).
func forwardZeroTier(f *njc.Forward) error {
	return zeroTierNetworks(f, func(i int, o *ordered.Object) (string, error) {
		id := cmp.Or(value.Str(o, "nwid"), value.Str(o, "id"), "network_"+strconv.Itoa(i+1))
		return id, checkFileName(id, "zerotier", i, "nwid")
	})
}

// formerZeroTier names the files as OpenWISP 24.11 does: after the nwid alone, which
// may be missing.
func formerZeroTier(f *njc.Forward) error {
	return zeroTierNetworks(f, func(i int, o *ordered.Object) (string, error) {
		id := value.Str(o, "nwid")
		if id == "" {
			return "", nil
		}
		return id, checkFileName(id, "zerotier", i, "nwid")
	})
}

func zeroTierNetworks(f *njc.Forward, name func(i int, o *ordered.Object) (string, error)) error {
	list := value.Objects(f.Config, "zerotier")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		id, err := name(i, o)
		if err != nil {
			return err
		}
		s := &njc.Section{Type: "network", Name: id, Options: make([]njc.Option, 0, o.Len())}
		for key, v := range o.All() {
			if key != "client_options" {
				s.Options = append(s.Options, njc.Option{Key: key, Value: v})
			}
		}
		s.Sort()
		sections = append(sections, s)
	}
	f.Native.Add("zerotier", sections...)
	return nil
}

// zerotierText is the format: JSON objects, each under a comment with the name
// of its file.
type zerotierText struct{}

// Append implements njc.Renderer.
func (zerotierText) Append(dst []byte, n *njc.Native) ([]byte, error) {
	p := n.Package("zerotier")
	if p == nil {
		return dst, nil
	}
	for i, s := range p.Sections {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(dst, "// zerotier controller config: "...)
		dst = append(dst, s.Name...)
		dst = append(dst, ".json\n\n"...)
		dst = appendNetwork(dst, s)
	}
	return dst, nil
}

// Members implements njc.Renderer.
func (zerotierText) Members(n *njc.Native) ([]njc.File, error) {
	p := n.Package("zerotier")
	if p == nil {
		return nil, nil
	}
	files := make([]njc.File, 0, len(p.Sections))
	for _, s := range p.Sections {
		files = append(files, njc.File{
			Path: s.Name + ".json", Mode: njc.DefaultMode, Contents: string(appendNetwork(nil, s)),
		})
	}
	return files, nil
}

func appendNetwork(dst []byte, s *njc.Section) []byte {
	o := new(ordered.Object)
	for _, option := range s.Options {
		o.Set(option.Key, option.Value)
	}
	return append(appendSorted(dst, o, "\n"), '\n')
}

// appendSorted writes JSON over several lines, with sorted keys and in ASCII.
func appendSorted(dst []byte, v any, margin string) []byte {
	inner := margin + "    "
	switch v := v.(type) {
	case string:
		return appendASCII(dst, v)
	case ordered.Number:
		return append(dst, value.NumberText(string(v))...)
	case []any:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSorted(append(dst, inner...), item, inner)
		}
		return append(append(dst, margin...), ']')
	case *ordered.Object:
		if v.Len() == 0 {
			return append(dst, "{}"...)
		}
		keys := make([]string, 0, v.Len())
		for key := range v.All() {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		dst = append(dst, '{')
		for i, key := range keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendASCII(append(dst, inner...), key), ": "...)
			member, _ := v.Get(key)
			dst = appendSorted(dst, member, inner)
		}
		return append(append(dst, margin...), '}')
	}
	return ordered.Append(dst, v)
}

// appendASCII writes a text in quotes, so that it can also stand inside a page.
func appendASCII(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ' || r >= 0x7f || strings.ContainsRune("<>&'", r):
			if r > 0xffff {
				high, low := utf16.EncodeRune(r)
				dst = appendUnicode(appendUnicode(dst, high), low)
				continue
			}
			dst = appendUnicode(dst, r)
		default:
			dst = append(dst, byte(r))
		}
	}
	return append(dst, '"')
}

func appendUnicode(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&0xf], digits[r>>8&0xf], digits[r>>4&0xf], digits[r&0xf])
}
