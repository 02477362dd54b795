package variable

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// Declaration says what a variable is, at one level: an organization, a group, a
// template or a device.
type Declaration struct {
	// Type is what its values must be; empty for anything.
	Type Type `json:"type,omitempty"`
	// Choices are the values of the type Choice.
	Choices []string `json:"choices,omitempty"`
	// Description is for people.
	Description string `json:"description,omitempty"`
	// Secret keeps its values from everybody but devices.
	Secret bool `json:"secret,omitempty"`
	// Value names the value that this level gives a secret variable; zero for none.
	Value wispwright.ID `json:"value,omitzero"`
}

// Declarations are what one level declares, by the names of the variables.
type Declarations map[string]Declaration

// The bounds of what is declared.
const (
	MaxDescription = 1000
	MaxChoices     = 200
	MaxDeclared    = 500
	maxName        = 64
	maxValue       = 16 << 10
)

var names = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_]*$`)

// Parse reads what is kept; nothing at all declares nothing.
func Parse(j wispwright.JSON) (Declarations, error) {
	if j == "" {
		return nil, nil
	}
	out := Declarations{}
	if err := j.Decode(&out); err != nil {
		return nil, fmt.Errorf("declarations of variables: %w", err)
	}
	return out, nil
}

// JSON is what is kept of declarations, empty for none. Equal ones give equal text.
func (d Declarations) JSON() wispwright.JSON {
	if len(d) == 0 {
		return ""
	}
	b, err := json.Marshal(map[string]Declaration(d))
	if err != nil { // strings, booleans and ids always have a JSON form
		return ""
	}
	return wispwright.JSON(b)
}

// Names are the names in order.
func (d Declarations) Names() []string { return slices.Sorted(maps.Keys(d)) }

// Secrets are the declarations of secret variables that have a value, without what
// is for people.
func (d Declarations) Secrets() Declarations {
	var out Declarations
	for name, one := range d {
		if one.Secret && !one.Value.IsZero() {
			if out == nil {
				out = Declarations{}
			}
			one.Description = ""
			out[name] = one
		}
	}
	return out
}

// CheckName returns what is wrong with the name of a variable, empty for nothing.
func CheckName(name string) string {
	switch {
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("Ensure this value has at most %d characters.", maxName)
	case !names.MatchString(name):
		return "A name consists of letters, digits and underscores, and does not begin with a digit."
	}
	return ""
}

// Check adds what is wrong with a declaration itself.
func (d Declaration) Check(v *wispwright.ValidationError) {
	if d.Type != "" && !slices.Contains(Types(), d.Type) {
		v.Add("type", fmt.Sprintf("“%s” is not a valid choice.", d.Type))
	}
	if utf8.RuneCountInString(d.Description) > MaxDescription {
		v.Add("description", fmt.Sprintf("Ensure this field has no more than %d characters.", MaxDescription))
	}
	switch {
	case d.Type == Choice && len(d.Choices) == 0:
		v.Add("choices", "This field is required for a variable of the type choice.")
	case d.Type != Choice && len(d.Choices) > 0:
		v.Add("choices", "Only a variable of the type choice has choices.")
	case len(d.Choices) > MaxChoices:
		v.Add("choices", fmt.Sprintf("Ensure this field has no more than %d elements.", MaxChoices))
	}
	for i, c := range d.Choices {
		if c == "" || len(c) > 1000 {
			v.Add("choices", "A choice has between 1 and 1000 characters.")
		}
		if slices.Contains(d.Choices[:i], c) {
			v.Add("choices", fmt.Sprintf("“%s” is given twice.", c))
		}
	}
}

// CheckOwn adds what is wrong with the plain values that one level gives, as faults
// of a field: values of another type than it declares, and of secret variables.
func (d Declarations) CheckOwn(v *wispwright.ValidationError, field string, values map[string]any) {
	for _, name := range d.Names() {
		value, given := values[name]
		if !given {
			continue
		}
		if fault := d[name].Plain(name, value); fault != "" {
			v.Add(field, fault)
		}
	}
}

// Plain returns what is wrong with a plain value that a variable has, empty for
// nothing.
func (d Declaration) Plain(name string, value any) string {
	if d.Secret {
		return fmt.Sprintf("The variable %s is secret: its value is not given among the others.", name)
	}
	if fault := d.CheckValue(value); fault != "" {
		return fmt.Sprintf("The variable %s %s.", name, fault)
	}
	return ""
}

// Change is what somebody wants of a declaration.
type Change struct {
	// Declaration is the wanted one; its Value is not looked at.
	Declaration Declaration
	// Given says that a value is given, Value is it, any JSON value; nil takes the
	// value away.
	Given bool
	Value any
}

// Check returns what is wrong with a change of a variable, whose faults are of the
// fields name, type, choices, description and value.
func (c *Change) Check(name string) error {
	var v wispwright.ValidationError
	if fault := CheckName(name); fault != "" {
		v.Add("name", fault)
	}
	c.Declaration.Check(&v)
	if v.Err() == nil && c.Given && c.Value != nil {
		if fault := c.Declaration.CheckValue(c.Value); fault != "" {
			v.Add("value", "The value "+fault+".")
		}
		if c.Declaration.Secret && strings.TrimSpace(fmt.Sprint(c.Value)) == "" {
			v.Add("value", "This field may not be blank.")
		}
	}
	return v.Err()
}
