package notifications

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
)

// visibility finds what recipients may see of objects that have come to another
// organization since they were told of: who knew a device keeps what it was
// called then, and learns nothing of what others do with it.
type visibility struct {
	s *Service
	// organizations are what a recipient is told of, read when it matters
	organizations map[wispwright.ID]map[wispwright.ID]bool
}

func (s *Service) visibility() *visibility {
	return &visibility{s: s, organizations: map[wispwright.ID]map[wispwright.ID]bool{}}
}

// of returns the present objects of a notification that its recipient may see.
func (v *visibility) of(ctx context.Context, n *Notification, present map[Ref]Object) (map[Ref]Object, error) {
	var out map[Ref]Object
	for _, ref := range n.refs() {
		o, there := present[ref]
		if !there {
			continue
		}
		if !o.OrganizationID.IsZero() && !n.OrganizationID.IsZero() && o.OrganizationID != n.OrganizationID {
			told, err := v.told(ctx, n.RecipientID)
			if err != nil {
				return nil, err
			}
			if !told[o.OrganizationID] {
				continue
			}
		}
		if out == nil {
			out = make(map[Ref]Object, len(n.refs()))
		}
		out[ref] = o
	}
	return out, nil
}

// told are the organizations that a user is told of.
func (v *visibility) told(ctx context.Context, user wispwright.ID) (map[wispwright.ID]bool, error) {
	if known, ok := v.organizations[user]; ok {
		return known, nil
	}
	list, err := v.s.options.People.Organizations(ctx, user)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return nil, err
	}
	known := make(map[wispwright.ID]bool, len(list))
	for _, o := range list {
		known[o.ID] = true
	}
	v.organizations[user] = known
	return known, nil
}
