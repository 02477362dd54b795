package plan

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
)

// Plans and files say what variables are, never what the secret ones are: a secret
// value is given by hand, where it is stored sealed, and stays when its declaration
// is changed by a plan.

// described checks what a change says of variables.
func described(v *wispwright.ValidationError, path string, declared *wispwright.JSON) {
	if declared != nil {
		variable.ParseDescribed(v, path+".set.declared", *declared)
	}
}

// declare lays what a change says, which was checked, over what is declared.
func declare(stored *wispwright.JSON, wanted *wispwright.JSON) {
	if wanted == nil {
		return
	}
	before, err := variable.Parse(*stored)
	if err != nil { // it is told where it is rendered
		return
	}
	*stored = variable.ParseDescribed(&wispwright.ValidationError{}, "", *wanted).Over(before).JSON()
}

// fitting refuses plain values that are not what the variables are to be, and those of
// secret ones.
func fitting(v *wispwright.ValidationError, path string, values, declared wispwright.JSON) {
	list, err := variable.Parse(declared)
	if err != nil || len(list) == 0 {
		return
	}
	o, err := render.Decode(values)
	if err != nil { // what is not an object is told already
		return
	}
	plain := map[string]any{}
	for i := range o.Len() {
		name, value := o.At(i)
		plain[name] = value
	}
	list.CheckOwn(v, path, plain)
}

// describedFile is what a file says of a variable.
type describedFile struct {
	Type        string   `yaml:"type,omitempty"`
	Choices     []string `yaml:"choices,omitempty"`
	Description string   `yaml:"description,omitempty"`
	Secret      bool     `yaml:"secret,omitempty"`
}

// fileOf is what is declared as it is written into a file, nil for nothing.
func fileOf(declared wispwright.JSON) (*map[string]describedFile, error) {
	list, err := variable.Parse(declared)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := make(map[string]describedFile, len(list))
	for name, d := range list {
		out[name] = describedFile{string(d.Type), d.Choices, d.Description, d.Secret}
	}
	return &out, nil
}

// describes returns what a file says of variables where that is not what is declared.
// A file that says nothing leaves all as it is.
func (c *comparison) describes(wanted *map[string]describedFile, stored wispwright.JSON) (*wispwright.JSON, error) {
	if wanted == nil {
		return nil, nil
	}
	list := variable.Declarations{}
	for name, d := range *wanted {
		list[name] = variable.Declaration{Type: variable.Type(d.Type), Choices: d.Choices, Description: d.Description, Secret: d.Secret}
	}
	have, err := variable.Parse(stored)
	if err != nil {
		return nil, err
	}
	var v wispwright.ValidationError
	variable.ParseDescribed(&v, "declared", list.Describe())
	if is := list.Describe(); is != have.Describe() {
		return &is, v.Err()
	}
	return nil, nil
}
