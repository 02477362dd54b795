package firmwarehttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/rollout/rollouthttp"
)

type batchOut struct {
	ID       wispwright.ID   `json:"id"`
	Build    buildOut        `json:"build"`
	Created  rest.Time       `json:"created"`
	Modified rest.Time       `json:"modified"`
	Options  wispwright.JSON `json:"upgrade_options"`
	Status   string          `json:"status"`
	batchMore
}

// batchMore are what the original gains (additions F-4, F-9) and what is ours.
type batchMore struct {
	Group        wispwright.ID             `json:"group"`
	Location     wispwright.ID             `json:"location"`
	IsPersistent bool                      `json:"is_persistent"`
	ScheduledAt  rest.Time                 `json:"scheduled_at"`
	Firmwareless bool                      `json:"firmwareless"`
	Parallel     int                       `json:"parallel"`
	Problem      string                    `json:"problem"`
	Actor        string                    `json:"actor"`
	Rollout      *wispwright.ID            `json:"rollout" doc:"what carries it out in waves"`
	Strategy     *rollouthttp.StrategyWire `json:"strategy" doc:"in which waves"`
	Counts       batchCounts               `json:"counts"`
}

type batchCounts struct {
	Total     int `json:"total"`
	Waiting   int `json:"waiting"`
	Running   int `json:"running"`
	Pending   int `json:"pending"`
	Success   int `json:"success"`
	Failed    int `json:"failed"`
	Aborted   int `json:"aborted"`
	Cancelled int `json:"cancelled"`
	Skipped   int `json:"skipped"`
}

type batchDetail struct {
	ID            wispwright.ID   `json:"id"`
	Build         buildOut        `json:"build"`
	Progress      string          `json:"progress_report"`
	SuccessRate   int             `json:"success_rate"`
	FailedRate    int             `json:"failed_rate"`
	AbortedRate   int             `json:"aborted_rate"`
	CancelledRate int             `json:"cancelled_rate"`
	Operations    []operationOut  `json:"upgradeoperations"`
	Created       rest.Time       `json:"created"`
	Modified      rest.Time       `json:"modified"`
	Options       wispwright.JSON `json:"upgrade_options"`
	Status        string          `json:"status"`
	batchMore
	Skipped map[string]string `json:"skipped"`
}

func newBatchMore(b *firmware.Batch, c firmware.Counts) batchMore {
	var strategy *rollouthttp.StrategyWire
	if b.Strategy != nil {
		wire := rollouthttp.NewStrategyWire(*b.Strategy)
		strategy = &wire
	}
	return batchMore{b.GroupID, b.LocationID, b.IsPersistent, moment(b.ScheduledAt), b.Firmwareless, b.Parallel, b.Problem, b.Actor, rest.Null(b.RolloutID), strategy, batchCounts{
		c.Total, c.Waiting, c.Running(), c.By[firmware.Pending], c.By[firmware.Success], c.By[firmware.Failed], c.By[firmware.Aborted], c.By[firmware.Cancelled], len(b.Skipped)}}
}

// batchStatuses are those that batches can have.
func batchStatuses() []string {
	return []string{string(firmware.Idle), string(firmware.Scheduled), string(firmware.InProgress), string(firmware.Success), string(firmware.Failed), string(firmware.Cancelled)}
}

