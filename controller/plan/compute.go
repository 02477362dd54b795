package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// Compute asks for a rehearsal: what the plan would do to each device.
func (s *Plans) Compute(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Plan, error) {
	var after *Plan
	err := s.kit.Do(ctx, "plan.Compute", func(ctx context.Context) (err error) {
		after, err = s.entities.Update(ctx, scope, id, func(p *Plan) error {
			if !p.Status.Editable() {
				return &NotNowError{"rehearsed", p.Status}
			}
			p.Status, p.Problem = Computing, ""
			p.SignedByID, p.SignedBy, p.Signed = wispwright.ID{}, "", nil
			return nil
		})
		if err != nil {
			return err
		}
		if len(after.Changes) == 0 {
			return wispwright.Invalid("changes", "There are no changes.")
		}
		// faults of the changes are told at once, to the caller
		if _, err := s.resolve(ctx, scope, after); err != nil {
			return err
		}
		return s.jobs.Enqueue(ctx, id)
	})
	return after, err
}

// Work rehearses a plan that waits for it. It may be called again after an error or
// a crash.
func (s *Plans) Work(ctx context.Context, id wispwright.ID) error {
	p, err := s.stores.Plans.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && p.Status != Computing {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := s.rehearse(ctx, p)
	var fault *wispwright.ValidationError
	if errors.As(err, &fault) { // something it speaks of is gone since
		found = &rehearsal{problem: strings.Join(fault.Messages(), " ")}
	} else if err != nil {
		return fmt.Errorf("rehearse plan %s: %w", id, err)
	}
	return s.kit.Do(ctx, "plan.Work", func(ctx context.Context) error { return s.keep(ctx, p, found) })
}

// rehearsal is what a plan would do.
type rehearsal struct {
	problem  string
	changes  []Change
	affected int
	groups   map[string]*Group
	order    []*Group
	devices  []*Device
	diffs    map[[2]string]*Group
}

func (s *Plans) rehearse(ctx context.Context, p *Plan) (*rehearsal, error) {
	r, err := s.resolve(ctx, wispwright.ScopeAll(), p)
	if err != nil {
		return nil, err
	}
	ids, err := s.c.Devices.Affected(ctx, r.affected...)
	if err != nil {
		return nil, err
	}
	out := &rehearsal{changes: r.changes, affected: len(ids), groups: map[string]*Group{}, diffs: map[[2]string]*Group{}}
	now := s.kit.Now()
	err = s.c.Devices.Rehearse(ctx, r.staged, r.edit, ids, func(device *controller.Device, ground, before, after, fault string) error {
		d := &Device{
			ID: wispwright.NewID(), PlanID: p.ID, DeviceID: device.ID, OrganizationID: device.OrganizationID, Name: device.Name, Ground: ground,
			Away: s.o.away(device, now),
		}
		out.devices = append(out.devices, d)
		if before == after && fault == "" {
			return nil
		}
		g := out.group(p, before, after, fault)
		if d.GroupID = g.ID; g.Count == 0 {
			g.SampleID, g.Sample = d.DeviceID, d.Name
		}
		g.Count++
		if d.Away {
			g.Away++
		}
		return nil
	})
	return out, err
}

// group is the one of devices to which the same happens.
func (r *rehearsal) group(p *Plan, before, after, fault string) *Group {
	pair := [2]string{before, after}
	if fault != "" {
		pair = [2]string{"fault", fault}
	}
	if g := r.diffs[pair]; g != nil {
		return g
	}
	g := &Group{PlanID: p.ID, OrganizationID: p.OrganizationID, Fault: fault}
	if fault == "" {
		g.Diff, g.Added, g.Removed = unified(before, after)
	}
	sum := sha256.Sum256([]byte(g.Diff + "\x00" + g.Fault))
	g.Digest = hex.EncodeToString(sum[:16])
	if same := r.groups[g.Digest]; same != nil {
		g = same
	} else {
		g.ID = wispwright.NewID()
		r.groups[g.Digest], r.order = g, append(r.order, g)
	}
	r.diffs[pair] = g
	return g
}

// unified is the difference of two texts, with how many lines come and go. Where
// it is in the file is left out: it differs between devices to which the same
// happens.
func unified(before, after string) (diff string, added, removed int) {
	lines := func(text string) []string {
		list := strings.SplitAfter(text, "\n")
		if list[len(list)-1] == "" {
			return list[:len(list)-1]
		}
		list[len(list)-1] += "\n"
		return list
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: lines(before), B: lines(after), Context: 3})
	if err != nil { // a text takes everything
		return "", 0, 0
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "--- ") && b.Len() == 0, strings.HasPrefix(line, "+++ ") && b.Len() == 0:
			continue
		case strings.HasPrefix(line, "@@"):
			line = "@@\n"
		case line[0] == '+':
			added++
		case line[0] == '-':
			removed++
		}
		b.WriteString(line)
	}
	return b.String(), added, removed
}

// keep stores what was found out, unless the plan was edited meanwhile.
func (s *Plans) keep(ctx context.Context, p *Plan, found *rehearsal) error {
	var before Plan
	current := false
	after, err := s.stores.Plans.Update(ctx, wispwright.ScopeAll(), p.ID, func(now *Plan) error {
		before = *now
		if current = now.Turn == p.Turn && now.Status == Computing; !current {
			return nil
		}
		at := s.kit.Now()
		now.Modified = at
		if found.problem != "" {
			now.Status, now.Problem = Draft, found.problem
			return nil
		}
		now.Status, now.Problem, now.Computed, now.Changes = Planned, "", &at, found.changes
		now.Affected, now.Changed, now.Invalid, now.Away = found.affected, 0, 0, 0
		for _, g := range found.order {
			if g.Fault != "" {
				now.Invalid += g.Count
			} else {
				now.Changed += g.Count
			}
			now.Away += g.Away
		}
		return nil
	})
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && !current {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.stores.Groups.Clear(ctx, p.ID); err != nil {
		return err
	}
	if err := s.stores.Devices.Clear(ctx, p.ID); err != nil {
		return err
	}
	if err := s.stores.Groups.InsertMany(ctx, found.order); err != nil {
		return err
	}
	if err := s.stores.Devices.InsertMany(ctx, found.devices); err != nil {
		return err
	}
	s.told(ctx, &before, after)
	return nil
}
