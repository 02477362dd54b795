package rest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// malformed says what is wrong with a text that is no JSON, in the words and
// with the position clients of the original get (rest-conventions §3); nil when
// it finds nothing.
func malformed(text []byte) error {
	s := scanner{text: []rune(string(text))}
	if len(s.text) > 0 && s.text[0] == '\uFEFF' {
		return s.wrong("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
	}
	s.blanks()
	if err := s.value(); err != nil {
		return err
	}
	if s.blanks(); s.at < len(s.text) {
		return s.wrong("Extra data", s.at)
	}
	return nil
}

// scanner goes through a text; positions are counted in characters.
type scanner struct {
	text  []rune
	at    int
	depth int
}

// maxDepth is where it stops to look, long after any text people write.
const maxDepth = 10_000

var errTooDeep = errors.New("maximum depth exceeded")

func (s *scanner) wrong(what string, at int) error {
	before := s.text[:at]
	line, column := 1, at+1
	for i, r := range before {
		if r == '\n' {
			line, column = line+1, at-i
		}
	}
	return fmt.Errorf("%s: line %d column %d (char %d)", what, line, column, at)
}

func (s *scanner) is(r rune) bool { return s.at < len(s.text) && s.text[s.at] == r }

func (s *scanner) blanks() {
	for s.at < len(s.text) && strings.ContainsRune(" \t\n\r", s.text[s.at]) {
		s.at++
	}
}

func (s *scanner) value() error {
	switch {
	case s.is('"'):
		return s.string()
	case s.is('{'):
		return s.inside('}', s.member)
	case s.is('['):
		return s.inside(']', s.value)
	}
	for _, word := range []string{"null", "true", "false"} {
		if s.word(word) {
			return nil
		}
	}
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if s.word(word) {
			return errors.New("Out of range float values are not JSON compliant: '" + word + "'") //nolint:staticcheck // shown to clients as it is
		}
	}
	return s.number()
}

func (s *scanner) word(w string) bool {
	runes := []rune(w)
	if len(s.text)-s.at < len(runes) || !slices.Equal(s.text[s.at:s.at+len(runes)], runes) {
		return false
	}
	s.at += len(runes)
	return true
}

// inside reads an object or a list from its first bracket to the last.
func (s *scanner) inside(last rune, item func() error) error {
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	defer func() { s.depth-- }()
	s.at++
	if s.blanks(); s.is(last) {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		s.blanks()
		switch {
		case s.is(last):
			s.at++
			return nil
		case !s.is(','):
			return s.wrong("Expecting ',' delimiter", s.at)
		}
		s.at++
		s.blanks()
	}
}

func (s *scanner) member() error {
	if !s.is('"') {
		return s.wrong("Expecting property name enclosed in double quotes", s.at)
	}
	if err := s.string(); err != nil {
		return err
	}
	if s.blanks(); !s.is(':') {
		return s.wrong("Expecting ':' delimiter", s.at)
	}
	s.at++
	s.blanks()
	return s.value()
}

func (s *scanner) string() error {
	begin := s.at
	for s.at++; s.at < len(s.text); s.at++ {
		switch r := s.text[s.at]; {
		case r == '"':
			s.at++
			return nil
		case r < ' ':
			return s.wrong("Invalid control character at", s.at)
		case r == '\\':
			if err := s.escape(begin); err != nil {
				return err
			}
		}
	}
	return s.wrong("Unterminated string starting at", begin)
}

// escape reads an escaped character from its backslash to its last one.
func (s *scanner) escape(begin int) error {
	backslash := s.at
	s.at++
	switch {
	case s.at >= len(s.text):
		return s.wrong("Unterminated string starting at", begin)
	case strings.ContainsRune(`"\/bfnrt`, s.text[s.at]):
		return nil
	case s.text[s.at] != 'u':
		return s.wrong(`Invalid \escape`, backslash)
	}
	end := s.at + 5
	hexadecimal := func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", r) }
	if end >= len(s.text) || slices.ContainsFunc(s.text[s.at+1:end], func(r rune) bool { return !hexadecimal(r) }) {
		return s.wrong(`Invalid \uXXXX escape`, s.at)
	}
	s.at = end - 1
	return nil
}

func (s *scanner) number() error {
	begin := s.at
	if s.is('-') {
		s.at++
	}
	if s.is('0') {
		s.at++
	} else if !s.digits() {
		return s.wrong("Expecting value", begin)
	}
	if end := s.at; s.is('.') {
		if s.at++; !s.digits() {
			s.at = end
			return nil
		}
	}
	if end := s.at; s.is('e') || s.is('E') {
		if s.at++; s.is('+') || s.is('-') {
			s.at++
		}
		if !s.digits() {
			s.at = end
		}
	}
	return nil
}

// digits reads as many as there are and reports whether there was one.
func (s *scanner) digits() bool {
	begin := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > begin
}
