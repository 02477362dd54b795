package bulktest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/kit/entity"
)

// Concern is what a harness of RunService makes: the room's stores, and a
// controller over the same storage whose organizations are all there.
type Concern struct {
	Storage
	// Controller has the devices.
	Controller *controller.Controller
}

const backend = "netjsonconfig.OpenWrt"

// fixture is the service over a storage, with two organizations.
type fixture struct {
	*bulk.Tasks
	t           *testing.T
	c           *controller.Controller
	org, theirs wispwright.ID
	scope       wispwright.Scope
	waiting     []bulk.Job
	now         time.Time
}

// Enqueue implements bulk.Jobs: jobs wait until done is asked.
func (f *fixture) Enqueue(_ context.Context, job bulk.Job) error {
	f.waiting = append(f.waiting, job)
	return nil
}

func newFixture(t *testing.T, c Concern) *fixture {
	t.Helper()
	f := &fixture{t: t, c: c.Controller, org: wispwright.NewID(), theirs: wispwright.NewID(), now: at(0)}
	f.scope = wispwright.ScopeOf(f.org)
	var err error
	f.Tasks, err = bulk.New(&entity.Base{Tx: c.Tx, Tenants: entity.NoTenants{}, Clock: func() time.Time { return f.now }}, c.Stores, c.Controller, f)
	require.NoError(t, err)
	return f
}

func (f *fixture) device(n int, org wispwright.ID) wispwright.ID {
	f.t.Helper()
	d := &controller.Detail{Device: &controller.Device{OrganizationID: org, Name: fmt.Sprintf("ap%03d", n), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&255)},
		Config: &controller.Config{Backend: backend, Config: "{}", Context: `{"n":1}`}}
	require.NoError(f.t, f.c.Devices.Create(f.t.Context(), d))
	return d.Device.ID
}

func (f *fixture) template(name string, org wispwright.ID) wispwright.ID {
	f.t.Helper()
	o := &controller.Template{OrganizationID: org, Name: name, Backend: backend, Config: `{"general":{"timezone":"UTC"}}`}
	require.NoError(f.t, f.c.Templates.Create(f.t.Context(), o))
	return o.ID
}

func (f *fixture) get(device wispwright.ID) *controller.Detail {
	f.t.Helper()
	d, err := f.c.Devices.Get(f.t.Context(), wispwright.ScopeAll(), device)
	require.NoError(f.t, err)
	return d
}

func (f *fixture) devices(org wispwright.ID) int {
	f.t.Helper()
	found, err := f.c.Devices.List(f.t.Context(), wispwright.ScopeOf(org), controller.DeviceFilter{}, wispwright.Page{})
	require.NoError(f.t, err)
	return found.Total
}

// done does the jobs that wait, and returns the task with its items.
func (f *fixture) done(task *bulk.Task) (*bulk.Task, []*bulk.Item) {
	f.t.Helper()
	for len(f.waiting) > 0 {
		job := f.waiting[0]
		f.waiting = f.waiting[1:]
		require.NoError(f.t, f.Work(f.t.Context(), job))
	}
	now, err := f.Get(f.t.Context(), wispwright.ScopeAll(), task.ID)
	require.NoError(f.t, err)
	items, err := f.Items(f.t.Context(), task.ID, "", wispwright.Page{})
	require.NoError(f.t, err)
	return now, items.Rows
}

// run starts an action, does it and returns what became of the first device.
func (f *fixture) run(action bulk.Action, p bulk.Params, devices ...wispwright.ID) *bulk.Item {
	f.t.Helper()
	task := &bulk.Task{Action: action, Params: p}
	require.NoError(f.t, f.Start(f.t.Context(), f.scope, task, devices, controller.DeviceFilter{}))
	now, items := f.done(task)
	require.Equal(f.t, bulk.Done, now.Phase)
	require.NotNil(f.t, now.Finished)
	require.Len(f.t, items, len(devices))
	return items[0]
}

func (f *fixture) refuses(field string, err error) {
	f.t.Helper()
	var invalid *wispwright.ValidationError
	require.ErrorAs(f.t, err, &invalid)
	require.Contains(f.t, invalid.Error(), field)
	require.Empty(f.t, f.waiting, "nothing is queued")
}

