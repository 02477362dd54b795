package openwrt

import (
	"fmt"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// renderer writes UCI text (§8.1). Values are quoted so that none can end
// before its option does.
type renderer struct {
	// quoteWords also quotes types and keys, as the firmware of OpenWISP 1 has it.
	quoteWords bool
	// dir and suffix make the archive's file names: "etc/config/network".
	dir, suffix string
	// header keeps the line "package NAME" in the archive's files.
	header bool
}

// Append writes all packages, one after the other.
func (r renderer) Append(dst []byte, n *njc.Native) ([]byte, error) {
	var err error
	for i, p := range n.Packages {
		if i > 0 {
			dst = append(dst, '\n')
		}
		if dst, err = r.appendPackage(dst, p, true); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// Members returns one file for each package. All but the last end with a blank
// line: they are slices of the text (§7).
func (r renderer) Members(n *njc.Native) ([]njc.File, error) {
	files := make([]njc.File, 0, len(n.Packages)+8)
	buf, err := make([]byte, 0, 4096), error(nil)
	for i, p := range n.Packages {
		if buf, err = r.appendPackage(buf[:0], p, r.header); err != nil {
			return nil, err
		}
		if i < len(n.Packages)-1 {
			buf = append(buf, '\n')
		}
		files = append(files, njc.File{Path: r.dir + p.Name + r.suffix, Mode: njc.DefaultMode, Contents: string(buf)})
	}
	return files, nil
}

func (r renderer) appendPackage(dst []byte, p *njc.Package, header bool) ([]byte, error) {
	if !packageName(p.Name) {
		return nil, njc.Invalid(fmt.Sprintf("%q cannot be the name of a UCI package", p.Name), p.Name)
	}
	if header {
		dst = append(dst, "package "...)
		dst = append(dst, p.Name...)
		dst = append(dst, "\n\n"...)
	}
	for i, s := range p.Sections {
		if i > 0 {
			dst = append(dst, '\n')
		}
		if !plainWord(s.Type) {
			return nil, njc.Invalid(fmt.Sprintf("%q cannot be the type of a UCI section", s.Type), p.Name)
		}
		dst = append(dst, "config "...)
		dst = r.word(dst, s.Type)
		dst = append(dst, ' ')
		dst = uci.AppendQuoted(dst, s.Name)
		dst = append(dst, '\n')
		s.Sort()
		for j := range s.Options {
			if s.Options[j].Key == "" || s.Options[j].Key[0] == '.' {
				continue
			}
			o := s.Options[j]
			if !uci.ValidName(o.Key) {
				// OpenVPN's "tls-auth" is "tls_auth" in UCI, and so are others.
				o.Key = strings.ReplaceAll(o.Key, "-", "_")
			}
			if !uci.ValidName(o.Key) {
				return nil, njc.Invalid(fmt.Sprintf("%q cannot be the name of a UCI option", o.Key), p.Name)
			}
			dst = r.appendOption(dst, o)
		}
	}
	return dst, nil
}

func (r renderer) appendOption(dst []byte, o njc.Option) []byte {
	switch v := o.Value.(type) {
	case nil:
		return dst
	case string:
		if v == "" {
			return dst
		}
		dst = uci.AppendQuoted(r.begin(dst, "\toption ", o.Key), v)
		return append(dst, '\n')
	case []any:
		for _, item := range v {
			if item == nil {
				continue
			}
			dst = uci.AppendQuoted(r.begin(dst, "\tlist ", o.Key), value.Text(item))
			dst = append(dst, '\n')
		}
		return dst
	case []string:
		for _, item := range v {
			dst = uci.AppendQuoted(r.begin(dst, "\tlist ", o.Key), item)
			dst = append(dst, '\n')
		}
		return dst
	case bool:
		dst = r.begin(dst, "\toption ", o.Key)
		if v {
			return append(dst, "'1'\n"...)
		}
		return append(dst, "'0'\n"...)
	case ordered.Number:
		dst = r.begin(dst, "\toption ", o.Key)
		dst = append(dst, '\'')
		dst = append(dst, value.NumberText(string(v))...)
		return append(dst, "'\n"...)
	}
	dst = uci.AppendQuoted(r.begin(dst, "\toption ", o.Key), value.Text(o.Value))
	return append(dst, '\n')
}

func (r renderer) begin(dst []byte, verb, key string) []byte {
	dst = append(dst, verb...)
	dst = r.word(dst, key)
	return append(dst, ' ')
}

func (r renderer) word(dst []byte, w string) []byte {
	if r.quoteWords {
		return uci.AppendQuoted(dst, w)
	}
	return append(dst, w...)
}

// packageName reports whether UCI can have a package, and so a file, of that
// name.
func packageName(name string) bool { return uci.ValidName(strings.ReplaceAll(name, "-", "_")) }

// plainWord reports whether a word can stand in UCI text without quotes and
// mean itself.
func plainWord(w string) bool {
	if w == "" {
		return false
	}
	for i := range len(w) {
		switch c := w[i]; {
		case c <= ' ', c >= 0x7f, c == '\'', c == '"', c == '\\', c == '#', c == ';', c == '/':
			return false
		}
	}
	return true
}
