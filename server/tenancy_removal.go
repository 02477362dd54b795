package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy/removal"
	"github.com/wispwright/wispwright/tenancy/removal/removalsql"
)

// mountRemovals deletes large organizations in the background: one job each, which asks
// for itself again until nothing is left.
func (t *TenancyConcern) mountRemovals(h *Host) error {
	store, err := removalsql.New(h.DB())
	if err != nil {
		return err
	}
	kind := jobs.Kind[wispwright.ID]{Name: "tenancy.removal", Queue: "removals", Workers: 2, Timeout: 5 * time.Minute, Key: wispwright.ID.String}
	queue := func(ctx context.Context, organization wispwright.ID) error {
		return kind.Insert(ctx, h.Jobs(), organization)
	}
	if t.removals, err = removal.New(h.DB(), store, t.Organizations, &removal.Options{Queue: queue, Log: h.Log()}); err != nil {
		return err
	}
	h.Jobs().Add(kind.Handle(func(ctx context.Context, organization wispwright.ID) error {
		more, err := t.removals.Work(ctx, organization)
		if err != nil || !more {
			return err
		}
		return queue(ctx, organization)
	}))
	return nil
}

// goingSlugs are the organizations that are being deleted, by their slugs, with how far it
// is.
func (t *TenancyConcern) goingSlugs(ctx context.Context) (map[string]string, error) {
	if t.removals == nil {
		return nil, nil
	}
	going, err := t.removals.List(ctx, everyone(), removal.Filter{}, unpaged)
	if err != nil || len(going.Rows) == 0 {
		return nil, err
	}
	out := map[string]string{}
	for _, m := range going.Rows {
		o, err := t.Organizations.Get(ctx, everyone(), m.OrganizationID)
		if errors.Is(err, wispwright.ErrNotFound) {
			continue // gone since
		}
		if err != nil {
			return nil, err
		}
		out[o.Slug] = fmt.Sprintf("the organization %s is being deleted, %d of %d objects are gone", o.Slug, m.Done, m.Total)
		if m.Problem != "" {
			out[o.Slug] += ": " + m.Problem
		}
	}
	return out, nil
}

// refuseGoing refuses a file of data that names organizations which are being deleted:
// what it adds to them would go too.
func (t *TenancyConcern) refuseGoing(ctx context.Context, file map[string]json.RawMessage) error {
	going, err := t.goingSlugs(ctx)
	if err != nil || len(going) == 0 {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(file)) {
		var value any
		if err := json.Unmarshal(file[key], &value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if slug := namedIn(value, going); slug != "" {
			return fmt.Errorf("%s: %s", key, going[slug])
		}
	}
	return nil
}

// namedIn finds one of some slugs where files of data name organizations.
func namedIn(value any, slugs map[string]string) string {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if slug := namedIn(item, slugs); slug != "" {
				return slug
			}
		}
	case map[string]any:
		for key, item := range v {
			text, is := item.(string)
			if is && (key == "slug" || key == "organization") && slugs[text] != "" {
				return text
			}
			if slug := namedIn(item, slugs); slug != "" {
				return slug
			}
		}
	}
	return ""
}
