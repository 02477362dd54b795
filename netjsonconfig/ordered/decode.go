package ordered

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may be nested: more than any
// configuration needs, and little enough that no input can exhaust the stack.
const MaxDepth = 1000

// SyntaxError says that a text is not JSON.
type SyntaxError struct {
	// Message says what is wrong.
	Message string
	// Offset is the number of bytes before the place.
	Offset int
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset)
}

// Decode reads one JSON value. Of keys that occur twice the last value wins,
// at the first one's place. It returns a *SyntaxError.
func Decode(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, &SyntaxError{Message: "the text is not UTF-8"}
	}
	d := decoder{text: string(text)}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.at < len(d.text) {
		return nil, d.fault("unexpected text after the value")
	}
	return v, nil
}

// DecodeObject reads a JSON object.
func DecodeObject(text []byte) (*Object, error) {
	v, err := Decode(text)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, &SyntaxError{Message: "a JSON object is expected"}
	}
	return o, nil
}

// decoder walks the text, of which the strings of the result are parts. Members and
// items are gathered on stacks, so that each object and list is as large as it must be.
type decoder struct {
	text    string
	at      int
	members []member
	items   []any
}

func (d *decoder) fault(message string) error {
	return &SyntaxError{Message: message, Offset: d.at}
}

func (d *decoder) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

func (d *decoder) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, d.fault("nested too deeply")
	}
	switch c := d.peek(); {
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.list(depth)
	case c == '"':
		return d.str()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	for _, l := range [...]struct {
		word  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if len(d.text)-d.at >= len(l.word) && d.text[d.at:d.at+len(l.word)] == l.word {
			d.at += len(l.word)
			return l.value, nil
		}
	}
	if d.at >= len(d.text) {
		return nil, d.fault("unexpected end")
	}
	return nil, d.fault("unexpected character " + strconv.QuoteRune(rune(d.text[d.at])))
}

func (d *decoder) object(depth int) (any, error) {
	d.at++
	o := &Object{}
	if d.peek() == '}' {
		d.at++
		return o, nil
	}
	base := len(d.members)
	for {
		if d.peek() != '"' {
			return nil, d.fault("a key in quotes is expected")
		}
		key, err := d.str()
		if err != nil {
			return nil, err
		}
		if d.peek() != ':' {
			return nil, d.fault("a colon is expected")
		}
		d.at++
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.member(o, base, key, v)
		switch d.peek() {
		case ',':
			d.at++
		case '}':
			d.at++
			d.take(o, base)
			return o, nil
		default:
			return nil, d.fault("a comma or a closing brace is expected")
		}
	}
}

// member adds to an object whose members are on the stack; those of a large one are in it
// with their index.
func (d *decoder) member(o *Object, base int, key string, v any) {
	if o.index != nil {
		o.Set(key, v)
		return
	}
	for i := base; i < len(d.members); i++ {
		if d.members[i].key == key {
			d.members[i].value = v
			return
		}
	}
	d.members = append(d.members, member{key, v})
	if len(d.members)-base >= indexFrom {
		d.take(o, base)
	}
}

// take moves members from the stack into their object.
func (d *decoder) take(o *Object, base int) {
	if len(d.members) == base {
		return
	}
	o.members = append(make([]member, 0, len(d.members)-base), d.members[base:]...)
	d.members = d.members[:base]
	o.reindex()
}

func (d *decoder) list(depth int) (any, error) {
	d.at++
	if d.peek() == ']' {
		d.at++
		return []any{}, nil
	}
	base := len(d.items)
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, v)
		switch d.peek() {
		case ',':
			d.at++
		case ']':
			d.at++
			out := append(make([]any, 0, len(d.items)-base), d.items[base:]...)
			d.items = d.items[:base]
			return out, nil
		default:
			return nil, d.fault("a comma or a closing bracket is expected")
		}
	}
}

// number checks the grammar and keeps the spelling.
func (d *decoder) number() (any, error) {
	start := d.at
	digits := func() bool {
		from := d.at
		for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
			d.at++
		}
		return d.at > from
	}
	next := func(set string) bool {
		for i := range len(set) {
			if d.at < len(d.text) && d.text[d.at] == set[i] {
				d.at++
				return true
			}
		}
		return false
	}
	next("-")
	if !next("0") && !digits() {
		return nil, d.fault("a digit is expected")
	}
	if next(".") && !digits() {
		return nil, d.fault("a digit is expected")
	}
	if next("eE") {
		next("+-")
		if !digits() {
			return nil, d.fault("a digit is expected")
		}
	}
	return Number(d.text[start:d.at]), nil
}

// str reads a string; one without escapes is a part of the text.
func (d *decoder) str() (string, error) {
	d.at++
	start := d.at
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			s := d.text[start:d.at]
			d.at++
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fault("a control character stands in a string")
		}
		d.at++
	}
	return "", d.fault("a string has no end")
}

// escaped reads the rest of a string from its first backslash on.
func (d *decoder) escaped(start int) (string, error) {
	b := append(make([]byte, 0, 2*(d.at-start)+16), d.text[start:d.at]...)
	for d.at < len(d.text) {
		c := d.text[d.at]
		d.at++
		switch {
		case c == '"':
			return string(b), nil
		case c < ' ':
			return "", d.fault("a control character stands in a string")
		case c != '\\':
			b = append(b, c)
			continue
		}
		if d.at >= len(d.text) {
			break
		}
		c = d.text[d.at]
		d.at++
		switch c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, err := d.unicode()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
		default:
			return "", d.fault("unknown escape")
		}
	}
	return "", d.fault("a string has no end")
}

// unicode reads the digits behind \u, and the second half of a pair. Half a
// pair alone is no character and is refused.
func (d *decoder) unicode() (rune, error) {
	four := func() (rune, bool) {
		if d.at+4 > len(d.text) {
			return 0, false
		}
		n, err := strconv.ParseUint(d.text[d.at:d.at+4], 16, 32)
		d.at += 4
		return rune(n), err == nil
	}
	r, ok := four()
	if !ok {
		return 0, d.fault("four hexadecimal digits are expected")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if d.at+2 <= len(d.text) && d.text[d.at:d.at+2] == `\u` {
		d.at += 2
		if second, ok := four(); ok {
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				return r, nil
			}
		}
	}
	return 0, d.fault("half of a surrogate pair")
}
