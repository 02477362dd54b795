package connection

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// CommandType is something people may run on devices (spec: connection §6.1).
type CommandType struct {
	// Name identifies it, such as "reboot".
	Name string
	// Label is its name for people.
	Label string
	// Schema is the JSON Schema (draft 4) of its input. Forms also honour message,
	// requires_confirmation and confirmation_message in it. A property with
	// "writeOnly": true is a secret: it is sealed until the command has run, and
	// stored as "********".
	Schema wispwright.JSON
	// Build makes the command line of an input that follows the schema: strings,
	// bools, json.Numbers, lists and maps by property. Quote what it puts in.
	Build func(input map[string]any) (line string, err error)
	// Check looks at an input that follows the schema; its error's text is shown
	// to the user. Default: there is nothing more to check.
	Check func(input map[string]any) error
	// Masked returns the form in which an input with secrets is stored. Default: the input with
	// its secrets replaced.
	Masked wispwright.JSON
	// Strict makes an exit status other than 0 an error, which hides the output
	// behind "Internal system error: ", as the original has it for what it
	// brings along itself.
	Strict bool
	// Ends says that the device may go away before it tells the status.
	Ends bool

	secrets []string
	checker *schema.Schema
}

// Quote makes one word of the shell of a text: 'it'\”s'.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// DefaultCommands are those of OpenWISP.
func DefaultCommands() []CommandType {
	return []CommandType{
		{Name: "custom", Label: "Custom commands",
			Schema: `{"title": "Custom", "type": "object", "properties": {"command": {"type": "string", "minLength": 1, "title": "Command", "pattern": "."}}, ` +
				`"message": "Command cannot be empty.", "required": ["command"], "additionalProperties": false}`,
			Build: func(in map[string]any) (string, error) { return in["command"].(string), nil }},
		{Name: "reboot", Label: "Reboot", Strict: true, Ends: true,
			Schema: `{"title": "Reboot", "type": "null", "additionalProperties": false}`,
			Build:  func(map[string]any) (string, error) { return "reboot", nil }},
		{Name: "change_password", Label: "Change password", Strict: true, Masked: `{"password":"` + hidden + `"}`,
			Schema: `{"title": "Change Password", "type": "object", "required": ["password", "confirm_password"], "properties": {` +
				`"password": {"$ref": "#/definitions/password_regex", "title": "Password"}, "confirm_password": {"$ref": "#/definitions/password_regex", "title": "Confirm Password"}}, ` +
				`"message": "Your password must be at least 6 characters long", "additionalProperties": false, ` +
				`"definitions": {"password_regex": {"type": "string", "minLength": 6, "maxLength": 30, "pattern": "[\\S]"}}}`,
			Check: func(in map[string]any) error {
				if in["password"] != in["confirm_password"] {
					return errors.New("The two passwords do not match.") //nolint:staticcheck // shown as it is
				}
				if strings.ContainsAny(in["password"].(string), "\n\r\x00") {
					return errors.New("A password is one line of text.") //nolint:staticcheck // shown as it is
				}
				return nil
			},
			Build: func(in map[string]any) (string, error) {
				word := Quote(in["password"].(string))
				return `printf '%s\n%s\n' ` + word + " " + word + " | passwd root", nil
			}},
	}
}

// CommandTypes are what an installation lets people run. Make it with
// NewCommandTypes; it does not change afterwards.
type CommandTypes struct {
	types   []*CommandType
	enabled map[string][]string
}

// Everybody is the key of what holds for organizations that NewCommandTypes is
// told nothing of, and AnyCommand stands for all types.
const (
	Everybody  = "__all__"
	AnyCommand = "*"
)

