package check

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// Restore stores a check as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Where the device has a check of the name
// already, that becomes as the given one. Its type must be in the registry.
func (c *Checks) Restore(ctx context.Context, o *Check) (action string, err error) {
	t := c.registry.Type(o.Type)
	if t == nil {
		return "", wispwright.Invalid("check_type", `"`+o.Type+`" is not a valid choice.`)
	}
	if o.Params.IsEmpty() {
		o.Params = "{}"
	}
	if err := t.Check(o.Params); err != nil {
		return "", wispwright.Invalid("params", err.Error())
	}
	err = c.base.Do(ctx, "check.Checks.Restore", func(ctx context.Context) error {
		found, err := c.store.List(ctx, wispwright.ScopeAll(), Filter{DeviceID: o.DeviceID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, there := range found.Rows {
			if there.Name == o.Name {
				o.ID = there.ID
			}
		}
		_, action, err = entity.Put(ctx, wispwright.Repo[Check, Filter](c.store), o.ID, o, func(before, after *Check) {
			if before != nil { // what is known of its runs is known here
				after.NextAt, after.LastRun, after.LastError, after.LeaseUntil = before.NextAt, before.LastRun, before.LastError, before.LeaseUntil
				return
			}
			after.NextAt = c.base.Now().Add(rand.N(max(t.Every, time.Minute))).Truncate(time.Microsecond) // so that no storm begins
		})
		return err
	})
	return action, err
}
