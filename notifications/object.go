package notifications

import (
	"context"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
)

// Ref names an object of any concern.
type Ref struct {
	// Kind is the application's label and the model: "config.device".
	Kind string
	// ID is the object's key as text.
	ID string
}

// IsZero reports whether the Ref names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// Object is what a notification says of an object.
type Object struct {
	// Label is the object's present name.
	Label string
	// Path is where its page is, such as "/admin/config/device/<id>/change/";
	// empty when it has none.
	Path string
	// OrganizationID is whose it is; zero for nobody's.
	OrganizationID wispwright.ID
	// Attributes are further texts that templates may name, as
	// {notification.actor.credentials}: a closed list that the concern chose.
	Attributes map[string]string
}

// Describer finds objects of one kind by their keys. Those that are gone are
// left out of the answer.
type Describer func(ctx context.Context, ids []string) (map[string]Object, error)

// Objects are the describers of an installation by kind. Objects of other
// kinds keep the name they had when they were told of.
type Objects map[string]Describer

// Describe finds objects with one call for each kind.
func (o Objects) Describe(ctx context.Context, refs ...Ref) (map[Ref]Object, error) {
	ids := map[string][]string{}
	for _, r := range refs {
		if o[r.Kind] != nil && !slices.Contains(ids[r.Kind], r.ID) {
			ids[r.Kind] = append(ids[r.Kind], r.ID)
		}
	}
	found := make(map[Ref]Object, len(refs))
	for kind, keys := range ids {
		objects, err := o[kind](ctx, keys)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", kind, err)
		}
		for id, object := range objects {
			found[Ref{kind, id}] = object
		}
	}
	return found, nil
}