// RunService runs the service over a storage. h is called once for every part.
func RunService(t *testing.T, h func(t *testing.T) Concern) {
	for name, part := range map[string]func(*fixture){
		"actions": runActions, "what says nothing": runRefused, "the scope": runScope, "dry runs": runDry, "undo": runUndo, "parts": runParts, "cleaning": runClean,
		"imports": runImports, "faulty rows": runFaulty, "rows of others": runForeign, "files": runFiles, "there and back": runThereAndBack,
	} {
		t.Run(name, func(t *testing.T) { part(newFixture(t, h(t))) })
	}
}

func runActions(f *fixture) {
	t := f.t
	ctx := t.Context()
	d, template := f.device(1, f.org), f.template("t", f.org)
	item := f.run(bulk.AddTemplates, bulk.Params{Templates: []wispwright.ID{template}}, d)
	require.Equal(t, []any{bulk.Changed, "templates added: 1", "ap001"}, []any{item.State, item.Message, item.Name})
	require.Equal(t, []wispwright.ID{template}, f.get(d).Config.Templates)
	require.Equal(t, bulk.Unchanged, f.run(bulk.AddTemplates, bulk.Params{Templates: []wispwright.ID{template}}, d).State)
	require.Equal(t, "templates removed: 1", f.run(bulk.RemoveTemplates, bulk.Params{Templates: []wispwright.ID{template}}, d).Message)
	require.Empty(t, f.get(d).Config.Templates)

	item = f.run(bulk.SetVariables, bulk.Params{Variables: map[string]any{"n": nil, "b": []any{"x"}, "a": "y"}}, d)
	require.Equal(t, "variables changed", item.Message)
	require.JSONEq(t, `{"a":"y","b":["x"]}`, string(f.get(d).Config.Context))

	group := &controller.Group{OrganizationID: f.org, Name: "g"}
	require.NoError(t, f.c.Groups.Create(ctx, group))
	require.Equal(t, "group changed", f.run(bulk.SetGroup, bulk.Params{Group: group.ID}, d).Message)
	require.Equal(t, group.ID, f.get(d).Device.GroupID)

	require.Equal(t, bulk.Unchanged, f.run(bulk.Activate, bulk.Params{}, d).State)
	require.Equal(t, bulk.Changed, f.run(bulk.Deactivate, bulk.Params{}, d).State)
	require.True(t, f.get(d).Device.IsDeactivated)
	item = f.run(bulk.SetGroup, bulk.Params{}, d)
	require.Equal(t, []any{bulk.Failed, "The device is deactivated, or may not be changed."}, []any{item.State, item.Message})
	require.Equal(t, bulk.Unchanged, f.run(bulk.Deactivate, bulk.Params{}, d).State)
	require.Equal(t, bulk.Changed, f.run(bulk.Activate, bulk.Params{}, d).State)

	bare := &controller.Detail{Device: &controller.Device{OrganizationID: f.org, Name: "bare", MACAddress: "02:00:00:00:FF:01"}}
	require.NoError(t, f.c.Devices.Create(ctx, bare))
	require.Equal(t, bulk.Unchanged, f.run(bulk.RemoveTemplates, bulk.Params{Templates: []wispwright.ID{template}}, bare.Device.ID).State)
	require.Equal(t, bulk.Changed, f.run(bulk.SetVariables, bulk.Params{Variables: map[string]any{"a": 1}}, bare.Device.ID).State, "a device without configuration gets one")
	require.JSONEq(t, `{"a":1}`, string(f.get(bare.Device.ID).Config.Context))

	f.scope = wispwright.ScopeOf(f.org, f.theirs)
	require.Equal(t, bulk.Changed, f.run(bulk.Move, bulk.Params{Organization: f.theirs}, d).State)
	moved := f.get(d).Device
	require.Equal(t, []wispwright.ID{f.theirs, {}}, []wispwright.ID{moved.OrganizationID, moved.GroupID}, "a group is not taken along")

	item = f.run(bulk.Delete, bulk.Params{}, d)
	require.Equal(t, bulk.Failed, item.State, "an active device is deleted by force only")
	require.NotEmpty(t, item.Message)
	require.Equal(t, bulk.Changed, f.run(bulk.Delete, bulk.Params{Force: true}, d).State)
	require.Zero(t, f.devices(f.theirs))
}

