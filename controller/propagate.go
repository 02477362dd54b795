package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// fanOut is how many configurations one job renders. Larger batches hold the
// writer of an embedded database longer and gain nothing.
const fanOut = 500

// Work does a job that was handed to Jobs.Enqueue: one batch of configurations,
// in one transaction, which also enqueues the job of the batch that follows.
// Doing a job twice is harmless: configurations whose bytes did not change are
// left alone. A configuration that cannot be rendered any more keeps its last
// good version: Config.NotRenewed, Devices.Renewal and the log tell.
func (c *Controller) Work(ctx context.Context, job Job) error {
	if err := c.fleet.work(ctx, job); err != nil {
		return fmt.Errorf("controller: %s %s: %w", job.Kind, job.ID, err)
	}
	return nil
}

func (c *fleet) work(ctx context.Context, job Job) error {
	var f ConfigFilter
	switch job.Kind {
	case jobTemplateChanged, jobTemplateDeleted:
		f.TemplateID = job.ID
	case jobOrganizationChanged:
		f.OrganizationID = job.ID
	case jobTemplateAssigned:
		t, err := c.stores.Templates.Get(ctx, wispwright.ScopeAll(), job.ID)
		if isNotFound(err) || err == nil && !t.Default { // not any more
			return nil
		}
		if err != nil {
			return err
		}
		f.OrganizationID, f.Backend = t.OrganizationID, t.Backend
	case jobDevice:
		f.DeviceIDs = wispwright.Only(job.ID)
	case jobGroupChanged:
		f.GroupID = job.ID
	case jobGroupDeleted:
		return c.ungroup(ctx, job)
	case jobGroupJoined:
		return c.joined(ctx, job)
	case JobEverything:
	case JobKeyHints:
		return c.hintKeys(ctx, job)
	default:
		return fmt.Errorf("unknown kind of job %q", job.Kind)
	}
	f.After = job.After
	ctx = wispwright.WithCaller(ctx, &wispwright.Caller{ID: job.ActorID, Name: job.Actor, Superuser: true, Method: "system"})
	items, err := c.stores.Configs.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{
		Limit: fanOut, NoTotal: true, Order: []wispwright.Order{{Field: "DeviceID"}},
	})
	if err != nil || len(items.Rows) == 0 {
		return err
	}
	ids := make([]wispwright.ID, len(items.Rows))
	for i, config := range items.Rows {
		ids[i] = config.DeviceID
	}
	b := batch{fleet: c, job: job, drafts: map[wispwright.ID]*draft{}, problems: map[wispwright.ID]error{}}
	// rendering is most of the work and is done before the transaction; what
	// changes in between is rendered again
	if err := b.prepare(ctx, items.Rows); err != nil {
		return err
	}
	return c.tx.InTx(ctx, func(ctx context.Context) error {
		if err := b.run(ctx, ids); err != nil {
			return err
		}
		if len(ids) < fanOut {
			return nil
		}
		next := job
		next.After = ids[len(ids)-1]
		return c.jobs.Enqueue(ctx, next)
	})
}

// batch is the work of one job.
type batch struct {
	fleet    *fleet
	job      Job
	drafts   map[wispwright.ID]*draft
	problems map[wispwright.ID]error
}