// NewCommandTypes makes a registry. enabled says which types an organization may
// use, by its id or Everybody; nil lets everybody use all
// (setting ORGANIZATION_ENABLED_COMMANDS). Errors: a name that is missing or
// there twice, a schema that is none, a type or an organization nobody knows.
func NewCommandTypes(types []CommandType, enabled map[string][]string) (*CommandTypes, error) {
	c := &CommandTypes{enabled: enabled}
	if enabled == nil {
		c.enabled = map[string][]string{Everybody: {AnyCommand}}
	}
	for _, t := range types {
		if err := t.complete(); err != nil {
			return nil, fmt.Errorf("connection: command %q: %w", t.Name, err)
		}
		if c.Get(t.Name) != nil {
			return nil, fmt.Errorf("connection: %s is an already registered Command.", t.Name) //nolint:staticcheck // the original's words
		}
		c.types = append(c.types, &t)
	}
	for organization, names := range c.enabled {
		if _, err := wispwright.ParseID(organization); err != nil && organization != Everybody {
			return nil, fmt.Errorf("connection: enabled commands: %q is neither the id of an organization nor %s", organization, Everybody)
		}
		for _, name := range names {
			if name != AnyCommand && c.Get(name) == nil {
				return nil, fmt.Errorf("connection: No such Command, %s", name) //nolint:staticcheck // the original's words
			}
		}
	}
	return c, nil
}

// maxCommandName keeps names short: they are columns of lists and file names of
// clients.
const maxCommandName = 64

func (t *CommandType) complete() (err error) {
	switch {
	case !regexp.MustCompile(`^[a-zA-Z0-9_-]+$`).MatchString(t.Name) || len(t.Name) > maxCommandName:
		return errors.New("a name consists of at most 64 letters, digits, underscores and hyphens")
	case t.Label == "" || t.Build == nil:
		return errors.New("a label and what builds the command line are required")
	}
	if t.checker, err = schema.CompileJSON([]byte(t.Schema), nil); err != nil {
		return err
	}
	document, err := ordered.DecodeObject([]byte(t.Schema))
	if err != nil {
		return err
	}
	if properties, ok := member(document, "properties"); ok {
		for name, property := range properties.All() {
			if p, ok := property.(*ordered.Object); ok {
				if secret, _ := p.Get("writeOnly"); secret == true {
					t.secrets = append(t.secrets, name)
				}
			}
		}
	}
	return nil
}

func member(o *ordered.Object, key string) (*ordered.Object, bool) {
	v, _ := o.Get(key)
	inner, ok := v.(*ordered.Object)
	return inner, ok
}

// Get returns a type, nil for one nobody knows.
func (c *CommandTypes) Get(name string) *CommandType {
	for _, t := range c.types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Of are the types that an organization may use, all of them for the zero ID.
func (c *CommandTypes) Of(organization wispwright.ID) (types []*CommandType) {
	for _, t := range c.types {
		if organization.IsZero() || c.allowed(organization, t.Name) {
			types = append(types, t)
		}
	}
	return types
}

func (c *CommandTypes) allowed(organization wispwright.ID, name string) bool {
	names, known := c.enabled[organization.String()]
	if !known {
		names = c.enabled[Everybody]
	}
	return slices.Contains(names, name) || slices.Contains(names, AnyCommand)
}

// Label is a type's name for people.
func (c *CommandTypes) Label(name string) string {
	if t := c.Get(name); t != nil {
		return t.Label
	}
	return name
}

// Hides reports whether inputs of the type hold secrets.
func (t *CommandType) Hides() bool { return t.Masked != "" || len(t.secrets) > 0 }

// check returns what is wrong with an input.
func (t *CommandType) check(input wispwright.JSON) error {
	if err := follows(t.checker, input); err != nil {
		return err
	}
	values, err := values(input)
	if err != nil {
		return err
	}
	if t.Check != nil {
		if err := t.Check(values); err != nil {
			return err
		}
	}
	_, err = t.Build(values)
	return err
}

// stored is an input as it is kept: what people see, and the whole of it where
// it holds secrets.
func (t *CommandType) stored(input wispwright.JSON) (shown wispwright.JSON, secret wispwright.Secret) {
	switch {
	case !t.Hides():
		return input, ""
	case t.Masked != "":
		return t.Masked, wispwright.Secret(input)
	}
	return masked(string(input), t.secrets), wispwright.Secret(input)
}

// confidential are the texts of an input that must not be shown.
func (t *CommandType) confidential(input wispwright.JSON) (texts []string) {
	all, err := values(input)
	if err != nil {
		return nil
	}
	for name, v := range all {
		if text, ok := v.(string); ok && text != "" && (t.Masked != "" || slices.Contains(t.secrets, name)) {
			texts = append(texts, text)
		}
	}
	return texts
}

// values reads an input into what Build takes.
func values(input wispwright.JSON) (map[string]any, error) {
	out := map[string]any{}
	if !input.IsObject() {
		return out, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(input)))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return out, nil
}
