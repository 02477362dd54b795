package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wispwright/wispwright"
)

// ChangeKind says what is changed.
type ChangeKind string

// What can be changed.
const (
	// TemplateChange makes, changes or deletes a template.
	TemplateChange ChangeKind = "template"
	// VariablesChange replaces the variables of an organization.
	VariablesChange ChangeKind = "variables"
	// GroupChange changes the variables and templates of a group of devices.
	GroupChange ChangeKind = "group"
	// DevicesChange changes what some devices use.
	DevicesChange ChangeKind = "devices"
)

// Action says what is done.
type Action string

// What can be done.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is one change of a plan.
type Change struct {
	// Kind says what is changed, Action what is done.
	Kind   ChangeKind `json:"kind"`
	Action Action     `json:"action"`
	// ID is the template or group, or the organization whose variables they are. A template that
	// is made gets one when the plan is stored.
	ID wispwright.ID `json:"id,omitzero"`
	// Name is that of the object, for people; it is filled in.
	Name string `json:"name,omitempty"`
	// Set are the fields as they are to be: those of TemplateFields, VariableFields,
	// GroupFields or DeviceFields. What is not mentioned stays.
	Set wispwright.JSON `json:"set,omitempty"`
	// Revision names the content a template is to have; it is filled in.
	Revision wispwright.ID `json:"revision,omitzero"`
	// Base tells whether the object changed since the plan was rehearsed.
	Base string `json:"base,omitempty"`
}

// TemplateFields are the fields of a template that a plan can set.
type TemplateFields struct {
	Name          *string          `json:"name,omitempty"`
	Organization  *wispwright.ID   `json:"organization,omitempty"`
	Backend       *string          `json:"backend,omitempty"`
	Config        *wispwright.JSON `json:"config,omitempty"`
	DefaultValues *wispwright.JSON `json:"default_values,omitempty"`
	Default       *bool            `json:"default,omitempty"`
	Required      *bool            `json:"required,omitempty"`
	Tags          *[]string        `json:"tags,omitempty"`
	Notes         *string          `json:"notes,omitempty"`
	// Declared says what variables are, the whole list; values of secret ones are no part
	// of a plan, and stay.
	Declared *wispwright.JSON `json:"declared,omitempty"`
}

// VariableFields are the variables of an organization.
type VariableFields struct {
	Context wispwright.JSON `json:"context"`
	// Declared says what they are, as TemplateFields.Declared does.
	Declared *wispwright.JSON `json:"declared,omitempty"`
}

// GroupFields are the fields of a group that a plan can set.
type GroupFields struct {
	Context *wispwright.JSON `json:"context,omitempty"`
	// Templates are those that the devices of the group are given; what is taken out of
	// the list is taken from them.
	Templates *[]wispwright.ID `json:"templates,omitempty"`
	// Declared says what variables are, as TemplateFields.Declared does.
	Declared *wispwright.JSON `json:"declared,omitempty"`
}

// DeviceFields is what some devices are to use.
type DeviceFields struct {
	// Devices names them.
	Devices []wispwright.ID `json:"devices"`
	// Templates is the whole list, Add and Remove change the present one.
	Templates *[]wispwright.ID `json:"templates,omitempty"`
	Add       []wispwright.ID  `json:"add,omitempty"`
	Remove    []wispwright.ID  `json:"remove,omitempty"`
	// Config and Context are the device's own part and variables.
	Config  *wispwright.JSON `json:"config,omitempty"`
	Context *wispwright.JSON `json:"context,omitempty"`
}

// fields reads what a change sets; what it does not know is a fault.
func fields[T any](v *wispwright.ValidationError, path string, set wispwright.JSON) *T {
	out := new(T)
	if set == "" {
		return out
	}
	d := json.NewDecoder(bytes.NewReader([]byte(set)))
	d.DisallowUnknownFields()
	err := d.Decode(out)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &typed) && typed.Field != "":
		v.Add(path+".set."+typed.Field, "Not a valid value.")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		v.Add(path+".set."+strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`), "There is no such field.")
	default:
		v.Add(path+".set", "Enter a valid object: "+err.Error()+".")
	}
	return out
}

// most bounds what a plan may hold.
const (
	mostChanges = 1000
	mostNamed   = 100_000
)

// check checks what can be said of changes by themselves, and completes them.
func check(v *wispwright.ValidationError, changes []Change) {
	if len(changes) > mostChanges {
		v.Add("changes", fmt.Sprintf("At most %d changes are possible.", mostChanges))
		return
	}
	seen := map[string]bool{}
	for i := range changes {
		c, path := &changes[i], fmt.Sprintf("changes.%d", i)
		c.Base = ""
		switch {
		case c.Kind == TemplateChange && (c.Action == Create || c.Action == Update || c.Action == Delete), c.Kind == VariablesChange && c.Action == Update, c.Kind == GroupChange && c.Action == Update, c.Kind == DevicesChange && c.Action == Update:
		case c.Kind != TemplateChange && c.Kind != VariablesChange && c.Kind != GroupChange && c.Kind != DevicesChange:
			v.Add(path+".kind", fmt.Sprintf("%q is not a valid choice.", c.Kind))
			continue
		default:
			v.Add(path+".action", fmt.Sprintf("%q is not a valid choice.", c.Action))
			continue
		}
		c.complete(v, path)
		if c.Kind == DevicesChange {
			continue
		}
		if key := string(c.Kind) + c.ID.String(); seen[key] {
			v.Add(path+".id", "There is another change of this object.")
		} else {
			seen[key] = true
		}
	}
}

// complete fills in what follows, and reads the fields once.
func (c *Change) complete(v *wispwright.ValidationError, path string) {
	if c.Kind == TemplateChange && c.Action == Create && c.ID.IsZero() {
		c.ID = wispwright.NewID()
	}
	if c.ID.IsZero() && c.Kind != DevicesChange {
		v.Add(path+".id", "This field is required.")
	}
	switch c.Kind {
	case TemplateChange:
		if c.Action == Delete {
			c.Set = ""
			return
		}
		f := fields[TemplateFields](v, path, c.Set)
		if c.Action == Create && f.Name == nil {
			v.Add(path+".set.name", "This field is required.")
		}
		if c.Action == Update && f.Organization != nil {
			v.Add(path+".set.organization", "The organization of a template cannot be changed by a plan.")
		}
		described(v, path, f.Declared)
		c.Revision = wispwright.NewID()
	case VariablesChange:
		f := fields[VariableFields](v, path, c.Set)
		if !f.Context.IsObject() {
			v.Add(path+".set.context", "The supplied value is not a JSON object.")
		}
		described(v, path, f.Declared)
	case GroupChange:
		f := fields[GroupFields](v, path, c.Set)
		if f.Context != nil && !f.Context.IsObject() {
			v.Add(path+".set.context", "The supplied value is not a JSON object.")
		}
		described(v, path, f.Declared)
	case DevicesChange:
		f := fields[DeviceFields](v, path, c.Set)
		if len(f.Devices) == 0 || len(f.Devices) > mostNamed {
			v.Add(path+".set.devices", fmt.Sprintf("Name between 1 and %d devices.", mostNamed))
		}
		if f.Templates != nil && len(f.Add)+len(f.Remove) > 0 {
			v.Add(path+".set.templates", "Give either the whole list, or what to add and to remove.")
		}
		for name, j := range map[string]*wispwright.JSON{"config": f.Config, "context": f.Context} {
			if j != nil && !j.IsObject() {
				v.Add(path+".set."+name, "The supplied value is not a JSON object.")
			}
		}
	}
}