func runRefused(f *fixture) {
	d := f.device(1, f.org)
	for _, c := range []struct {
		field string
		task  bulk.Task
	}{
		{"templates", bulk.Task{Action: bulk.AddTemplates}}, {"templates", bulk.Task{Action: bulk.RemoveTemplates}}, {"variables", bulk.Task{Action: bulk.SetVariables}},
		{"organization", bulk.Task{Action: bulk.Move}}, {"action", bulk.Task{Action: "dance"}}, {"action", bulk.Task{Action: bulk.Undo}}, {"action", bulk.Task{Action: bulk.Import}},
	} {
		f.refuses(c.field, f.Start(f.t.Context(), f.scope, &c.task, []wispwright.ID{d}, controller.DeviceFilter{}))
	}
	tasks, err := f.List(f.t.Context(), wispwright.ScopeAll(), bulk.TaskFilter{}, wispwright.Page{})
	require.NoError(f.t, err)
	require.Zero(f.t, tasks.Total)
	require.NoError(f.t, f.Work(f.t.Context(), bulk.Job{TaskID: wispwright.NewID()}), "a task that is gone is no error")
}

func runScope(f *fixture) {
	t := f.t
	ctx := wispwright.WithCaller(t.Context(), &wispwright.Caller{ID: id(1), Name: "ann"})
	d, other := f.device(1, f.org), f.device(2, f.theirs)
	f.refuses("devices", f.Start(ctx, f.scope, &bulk.Task{Action: bulk.Activate}, []wispwright.ID{d, other}, controller.DeviceFilter{}))
	f.refuses("devices", f.Start(ctx, wispwright.ScopeOf(wispwright.NewID()), &bulk.Task{Action: bulk.Activate}, nil, controller.DeviceFilter{}))
	task := &bulk.Task{Action: bulk.Deactivate}
	require.NoError(t, f.Start(ctx, f.scope, task, nil, controller.DeviceFilter{}))
	require.Equal(t, []any{f.org, "ann", id(1)}, []any{task.OrganizationID, task.Actor, task.ActorID})
	_, items := f.done(task)
	require.Len(t, items, 1)
	require.False(t, f.get(other).Device.IsDeactivated, "a filter selects among the scope's devices")
	task = &bulk.Task{Action: bulk.Deactivate}
	require.NoError(t, f.Start(ctx, wispwright.ScopeAll(), task, nil, controller.DeviceFilter{}))
	require.True(t, task.OrganizationID.IsZero(), "of several organizations")

	// what moved away meanwhile is not there any more
	require.NoError(t, f.c.Devices.Delete(ctx, wispwright.ScopeAll(), other, true))
	_, items = f.done(task)
	require.Equal(t, []any{bulk.Unchanged, bulk.Failed, "The device does not exist any more."}, []any{items[0].State, items[1].State, items[1].Message})
}

func runDry(f *fixture) {
	t := f.t
	d, template := f.device(1, f.org), f.template("t", f.org)
	task := &bulk.Task{Action: bulk.AddTemplates, DryRun: true, Params: bulk.Params{Templates: []wispwright.ID{template, wispwright.NewID()}}}
	require.NoError(t, f.Start(t.Context(), f.scope, task, []wispwright.ID{d}, controller.DeviceFilter{}))
	_, items := f.done(task)
	require.Equal(t, bulk.Failed, items[0].State, "a dry run finds what would fail")
	task = &bulk.Task{Action: bulk.AddTemplates, DryRun: true, Params: bulk.Params{Templates: []wispwright.ID{template}}}
	require.NoError(t, f.Start(t.Context(), f.scope, task, []wispwright.ID{d}, controller.DeviceFilter{}))
	now, items := f.done(task)
	require.Equal(t, []any{bulk.Done, bulk.Changed, "templates added: 1"}, []any{now.Phase, items[0].State, items[0].Message})
	require.Empty(t, f.get(d).Config.Templates)
	_, err := f.Undo(t.Context(), f.scope, now, false)
	f.refuses("Only what was done", err)
}

