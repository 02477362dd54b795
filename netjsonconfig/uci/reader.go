package uci

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// SyntaxError says where a text is not UCI.
type SyntaxError struct {
	// Package is the name of the package being read; may be empty.
	Package string
	// Line is the line of the fault, from 1.
	Line int
	// Message says what is wrong.
	Message string
}

// Error returns the place and the message.
func (e *SyntaxError) Error() string {
	where := "line " + strconv.Itoa(e.Line)
	if e.Package != "" {
		where = e.Package + ", " + where
	}
	return "uci: " + where + ": " + e.Message
}

// Parse reads one package, as a file of /etc/config holds it. A "package" line
// is accepted and ignored, as libuci does with files. Sections of one name are
// joined, the last of several options with one key counts. An empty text is an
// empty package. The error is a *SyntaxError.
func Parse(name string, text []byte) (*Package, error) {
	p := &Package{Name: name}
	r := &reader{text: text, line: 1, pkg: p, single: true}
	if err := r.run(); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseAll reads a text of several packages, as "uci export" prints them: each
// begins with a line "package NAME". Packages of one name are joined. The error
// is a *SyntaxError.
func ParseAll(text []byte) ([]*Package, error) {
	r := &reader{text: text, line: 1}
	if err := r.run(); err != nil {
		return nil, err
	}
	return r.all, nil
}

// ParseLoose is ParseAll for text that people wrote or cut, read as netjsonconfig
// reads it. Lines that are no statement and options outside of a section are
// passed over, an option may lack its name, and a value without quotes goes to
// the end of its line. What a package says before its first section, be it a
// comment, is a section named by its first two words. Only text that ends within
// quotes is a *SyntaxError.
func ParseLoose(text []byte) ([]*Package, error) {
	r := &reader{text: text, line: 1, loose: true}
	if err := r.run(); err != nil {
		return nil, err
	}
	return r.all, nil
}

// reader is a cursor over the text.
type reader struct {
	text []byte
	pos  int
	line int

	pkg *Package
	all []*Package
	// packages finds those of all by name
	packages map[string]*Package
	single   bool
	loose    bool
	section  *Section
	// names finds sections by name, so that files of thousands of sections
	// are read in linear time
	names map[string]*Section

	// keys are the places of the options of the section indexed
	keys    map[string]int
	indexed *Section

	words [4][]byte // the current statement's words; their storage is reused
	begin int       // where the current statement's first word begins
}

func (r *reader) fail(line int, format string, args ...any) error {
	e := &SyntaxError{Line: line, Message: fmt.Sprintf(format, args...)}
	if r.pkg != nil {
		e.Package = r.pkg.Name
	}
	return e
}

func (r *reader) run() error {
	if i := bytes.IndexByte(r.text, 0); i >= 0 {
		return r.fail(1+bytes.Count(r.text[:i], []byte{'\n'}), "NUL byte")
	}
	for r.pos < len(r.text) {
		line := r.line
		n, err := r.statement()
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := r.take(line, n); err != nil && !r.loose {
			return err
		}
	}
	return nil
}

// take carries out one statement of n words.
func (r *reader) take(line, n int) error {
	word := string(r.words[0])
	most := 3
	switch {
	case word == "package", word == "p" && !r.loose:
		most = 2
	case word == "config", word == "option", word == "list":
	case !r.loose && (word == "c" || word == "o" || word == "l"):
	default:
		r.heading(r.text[r.begin:r.pos])
		return r.fail(line, "unknown keyword %q", word)
	}
	if n > most && !r.loose {
		return r.fail(line, "too many arguments of %q", word)
	}
	if (n < 2 || len(r.words[1]) == 0) && !(r.loose && (word == "option" || word == "list")) {
		if word[0] == 'c' {
			r.section = nil // what follows is not the section's before
		}
		return r.fail(line, "%q needs a name", word)
	}
	name, value := "", ""
	if n > 1 {
		name = string(r.words[1])
	}
	if n > 2 {
		value = string(r.words[2])
	}
	if n > most && word[0] != 'c' {
		value = restOfLine(r.text[r.begin:r.pos])
	}
	switch word[0] {
	case 'p':
		return r.takePackage(name)
	case 'c':
		return r.takeConfig(line, name, value)
	case 'o':
		if r.section == nil {
			return r.fail(line, "option outside of a section")
		}
		*r.option(name) = Option{Key: name, Values: []string{value}}
	case 'l':
		if r.section == nil {
			return r.fail(line, "list outside of a section")
		}
		o := r.option(name)
		o.List, o.Values = true, append(o.Values, value)
	}
	return nil
}

// restOfLine is what follows the first two words of a statement, without quotes.
func restOfLine(statement []byte) string {
	rest := bytes.TrimSpace(statement)
	for range 2 {
		rest = bytes.TrimLeftFunc(bytes.TrimLeftFunc(rest, func(c rune) bool { return !unicode.IsSpace(c) }), unicode.IsSpace)
	}
	return unquote(rest)
}

// unquote leaves quotes out.
func unquote(text []byte) string { return strings.NewReplacer("'", "", `"`, "").Replace(string(text)) }

// heading makes a section of what a package says before its first one, when
// reading loosely.
func (r *reader) heading(line []byte) {
	if !r.loose || r.pkg == nil || len(r.pkg.Sections) > 0 {
		return
	}
	words := strings.Fields(unquote(line))
	if len(words) == 0 {
		return
	}
	r.section = &Section{Type: words[0]}
	if len(words) > 1 {
		r.section.Name = words[1]
	}
	r.pkg.Sections = append(r.pkg.Sections, r.section)
}

// longSection is the number of options from which a section is indexed, so that
// no text takes quadratic time to read.
const longSection = 64

// option returns the current section's option of that key, which it adds when
// there is none.
func (r *reader) option(key string) *Option {
	s := r.section
	i := -1
	if len(s.Options) < longSection {
		i = s.index(key)
	} else {
		if r.indexed != s {
			r.indexed, r.keys = s, make(map[string]int, 2*longSection)
		}
		for n := len(r.keys); n < len(s.Options); n++ {
			r.keys[s.Options[n].Key] = n // no two options have one key
		}
		if n, ok := r.keys[key]; ok {
			i = n
		}
	}
	if i < 0 {
		i = len(s.Options)
		s.Options = append(s.Options, Option{Key: key})
	}
	return &s.Options[i]
}

func (r *reader) takePackage(name string) error {
	if r.single {
		return nil
	}
	r.section, r.names, r.pkg = nil, nil, nil
	if p := r.packages[name]; p != nil {
		r.pkg = p
		r.names = map[string]*Section{}
		for _, s := range p.Sections {
			if s.Name != "" {
				r.names[s.Name] = s
			}
		}
	}
	if r.pkg == nil {
		r.pkg = &Package{Name: name}
		r.all = append(r.all, r.pkg)
		if r.packages == nil {
			r.packages = map[string]*Package{}
		}
		r.packages[name] = r.pkg
	}
	return nil
}

func (r *reader) takeConfig(line int, typ, name string) error {
	if r.pkg == nil {
		return r.fail(line, "section before the first package")
	}
	if s := r.names[name]; s != nil {
		s.Type, r.section = typ, s
		return nil
	}
	r.section = &Section{Type: typ, Name: name}
	r.pkg.Sections = append(r.pkg.Sections, r.section)
	if name != "" {
		if r.names == nil {
			r.names = map[string]*Section{}
		}
		r.names[name] = r.section
	}
	return nil
}

// statement reads words up to the end of the line or ';' and returns how many
// there were, at most one more than any statement can use.
func (r *reader) statement() (int, error) {
	n := 0
	for {
		for r.pos < len(r.text) && isSpace(r.text[r.pos]) {
			r.pos++
		}
		if r.pos >= len(r.text) {
			return n, nil
		}
		switch r.text[r.pos] {
		case '\n':
			r.pos++
			r.line++
			return n, nil
		case ';':
			r.pos++
			return n, nil
		case '#':
			start := r.pos
			r.comment()
			if n == 0 {
				r.heading(r.text[start:r.pos])
			}
			continue
		}
		if n == 0 {
			r.begin = r.pos
		}
		slot := min(n, len(r.words)-1)
		start := r.pos
		word, err := r.word(r.words[slot][:0])
		if err != nil {
			return 0, err
		}
		r.words[slot] = word
		if len(word) == 0 && !quoted(r.text[start:r.pos]) {
			continue // nothing but a continued line
		}
		n = min(n+1, len(r.words))
	}
}

// quoted reports whether a piece of text holds an opening quote, which makes a
// word of it even when it is empty.
func quoted(raw []byte) bool { return bytes.ContainsAny(raw, `'"`) }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' }

func (r *reader) comment() {
	if i := bytes.IndexByte(r.text[r.pos:], '\n'); i >= 0 {
		r.pos += i
		return
	}
	r.pos = len(r.text)
}

// word reads one word, whose pieces may be quoted differently: 'it'\”s'.
func (r *reader) word(dst []byte) ([]byte, error) {
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		switch {
		case c == '\n' || c == ';' || c == '#' || isSpace(c):
			return dst, nil
		case c == '\'':
			start := r.line
			i := bytes.IndexByte(r.text[r.pos+1:], '\'')
			if i < 0 {
				return nil, r.fail(start, "unterminated '")
			}
			piece := r.text[r.pos+1 : r.pos+1+i]
			r.line += bytes.Count(piece, []byte{'\n'})
			dst = append(dst, piece...)
			r.pos += i + 2
		case c == '"':
			var err error
			if dst, err = r.doubleQuoted(dst); err != nil {
				return nil, err
			}
		case c == '\\':
			var err error
			if dst, err = r.escape(dst); err != nil {
				return nil, err
			}
		default:
			dst = append(dst, c)
			r.pos++
		}
	}
	return dst, nil
}

func (r *reader) doubleQuoted(dst []byte) ([]byte, error) {
	start := r.line
	r.pos++
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; c {
		case '"':
			r.pos++
			return dst, nil
		case '\\':
			var err error
			if dst, err = r.escape(dst); err != nil {
				return nil, err
			}
		default:
			if c == '\n' {
				r.line++
			}
			dst = append(dst, c)
			r.pos++
		}
	}
	return nil, r.fail(start, `unterminated "`)
}

// escape takes the character after a backslash as it is; at the end of a line
// the next line continues this one.
func (r *reader) escape(dst []byte) ([]byte, error) {
	if r.pos+1 >= len(r.text) {
		return nil, r.fail(r.line, `nothing follows the \`)
	}
	c := r.text[r.pos+1]
	r.pos += 2
	if c == '\n' {
		r.line++
		return dst, nil
	}
	return append(dst, c), nil
}