// mountBatches adds mass upgrades.
func (h *HTTP) mountBatches(api *rest.API) {
	type filter = firmware.BatchFilter
	rest.Mount(api, rest.Resource[wispwright.ID, firmware.Batch, filter, rest.None, batchOut]{
		Path: Base + "batch-upgrade-operation/", Only: rest.List | rest.Read | rest.Delete, Name: "Batch Upgrade Operation", ListName: "Batch Upgrade Operation List", Noun: "BatchUpgradeOperation",
		ID: "firmware_upgrader_batch_upgrade_operation", Tag: tag, Kind: batchKind, Throttle: h.throttle, StrictIDs: true, Service: h.s.Batches, Scopes: own, Out: h.batches,
		Organization: func(b *firmware.Batch) wispwright.ID { return b.OrganizationID },
		Detail: rest.Item[wispwright.ID, firmware.Batch, filter, rest.None, batchDetail]{
			Out: h.batchDetails,
			Delete: func(r *rest.Request, id wispwright.ID) error {
				return conflicting(h.s.Batches.Delete(r.Context(), r.WriteScope(), id))
			},
		},
		Filters: []rest.Filter[filter]{
			rest.FilterID("build", func(f *filter, v wispwright.ID) { f.BuildID = v }),
			rest.FilterChoice("status", batchStatuses(), func(f *filter, v string) { f.Status = firmware.Status(v) }),
			rest.FilterID("group", func(f *filter, v wispwright.ID) { f.GroupID = v }),
			rest.FilterID("location", func(f *filter, v wispwright.ID) { f.LocationID = v }),
			rest.FilterBool("is_persistent", func(f *filter, v bool) { f.IsPersistent = &v }),
			rest.FilterTime("created", func(f *filter, v time.Time) { f.Created = v }),
			bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterOrganizationAs("organization_id", func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		},
		Ordering: map[string]string{"created": "Created", "modified": "Modified"},
	})
	api.Mount(&rest.View{Path: Base + "batch-upgrade-operation/{id}/cancel/", Name: "Batch Upgrade Operation Cancel", Noun: "BatchUpgradeOperation", Tag: tag, Kind: batchKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, messageOut](http.StatusOK, rest.Op{Method: http.MethodPost, ID: "firmware_upgrader_batch_upgrade_operation_cancel", Summary: "Cancel what did not begin to flash of a mass upgrade",
			Permission: app + "change_batchupgradeoperation", Also: []int{http.StatusConflict}, Handle: func(r *rest.Request) (int, any, error) {
				if _, err := h.s.Batches.Cancel(r.Context(), r.WriteScope(), r.ID("id")); err != nil {
					return 0, nil, conflicting(err)
				}
				return http.StatusOK, messageOut{"Batch upgrade operation cancelled successfully"}, nil
			}}))
}

// own are the batches of the caller's organizations: one of a shared build reaches
// everybody's devices and is the superusers' (additions F-3).
func own(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// batchBuilds are the builds of batches as the wire has them.
func (h *HTTP) batchBuilds(r *rest.Request, rows []*firmware.Batch) (map[wispwright.ID]buildOut, map[wispwright.ID]firmware.Counts, error) {
	var builds, ids []wispwright.ID
	for _, b := range rows {
		builds, ids = append(builds, b.BuildID), append(ids, b.ID)
	}
	found, err := h.s.Builds.List(r.Context(), everybody(), firmware.BuildFilter{IDs: wispwright.Only(builds...)}, everything())
	if err != nil {
		return nil, nil, err
	}
	shown, err := h.builds(r, found.Rows)
	if err != nil {
		return nil, nil, err
	}
	out := map[wispwright.ID]buildOut{}
	for _, b := range shown {
		out[b.ID] = b
	}
	counts, err := h.s.Batches.Count(r.Context(), ids...)
	return out, counts, err
}

func (h *HTTP) batches(r *rest.Request, rows []*firmware.Batch) ([]batchOut, error) {
	builds, counts, err := h.batchBuilds(r, rows)
	if err != nil {
		return nil, err
	}
	out := make([]batchOut, len(rows))
	for i, b := range rows {
		out[i] = batchOut{b.ID, builds[b.BuildID], rest.Time(b.Created), rest.Time(b.Modified), b.Options, string(b.Status), newBatchMore(b, counts[b.ID])}
	}
	return out, nil
}

// mostShown is how many operations are shown with their batch; the list of
// operations has all.
const mostShown = 1000

func (h *HTTP) batchDetails(r *rest.Request, rows []*firmware.Batch) ([]batchDetail, error) {
	builds, counts, err := h.batchBuilds(r, rows)
	if err != nil {
		return nil, err
	}
	out := make([]batchDetail, len(rows))
	for i, b := range rows {
		list, err := h.s.Operations.List(r.Context(), r.ReadScope(), firmware.OperationFilter{BatchID: b.ID}, wispwright.Page{Limit: mostShown, NoTotal: true})
		if err != nil {
			return nil, err
		}
		operations := make([]operationOut, len(list.Rows))
		for j, o := range list.Rows {
			operations[j] = newOperationOut(o)
		}
		skipped := map[string]string{}
		for id, why := range b.Skipped {
			skipped[id.String()] = why
		}
		c := counts[b.ID]
		out[i] = batchDetail{b.ID, builds[b.BuildID], progressReport(c), rate(c.By[firmware.Success], c.Total), rate(c.By[firmware.Failed], c.Total), rate(c.By[firmware.Aborted], c.Total),
			rate(c.By[firmware.Cancelled], c.Total), operations, rest.Time(b.Created), rest.Time(b.Modified), b.Options, string(b.Status), newBatchMore(b, c), skipped}
	}
	return out, nil
}

// upgradeIn is what a mass upgrade is told (additions F-4, F-9); of a form, that
// upgrade_all is there is enough.
type upgradeIn struct {
	All         rest.Opt[allDevices]             `json:"upgrade_all" metaType:"boolean" blank:"true" help:"also devices of which no firmware is known"`
	Group       rest.Opt[wispwright.ID]          `json:"group" nullable:"true" rel:"group" help:"only the devices of a group"`
	Location    rest.Opt[wispwright.ID]          `json:"location" nullable:"true" rel:"location" help:"only the devices at a location"`
	Devices     rest.Opt[[]wispwright.ID]        `json:"devices" help:"only these devices"`
	Options     rest.Opt[wispwright.JSON]        `json:"upgrade_options" object:"true"`
	Persistent  rest.Opt[bool]                   `json:"is_persistent" help:"keep trying devices that cannot be reached"`
	ScheduledAt rest.Opt[time.Time]              `json:"scheduled_at" nullable:"true" help:"when it begins"`
	Parallel    rest.Opt[int]                    `json:"parallel" minimum:"0" help:"how many devices are at work at once; 0: as many as the settings say"`
	Strategy    rest.Opt[rollouthttp.StrategyIn] `json:"strategy" nullable:"true" help:"carry it out in waves"`
}

// allDevices is upgrade_all: true and every text are true, which is how forms have
// it; false is not.
type allDevices bool

var _ rest.Wire = (*allDevices)(nil)

// FromWire implements rest.Wire.
func (a *allDevices) FromWire(raw json.RawMessage) error {
	switch text := string(bytes.TrimSpace(raw)); {
	case text == "false", text == "null", text == "0":
		*a = false
	case text == "true", text == "1", strings.HasPrefix(text, `"`):
		*a = true
	default:
		return errors.New("Must be a valid boolean.") //nolint:staticcheck // clients know the sentence
	}
	return nil
}

type launchedOut struct {
	Batch wispwright.ID `json:"batch"`
}

// dryRunOut is what a mass upgrade would do.
type dryRunOut struct {
	Firmwares []wispwright.ID `json:"device_firmwares"`
	Devices   []wispwright.ID `json:"devices"`
	Targets   []targetOut     `json:"targets"`
}

// targetOut is a device of a dry run.
type targetOut struct {
	Device    wispwright.ID `json:"device"`
	Name      string        `json:"name"`
	Model     string        `json:"model"`
	Firmware  wispwright.ID `json:"device_firmware"`
	Installed bool          `json:"installed"`
	Image     wispwright.ID `json:"image"`
	Skip      string        `json:"skip"`
	Type      string        `json:"type" doc:"that of the image"`
	Version   string        `json:"version" doc:"of the build that the device has; empty when that is not known"`
}

// mountUpgrade adds the beginning of a mass upgrade, and its rehearsal.
func (h *HTTP) mountUpgrade(api *rest.API) {
	api.Mount(&rest.View{Path: Base + "build/{id}/upgrade/", Name: "Build Batch Upgrade", Noun: "Build", Tag: tag, Kind: buildKind, Throttle: h.throttle, StrictIDs: true},
		rest.Documented[rest.None, dryRunOut](http.StatusOK, rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_build_upgrade_read", Summary: "Say what a mass upgrade would do", Handle: h.rehearse}),
		func() rest.Op {
			op := rest.Action(http.MethodPost, "firmware_upgrader_build_upgrade_create", http.StatusCreated, h.launch)
			op.Permission, op.Summary = app+"add_build", "Upgrade the devices of a build's category"
			return op
		}())
}

// rehearse says what a mass upgrade would do.
func (h *HTTP) rehearse(r *rest.Request) (int, any, error) {
	b := &firmware.Batch{BuildID: r.ID("id")}
	type filter = firmware.Batch
	if _, err := rest.Filtered(r, []rest.Filter[filter]{
		rest.FilterID("group", func(f *filter, v wispwright.ID) { f.GroupID = v }),
		rest.FilterID("location", func(f *filter, v wispwright.ID) { f.LocationID = v }),
		{Name: "devices", Help: "ids, with commas between them", Apply: func(_ *rest.Request, f *filter, v string) error {
			for text := range strings.SplitSeq(v, ",") {
				id, err := wispwright.ParseID(strings.TrimSpace(text))
				if err != nil {
					return wispwright.Invalid("", "Want ids with commas between them.")
				}
				f.Devices = append(f.Devices, id)
			}
			return nil
		}},
	}, b); err != nil {
		return 0, nil, err
	}
	build, err := h.s.Builds.Get(r.Context(), r.ReadScope(), b.BuildID)
	if err != nil {
		return 0, nil, err
	}
	if build.OrganizationID.IsZero() && !r.Caller.Superuser { // it reaches everybody's devices
		return 0, nil, wispwright.Forbidden(noPermission)
	}
	plan, err := h.s.Batches.Plan(r.Context(), r.ReadScope(), b)
	if err != nil {
		return 0, nil, err
	}
	out := dryRunOut{[]wispwright.ID{}, []wispwright.ID{}, []targetOut{}}
	for _, t := range plan.Targets {
		to := targetOut{Device: t.Device.ID, Name: t.Device.Name, Model: t.Device.Model, Skip: t.Skip, Version: t.Version}
		if t.Firmware != nil {
			to.Firmware, to.Installed = t.Firmware.ID, t.Firmware.Installed
		}
		if t.Image != nil {
			to.Image, to.Type = t.Image.ID, t.Image.Type
		}
		out.Targets = append(out.Targets, to)
		switch {
		case t.Skip != "":
		case t.Firmware != nil:
			out.Firmwares = append(out.Firmwares, t.Firmware.ID)
		default:
			out.Devices = append(out.Devices, t.Device.ID)
		}
	}
	return http.StatusOK, out, nil
}

func (h *HTTP) launch(r *rest.Request, in *upgradeIn) (launchedOut, error) {
	b := &firmware.Batch{BuildID: r.ID("id"), GroupID: in.Group.V, LocationID: in.Location.V, Devices: in.Devices.V, Options: in.Options.Or(""),
		IsPersistent: in.Persistent.Or(h.o.Persistent), Firmwareless: in.All.Set && bool(in.All.V), Parallel: in.Parallel.Or(0)}
	if at := in.ScheduledAt; at.Set && !at.Null {
		b.ScheduledAt = &at.V
	}
	if in.Strategy.Set && !in.Strategy.Null {
		strategy := in.Strategy.V.Strategy()
		b.Strategy = &strategy
	}
	err := h.s.Batches.Launch(r.Context(), r.WriteScope(), b)
	if errors.Is(err, firmware.ErrNoDevices) {
		return launchedOut{}, &rest.Failure{Status: http.StatusBadRequest, Body: errorOut{err.Error()}}
	}
	return launchedOut{b.ID}, err
}
