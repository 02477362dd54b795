package variable

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/wispwright/wispwright"
)

// described is a declaration as files and plans have it: it names no value.
type described struct {
	Type        Type     `json:"type,omitempty"`
	Choices     []string `json:"choices,omitempty"`
	Description string   `json:"description,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
}

// Describe returns declarations without the values of secret variables, for files and
// plans; "{}" for none.
func (d Declarations) Describe() wispwright.JSON {
	out := make(map[string]described, len(d))
	for name, one := range d {
		out[name] = described{one.Type, one.Choices, one.Description, one.Secret}
	}
	b, err := json.Marshal(out)
	if err != nil { // strings and booleans always have a JSON form
		return "{}"
	}
	return wispwright.JSON(b)
}

// ParseDescribed reads what Describe wrote, or somebody else: what is wrong with it are
// faults of a field. A value cannot be named.
func ParseDescribed(v *wispwright.ValidationError, field string, j wispwright.JSON) Declarations {
	var in map[string]described
	r := json.NewDecoder(bytes.NewReader([]byte(j)))
	r.DisallowUnknownFields()
	if err := r.Decode(&in); err != nil || !j.IsObject() {
		v.Add(field, "Enter an object that says of each variable its type, choices, description and whether it is secret.")
		return nil
	}
	if len(in) > MaxDeclared {
		v.Add(field, fmt.Sprintf("No more than %d variables can be declared here.", MaxDeclared))
		return nil
	}
	out := Declarations{}
	for name, one := range in {
		out[name] = Declaration{Type: one.Type, Choices: one.Choices, Description: one.Description, Secret: one.Secret}
	}
	for _, name := range out.Names() {
		var faults wispwright.ValidationError
		if fault := CheckName(name); fault != "" {
			faults.Add("name", fault)
		}
		out[name].Check(&faults)
		for _, f := range faults.Fields {
			for _, message := range f.Messages {
				v.Add(field, fmt.Sprintf("%s: %s: %s", name, f.Path, message))
			}
		}
	}
	return out
}

// Over returns declarations with the values that secret variables have in others.
func (d Declarations) Over(before Declarations) Declarations {
	out := make(Declarations, len(d))
	for name, one := range d {
		one.Value = wispwright.ID{}
		if one.Secret {
			one.Value = before[name].Value
		}
		out[name] = one
	}
	return out
}
