package uci

import (
	"bytes"
	"fmt"
	"strings"
)

// Append appends the sections as configuration generators write them: no
// header, a blank line between sections, one newline at the end (netjsonconfig
// §8.1). An empty package appends nothing.
func (p *Package) Append(dst []byte) []byte {
	for i, s := range p.Sections {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = s.Append(dst)
	}
	return dst
}

// AppendExport is Append with the line "package NAME" before it, as ParseAll
// reads it.
func (p *Package) AppendExport(dst []byte) []byte {
	dst = append(dst, "package "...)
	dst = appendWord(dst, p.Name)
	dst = append(dst, '\n')
	if len(p.Sections) > 0 {
		dst = append(dst, '\n')
	}
	return p.Append(dst)
}

// AppendFile appends the package as "uci commit" writes a file: a blank line
// before each section and one at the end.
func (p *Package) AppendFile(dst []byte) []byte {
	for _, s := range p.Sections {
		dst = append(dst, '\n')
		dst = s.Append(dst)
	}
	return append(dst, '\n')
}

// String returns what Append writes.
func (p *Package) String() string { return string(p.Append(nil)) }

// Append appends the section's lines. Options without any value (empty lists)
// have no lines.
func (s *Section) Append(dst []byte) []byte {
	dst = append(dst, "config "...)
	dst = appendWord(dst, s.Type)
	if s.Name != "" {
		dst = append(dst, ' ')
		dst = AppendQuoted(dst, s.Name)
	}
	dst = append(dst, '\n')
	for _, o := range s.Options {
		word := "\toption "
		if o.List {
			word = "\tlist "
		}
		for _, v := range o.Values {
			dst = append(dst, word...)
			dst = appendWord(dst, o.Key)
			dst = append(dst, ' ')
			dst = AppendQuoted(dst, v)
			dst = append(dst, '\n')
		}
	}
	return dst
}

// AppendQuoted appends a value in single quotes. A quote inside is written
// escaped between two quoted pieces, so a value never ends early; newlines stay
// inside the quotes, where the format allows them. NUL bytes, which no UCI text
// can hold, are left out (Validate finds them).
func AppendQuoted[T string | []byte](dst []byte, value T) []byte {
	dst = append(dst, '\'')
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case '\'':
			dst = append(dst, `'\''`...)
		case 0:
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}

// appendWord writes a type, key or package name: bare when it is made of the
// usual characters, else quoted, so that it cannot become two words either.
func appendWord(dst []byte, word string) []byte {
	if word != "" && strings.IndexFunc(word, unusual) < 0 {
		return append(dst, word...)
	}
	return AppendQuoted(dst, word)
}

func unusual(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.')
}

// Validate checks what a device's UCI library would refuse: section and option
// names other than ASCII letters, digits and '_', types with blanks or
// unprintable characters, names used twice, and NUL bytes. The error names the
// section.
func (p *Package) Validate() error {
	seen := make(map[string]bool, len(p.Sections))
	for i, s := range p.Sections {
		at := fmt.Sprintf("uci: %s: section %d", p.Name, i+1)
		if s.Name != "" {
			at = fmt.Sprintf("uci: %s: section %q", p.Name, s.Name)
		}
		switch {
		case s.Type == "" || strings.IndexFunc(s.Type, func(c rune) bool { return c < 33 || c > 126 }) >= 0:
			return fmt.Errorf("%s: invalid type %q", at, s.Type)
		case s.Name != "" && !ValidName(s.Name):
			return fmt.Errorf("%s: invalid name", at)
		case s.Name != "" && seen[s.Name]:
			return fmt.Errorf("%s: defined twice", at)
		}
		seen[s.Name] = true
		for _, o := range s.Options {
			if !ValidName(o.Key) {
				return fmt.Errorf("%s: invalid option name %q", at, o.Key)
			}
			for _, v := range o.Values {
				if strings.IndexByte(v, 0) >= 0 {
					return fmt.Errorf("%s: option %s holds a NUL byte", at, o.Key)
				}
			}
		}
	}
	return nil
}

// ValidName reports whether a section or option may have this name: at least
// one ASCII letter, digit or underscore and nothing else.
func ValidName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_') {
			return false
		}
	}
	return name != ""
}

// Equal reports whether both packages print the same.
func (p *Package) Equal(other *Package) bool {
	return p.Name == other.Name && bytes.Equal(p.Append(nil), other.Append(nil))
}
