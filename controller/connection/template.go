package connection

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// word is a text of an input inside a template. However it is printed, it is
// one word of the shell.
type word string

// String quotes the text.
func (w word) String() string { return Quote(string(w)) }

// words is a list of an input inside a template.
type words []any

// String puts the items beside each other.
func (w words) String() string {
	parts := make([]string, len(w))
	for i, v := range w {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, " ")
}

// BuildTemplate makes a CommandType.Build of a text/template over the
// properties of the input, of which those that were not sent are empty:
//
//	ping -c 4 {{.destination_address}}{{with .interface_name}} -I {{.}}{{end}}
//
// Every text becomes one word of the shell, so that no input leaves its place;
// one that begins with a hyphen, and could be taken for an option, is refused.
// Errors: a text that is no template, puts an input between quotes, where it
// would not be one word, or calls a function that could undo that.
func BuildTemplate(text string, properties ...string) (func(map[string]any) (string, error), error) {
	t, err := template.New("command").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("connection: template of a command: %w", err)
	}
	for _, part := range t.Templates() {
		if _, err := (quoting{}).list(part.Root); err != nil {
			return nil, fmt.Errorf("connection: template of a command: %w", err)
		}
	}
	return func(input map[string]any) (string, error) {
		safe := map[string]any{}
		for _, name := range properties {
			safe[name] = word("")
		}
		for name, v := range input {
			value, err := safely(v)
			if err != nil {
				return "", err
			}
			safe[name] = value
		}
		var b strings.Builder
		if err := t.Execute(&b, safe); err != nil {
			return "", fmt.Errorf("the command cannot be made: %w", err)
		}
		return b.String(), nil
	}, nil
}

// safely turns a value of an input into one that templates print as words.
func safely(v any) (any, error) {
	switch v := v.(type) {
	case string:
		switch {
		case strings.HasPrefix(v, "-"):
			return nil, fmt.Errorf("%q must not begin with a hyphen", v)
		case strings.ContainsRune(v, 0):
			return nil, errors.New("null characters are not allowed")
		}
		return word(v), nil
	case bool:
		return v, nil
	case nil:
		return word(""), nil
	case json.Number:
		return word(v), nil
	case []any:
		list := make(words, len(v))
		for i := range v {
			item, err := safely(v[i])
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %T cannot be part of a command", v)
}

// quoting follows the quotes of the shell through the text of a template: 0, or
// the mark of the quotes that are open.
type quoting struct {
	open    byte
	escaped bool
}

// allowedFunctions are those of templates that print nothing of an input that
// is not a word.
func allowedFunctions() []string {
	return []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len"}
}

func (q quoting) list(list *parse.ListNode) (quoting, error) {
	if list == nil {
		return q, nil
	}
	for _, node := range list.Nodes {
		var err error
		switch n := node.(type) {
		case *parse.TextNode:
			q = q.text(n.Text)
		case *parse.ActionNode:
			if err := functions(n.Pipe); err != nil {
				return q, err
			}
			if len(n.Pipe.Decl) == 0 && (q.open != 0 || q.escaped) {
				return q, fmt.Errorf("%s stands between quotes; it is quoted by itself", n)
			}
		case *parse.IfNode:
			q, err = q.branch(&n.BranchNode)
		case *parse.WithNode:
			q, err = q.branch(&n.BranchNode)
		case *parse.RangeNode:
			q, err = q.branch(&n.BranchNode)
		case *parse.CommentNode, *parse.BreakNode, *parse.ContinueNode:
		default:
			return q, fmt.Errorf("%s is not allowed", n)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// branch follows both ways, which must end alike.
func (q quoting) branch(n *parse.BranchNode) (quoting, error) {
	if err := functions(n.Pipe); err != nil {
		return q, err
	}
	first, err := q.list(n.List)
	if err != nil {
		return q, err
	}
	second, err := q.list(n.ElseList)
	if err == nil && first != second {
		err = fmt.Errorf("quotes are opened or closed in a part of %s only", n)
	}
	return first, err
}

// functions refuses calls of functions that could print an input in another
// way.
func functions(pipe *parse.PipeNode) error {
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			switch a := arg.(type) {
			case *parse.IdentifierNode:
				if !slices.Contains(allowedFunctions(), a.Ident) {
					return fmt.Errorf("the function %s is not allowed", a.Ident)
				}
			case *parse.PipeNode:
				if err := functions(a); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// text follows the quotes of a piece of text.
func (q quoting) text(text []byte) quoting {
	for _, c := range text {
		switch {
		case q.escaped:
			q.escaped = false
		case c == '\\' && q.open != '\'':
			q.escaped = true
		case q.open == c:
			q.open = 0
		case q.open == 0 && (c == '\'' || c == '"' || c == '`'):
			q.open = c
		}
	}
	return q
}
