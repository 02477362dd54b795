package vpn

import (
	"bytes"
	"errors"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// ParseText implements njc.Parser: JSON objects with comments between and in
// them (§13).
func (zerotierText) ParseText(text string) (*njc.Native, error) {
	n := new(njc.Native)
	return n, readNetworks(n, text)
}

// ParseArchive implements njc.Parser: the *.json files at the archive's top.
func (zerotierText) ParseArchive(members []njc.File) (*njc.Native, error) {
	n := new(njc.Native)
	for _, m := range members {
		if !strings.HasSuffix(atTop(m.Path), ".json") {
			continue
		}
		if err := readNetworks(n, m.Contents); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func readNetworks(n *njc.Native, text string) error {
	plain := withoutComments(text)
	for at := 0; ; {
		for at < len(plain) && strings.IndexByte(" \t\r\n", plain[at]) >= 0 {
			at++
		}
		if at == len(plain) {
			return nil
		}
		end := endOfObject(plain, at)
		o, err := ordered.DecodeObject(plain[at:end])
		if err != nil {
			var syntax *ordered.SyntaxError
			if errors.As(err, &syntax) {
				at += syntax.Offset
			}
			return &njc.ParseError{Line: 1 + bytes.Count(plain[:min(at, len(plain))], []byte("\n")), Message: err.Error()}
		}
		s := &njc.Section{Type: "network"}
		for key, v := range o.All() {
			s.Options = append(s.Options, njc.Option{Key: key, Value: v})
		}
		addSection(n, "zerotier", s)
		at = end
	}
}

// withoutComments blanks comments, so that line numbers stay right. What looks
// like one inside a string is none.
func withoutComments(text string) []byte {
	out := []byte(text)
	inString := false
	for i := 0; i < len(out); i++ {
		switch {
		case inString:
			if out[i] == '\\' {
				i++
			} else if out[i] == '"' {
				inString = false
			}
		case out[i] == '"':
			inString = true
		case bytes.HasPrefix(out[i:], []byte("//")):
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case bytes.HasPrefix(out[i:], []byte("/*")):
			end := bytes.Index(out[i+2:], []byte("*/"))
			if end < 0 {
				return out // left for the reader of JSON to complain about
			}
			stop := i + 2 + end + 2
			for ; i < stop; i++ {
				if out[i] != '\n' {
					out[i] = ' '
				}
			}
			i--
		}
	}
	return out
}

// endOfObject returns where the object that starts at a place ends.
func endOfObject(text []byte, at int) int {
	depth, inString := 0, false
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// reverseZeroTier puts the networks back.
func reverseZeroTier(r *njc.Reverse) error {
	list := make([]any, 0, len(r.Sections))
	for _, s := range r.Sections {
		o := new(ordered.Object)
		for _, option := range s.Options {
			o.Set(option.Key, option.Value)
		}
		list = append(list, o)
	}
	r.Config.Set("zerotier", list)
	return nil
}