// materials reads what configurations are made of with few queries, whatever
// their number. Those that are being taken out of service are left out: nothing
// reaches them any more.
func (b *batch) materials(ctx context.Context, configs []*Config) ([]*material, error) {
	c := b.fleet
	configs = slices.DeleteFunc(slices.Clone(configs), func(config *Config) bool {
		return config.Status == StatusDeactivating || config.Status == StatusDeactivated
	})
	switch b.job.Kind {
	case jobTemplateAssigned:
		for _, config := range configs {
			config.Templates = distinct(append(slices.Clone(config.Templates), b.job.ID))
		}
	case jobGroupChanged:
		if err := b.regroup(ctx, configs); err != nil {
			return nil, err
		}
	}
	devices, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{IDs: wispwright.Only(deviceIDs(configs)...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	byID := make(map[wispwright.ID]*Device, len(devices.Rows))
	for _, d := range devices.Rows {
		byID[d.ID] = d
	}
	var wanted []wispwright.ID
	for _, config := range configs {
		wanted = append(wanted, config.Templates...)
	}
	slices.SortFunc(wanted, func(x, y wispwright.ID) int { return slices.Compare(x[:], y[:]) })
	items, err := c.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{IDs: wispwright.Only(slices.Compact(wanted)...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	settings := map[wispwright.ID]*Settings{}
	var out []*material
	for _, config := range configs {
		d := byID[config.DeviceID]
		if d == nil { // deleted since
			continue
		}
		if settings[d.OrganizationID] == nil {
			s, err := c.stores.Settings.Get(ctx, wispwright.ScopeAll(), d.OrganizationID)
			if err != nil {
				return nil, err
			}
			settings[d.OrganizationID] = s
		}
		out = append(out, &material{
			device: d, config: config, settings: settings[d.OrganizationID], templates: b.inOrder(items.Rows, config.Templates),
		})
	}
	return out, nil
}

// regroup changes the templates of configurations as those of their group were
// changed, as far as the group still wants so.
func (b *batch) regroup(ctx context.Context, configs []*Config) error {
	c := b.fleet
	found, err := c.stores.Groups.Hold(ctx, []wispwright.ID{b.job.ID})
	if err != nil || len(found) == 0 { // deleted since, which another job follows
		return err
	}
	g := found[0]
	lost := *g
	lost.Templates = less(b.job.Removed, g.Templates)
	given := *g
	given.Templates = less(b.job.Added, less(b.job.Added, g.Templates))
	for _, config := range configs {
		if config.Templates, err = c.regrouped(ctx, config.Templates, &lost, &given, config.Backend, config.Backend); err != nil {
			return err
		}
	}
	return nil
}

// inOrder puts templates in the order of a configuration, and required ones
// before the others when one of them is new to it.
func (b *batch) inOrder(found []*Template, ids []wispwright.ID) []*Template {
	templates := inOrder(found, ids)
	if b.job.Kind != jobTemplateAssigned {
		return templates
	}
	if last := len(templates) - 1; last >= 0 && templates[last].ID == b.job.ID {
		templates = append(templates[:last:last], withoutRivals(templates[:last], templates[last:])...)
	}
	required := requiredOf(templates)
	slices.SortStableFunc(required, func(x, y *Template) int { return strings.Compare(x.Name, y.Name) })
	return merge(required, templates)
}

func deviceIDs(configs []*Config) []wispwright.ID {
	out := make([]wispwright.ID, len(configs))
	for i, config := range configs {
		out[i] = config.DeviceID
	}
	return out
}

func (b *batch) prepare(ctx context.Context, configs []*Config) error {
	materials, err := b.materials(ctx, configs)
	if err != nil {
		return err
	}
	if err := b.fleet.stage(ctx, materials...); err != nil {
		return err
	}
	if err := b.fleet.addProvided(ctx, materials...); err != nil {
		return err
	}
	for _, m := range materials {
		d, err := b.fleet.draft(m)
		if err != nil {
			return err
		}
		if b.fleet.render(ctx, d, nil) == nil { // a refusal comes up again below
			b.drafts[m.device.ID] = d
		}
	}
	return ctx.Err()
}

// run renders the configurations and stores those whose bytes changed. It may
// run more than once.
func (b *batch) run(ctx context.Context, ids []wispwright.ID) error {
	c := b.fleet
	configs, err := c.stores.Configs.Lock(ctx, ids)
	if err != nil {
		return err
	}
	was := make(map[wispwright.ID]*Config, len(configs))
	for _, config := range configs {
		was[config.DeviceID] = copyOf(config)
	}
	materials, err := b.materials(ctx, configs)
	if err != nil {
		return err
	}
	if err := c.supply(ctx, false, materials...); err != nil {
		return err
	}
	var versions []*Version
	var changed, relinked []*Config
	var modified []wispwright.ID
	for _, m := range materials {
		before := was[m.device.ID]
		m.config.Templates = idsOf(m.templates) // without those that are gone
		version, err := c.refresh(ctx, m, b.drafts[m.device.ID], b.job.Cause)
		if err != nil {
			templates := m.config.Templates
			*m.config = *copyOf(before)
			m.config.Templates = templates
			if err := b.broken(ctx, m, err); err != nil {
				return err
			}
		}
		c.renewed(ctx, m.device, before, m.config)
		if version != nil {
			versions = append(versions, version)
			modified = append(modified, m.device.ID)
			if m.config.Status != before.Status {
				c.statusChanged(ctx, m.device, m.config, before.Status)
			}
		}
		switch {
		case !slices.Equal(before.Templates, m.config.Templates):
			m.config.Modified = c.now()
			relinked = append(relinked, m.config)
		case version != nil || before.NotRenewedReason != m.config.NotRenewedReason || (before.NotRenewed == nil) != (m.config.NotRenewed == nil):
			m.config.Modified = c.now()
			changed = append(changed, m.config)
		}
	}
	if err := b.store(ctx, versions, changed, relinked); err != nil {
		return err
	}
	return c.modified(ctx, ActionTemplateChanged, b.job.Cause, modified...)
}

func (b *batch) store(ctx context.Context, versions []*Version, changed, relinked []*Config) error {
	if len(versions) > 0 {
		if err := b.fleet.stores.Versions.InsertMany(ctx, versions); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		if err := b.fleet.stores.Configs.SaveProgress(ctx, changed); err != nil {
			return err
		}
	}
	if len(relinked) > 0 {
		return b.fleet.stores.Configs.UpdateMany(ctx, relinked)
	}
	return nil
}

// broken tells of a configuration that is not valid any more. Errors of other
// kinds are returned: the job is repeated.
func (b *batch) broken(ctx context.Context, m *material, err error) error {
	var refused *render.Error
	if !errors.As(err, &refused) {
		return err
	}
	b.fleet.notRenewed(m.config, refused.Message)
	b.fleet.Log.WarnContext(ctx, "a configuration is not valid any more; the device keeps the last good one",
		"device", m.device.ID.String(), "name", m.device.Name, "cause", b.job.Cause, "error", refused.Message)
	return nil
}

// inline does jobs after the commit, in the goroutine that caused them.
type inline struct{ controller *Controller }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	detached := context.WithoutCancel(ctx)
	wispwright.AfterCommit(ctx, func() {
		for _, job := range jobs {
			if err := q.controller.Work(detached, job); err != nil {
				q.controller.fleet.Log.ErrorContext(detached, "a job failed", "kind", string(job.Kind), "error", err)
			}
		}
	})
	return nil
}
