package notifications

import (
	"errors"
	"fmt"
	"strings"
)

// A template is text with placeholders in braces: {notification.target},
// {site.name} or a key of the notification's data. Doubled braces stand for
// themselves. What is between the braces is looked up in a closed list, never
// evaluated.
type template []piece

type piece struct {
	text        string
	placeholder bool
}

// ErrRender says that a notification cannot be worded: a placeholder has no
// value. The list leaves such a notification out.
var ErrRender = errors.New("error encountered in rendering notification message")

func parseTemplate(text string) (template, error) {
	var t template
	add := func(s string) {
		if s != "" {
			t = append(t, piece{text: s})
		}
	}
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			add(text)
			break
		}
		add(text[:i])
		brace, rest := text[i:i+1], text[i+1:]
		if strings.HasPrefix(rest, brace) {
			add(brace)
			text = rest[1:]
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if brace == "}" || !closed || name == "" || strings.ContainsAny(name, "{ \t\n") {
			return nil, fmt.Errorf("%.60q is no template: a brace stands alone", text[i:])
		}
		t = append(t, piece{name, true})
		text = after
	}
	return t, nil
}

// expand replaces the placeholders by what value returns for them.
func (t template) expand(value func(name string) (string, bool)) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if !p.placeholder {
			b.WriteString(p.text)
			continue
		}
		v, ok := value(p.text)
		if !ok {
			return "", fmt.Errorf("%w: nothing is called %q", ErrRender, p.text)
		}
		b.WriteString(v)
	}
	return b.String(), nil
}