func runUndo(f *fixture) {
	t := f.t
	ctx := t.Context()
	a, b, template := f.device(1, f.org), f.device(2, f.org), f.template("t", f.org)
	task := &bulk.Task{Action: bulk.AddTemplates, Params: bulk.Params{Templates: []wispwright.ID{template}}}
	require.NoError(t, f.Start(ctx, f.scope, task, []wispwright.ID{a, b}, controller.DeviceFilter{}))
	_, err := f.Undo(ctx, f.scope, task, false)
	f.waiting, task = nil, &bulk.Task{Action: task.Action, Params: task.Params}
	f.refuses("Only what was done", err)
	require.NoError(t, f.Start(ctx, f.scope, task, []wispwright.ID{a, b}, controller.DeviceFilter{}))
	task, _ = f.done(task)
	_, err = f.c.Devices.Update(ctx, f.scope, b, func(d *controller.Detail) error { d.Config.Context = `{"n":2}`; return nil })
	require.NoError(t, err)

	tried, err := f.Undo(ctx, f.scope, task, true)
	require.NoError(t, err)
	f.done(tried)
	require.Equal(t, []wispwright.ID{template}, f.get(a).Config.Templates, "a dry run of an undo")
	undone, err := f.Undo(ctx, f.scope, task, false)
	require.NoError(t, err)
	undone, items := f.done(undone)
	require.Equal(t, []any{bulk.Undo, task.ID, f.org}, []any{undone.Action, undone.Of, undone.OrganizationID})
	require.Equal(t, []any{bulk.Changed, "templates removed: 1"}, []any{items[0].State, items[0].Message})
	require.Equal(t, []any{bulk.Failed, "The device was changed since."}, []any{items[1].State, items[1].Message})
	require.Empty(t, f.get(a).Config.Templates)
	require.Equal(t, []wispwright.ID{template}, f.get(b).Config.Templates)
	_, err = f.Undo(ctx, f.scope, undone, false)
	f.refuses("cannot be undone", err)

	task = &bulk.Task{Action: bulk.RemoveTemplates, Params: task.Params}
	require.NoError(t, f.Start(ctx, f.scope, task, []wispwright.ID{a}, controller.DeviceFilter{}))
	task, _ = f.done(task)
	_, err = f.Undo(ctx, f.scope, task, false)
	f.refuses("changed nothing", err)
}

// Many devices are done in several jobs, each device once, and a job that comes
// twice does nothing more.
func runParts(f *fixture) {
	t := f.t
	const many = 120
	for n := range many {
		f.device(n, f.org)
	}
	task := &bulk.Task{Action: bulk.SetVariables, Params: bulk.Params{Variables: map[string]any{"a": 1}}}
	require.NoError(t, f.Start(t.Context(), f.scope, task, nil, controller.DeviceFilter{}))
	job := f.waiting[0]
	require.NoError(t, f.Work(t.Context(), job))
	counts, err := f.Counts(t.Context(), task.ID)
	require.NoError(t, err)
	some := counts[task.ID]
	require.Positive(t, some[bulk.Changed])
	require.Positive(t, some[bulk.Waiting])
	require.Len(t, f.waiting, 2, "the next part is queued")
	now, items := f.done(task)
	require.Equal(t, bulk.Done, now.Phase)
	require.Len(t, items, many)
	for n, item := range items {
		require.Equal(t, []any{int64(n + 1), fmt.Sprintf("ap%03d", n), bulk.Changed}, []any{item.Position, item.Name, item.State})
	}
	require.NoError(t, f.Work(t.Context(), job))
	require.Empty(t, f.waiting)
}

func runClean(f *fixture) {
	t := f.t
	d := f.device(1, f.org)
	task := &bulk.Task{Action: bulk.Activate}
	require.NoError(t, f.Start(t.Context(), f.scope, task, []wispwright.ID{d}, controller.DeviceFilter{}))
	f.done(task)
	unfinished := &bulk.Task{Action: bulk.Activate}
	require.NoError(t, f.Start(t.Context(), f.scope, unfinished, []wispwright.ID{d}, controller.DeviceFilter{}))
	f.now = f.now.Add(time.Hour)
	for _, c := range []struct {
		age time.Duration
		n   int
	}{{2 * time.Hour, 0}, {time.Minute, 1}, {time.Minute, 0}} {
		n, err := f.Clean(t.Context(), c.age)
		require.NoError(t, err)
		require.Equal(t, c.n, n)
	}
	_, err := f.Get(t.Context(), f.scope, task.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = f.Get(t.Context(), f.scope, unfinished.ID)
	require.NoError(t, err, "what is not done stays")
}

// file imports a file and returns the task with its items.
func (f *fixture) file(format, content string, change ...func(*bulk.Task)) (*bulk.Task, []*bulk.Item) {
	f.t.Helper()
	task := &bulk.Task{}
	for _, c := range change {
		c(task)
	}
	require.NoError(f.t, f.Import(f.t.Context(), f.scope, task, strings.NewReader(content), format, nil))
	return f.done(task)
}
