package schema

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// matcher reports whether a pattern is found in a text.
type matcher func(text string) bool

// compilePattern compiles the pattern of a schema. It is searched in the text,
// not held against all of it; $ also matches before a final line break, and \s,
// \d and \w know Unicode (spec: netjsonconfig §5).
func compilePattern(text string) (matcher, error) {
	translated := translate(text)
	m, err := expression(translated)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	if fast := classMatcher(translated); fast != nil {
		return fast, nil
	}
	return m, nil
}

// expression matches with the regular expression machine.
func expression(translated string) (matcher, error) {
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// The classes as they stand inside brackets.
const (
	spaceClass = `\t-\r\x1c-\x20\x85\p{Z}`
	digitClass = `\p{Nd}`
	wordClass  = `_\p{L}\p{N}`
)

// translate spells a pattern for package regexp.
func translate(text string) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteString(escapeOf(text[i], inside))
		case inside:
			if c == '[' && !strings.HasPrefix(text[i:], "[:") {
				b.WriteByte('\\')
			}
			inside = c != ']'
			b.WriteByte(c)
		case c == '[':
			inside = true
			b.WriteByte(c)
			if strings.HasPrefix(text[i+1:], "^") {
				b.WriteByte('^')
				i++
			}
			if strings.HasPrefix(text[i+1:], "]") { // a bracket in first place is itself
				b.WriteString(`\]`)
				i++
			}
		case c == '$':
			b.WriteString(`(?:\n?\z)`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeOf(c byte, inside bool) string {
	class := ""
	switch c {
	case 's', 'S':
		class = spaceClass
	case 'd', 'D':
		class = digitClass
	case 'w', 'W':
		class = wordClass
	case 'Z':
		return `\z`
	default:
		return `\` + string(c)
	}
	switch {
	case c >= 'a' && inside:
		return class
	case c >= 'a':
		return `[` + class + `]`
	case inside:
		return `\` + string(c) // a negated class inside brackets stays ASCII
	}
	return `[^` + class + `]`
}

// classMatcher recognises patterns of the form ^[class]*$, which are most of
// those in use, and answers them without the regular expression machine.
func classMatcher(translated string) matcher {
	re, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil
	}
	re = re.Simplify()
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	if re.Op != syntax.OpConcat || len(re.Sub) != 4 || re.Sub[0].Op != syntax.OpBeginText ||
		re.Sub[2].Op != syntax.OpQuest || re.Sub[3].Op != syntax.OpEndText {
		return nil
	}
	star := re.Sub[1]
	for star.Op == syntax.OpCapture {
		star = star.Sub[0]
	}
	if star.Op != syntax.OpStar || star.Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	var ascii [128]bool
	var wide []rune
	ranges := star.Sub[0].Rune
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], 127); r++ {
			ascii[r] = true
		}
		if ranges[i+1] > 127 {
			wide = append(wide, max(ranges[i], 128), ranges[i+1])
		}
	}
	return func(text string) bool {
		text = strings.TrimSuffix(text, "\n")
		for _, r := range text {
			if r < 128 {
				if !ascii[r] {
					return false
				}
				continue
			}
			if !within(wide, r) {
				return false
			}
		}
		return true
	}
}

// within reports whether r lies in one of the ranges.
func within(ranges []rune, r rune) bool {
	for i := 0; i < len(ranges); i += 2 {
		if r >= ranges[i] && r <= ranges[i+1] {
			return true
		}
	}
	return false
}
