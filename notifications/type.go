package notifications

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// Level is how serious a notification is.
type Level string

// The levels that pages know; others pass.
const (
	Success Level = "success"
	Info    Level = "info"
	Warning Level = "warning"
	Error   Level = "error"
)

// Type is a kind of notification. Its texts are templates, see Renderer.
type Type struct {
	// Name identifies it, such as "config_error"; at most 30 characters.
	Name string
	// Label names it among the preferences. Default: Name.
	Label string
	// Level is that of notifications that name none.
	Level Level
	// Verb is what {notification.verb} stands for: "encountered an error".
	Verb string
	// Subject is the template of the subject of e-mails.
	Subject string
	// Message is the template of the text, in Markdown. It may be empty when
	// each notification brings its own.
	Message string
	// TargetSuffix is added to the address of the target, to lead to a part of
	// its page: "#config-group".
	TargetSuffix string
	// NoWeb and NoEmail turn a way off for those that have not chosen.
	NoWeb, NoEmail bool
	// Unlisted types cannot be chosen among the preferences. Only the web hears
	// of them, unless NoWeb.
	Unlisted bool
	// Models are the kinds of objects whose deletion takes along what was said
	// of them, such as "config.device".
	Models []string
}

// Types are the types of an installation. Make them with NewTypes.
type Types struct {
	names []string // sorted
	by    map[string]*Type
}

// NewTypes makes a registry. Errors: a name that is missing, too long or there
// twice, a text that is missing or is no template.
func NewTypes(types ...Type) (*Types, error) {
	r := &Types{by: map[string]*Type{}}
	for _, t := range types {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("notifications: %w", err)
		}
		if r.by[t.Name] != nil {
			return nil, fmt.Errorf("notifications: %s is an already registered Notification Type.", t.Name)
		}
		if t.Label == "" {
			t.Label = t.Name
		}
		if t.Level == "" {
			t.Level = Info
		}
		r.by[t.Name] = &t
		r.names = append(r.names, t.Name)
	}
	slices.Sort(r.names)
	return r, nil
}

func (t *Type) check() error {
	switch {
	case t.Name == "":
		return fmt.Errorf("a type without a name")
	case len(t.Name) > 30:
		return fmt.Errorf("type %s: the name is longer than 30 characters", t.Name)
	case t.Verb == "" || t.Subject == "":
		return fmt.Errorf("type %s: a verb and a subject are required", t.Name)
	}
	for _, text := range []string{t.Subject, t.Message} {
		if _, err := parseTemplate(text); err != nil {
			return fmt.Errorf("type %s: %w", t.Name, err)
		}
	}
	return nil
}

// Get returns a type by name. Errors: ErrNotFound.
func (r *Types) Get(name string) (*Type, error) {
	if t := r.by[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("no such Notification Type, %s: %w", name, wispwright.ErrNotFound)
}

// Names are the names of all types, sorted.
func (r *Types) Names() []string { return slices.Clone(r.names) }

// Listed are the types that can be chosen among the preferences, by name.
func (r *Types) Listed() (listed []*Type) {
	for _, name := range r.names {
		if !r.by[name].Unlisted {
			listed = append(listed, r.by[name])
		}
	}
	return listed
}

// Of are the names of the types that speak of a kind of object.
func (r *Types) Of(model string) (names []string) {
	for _, name := range r.names {
		if slices.Contains(r.by[name].Models, model) {
			names = append(names, name)
		}
	}
	return names
}

// GenericMessage is the type whose notifications bring their own text.
const GenericMessage = "generic_message"

// DefaultTypes are the types of notifications that belong to no other concern.
func DefaultTypes() []Type {
	return []Type{
		{Name: "default", Label: "Default Type", Level: Info, Verb: "default verb", Subject: "[{site.name}] Default Notification Subject",
			Message: "Default notification with {notification.verb} and level {notification.level} by [{notification.target}]({notification.target_link})"},
		{Name: GenericMessage, Label: "Generic Type", Level: Info, Verb: "generic verb", Subject: "[{site.name}] Generic Notification Subject",
			NoEmail: true, Unlisted: true},
	}
}

// shownName keeps a name to one line.
func shownName(s string) string { return strings.Join(strings.Fields(s), " ") }
