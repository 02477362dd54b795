package firmware

import (
	"context"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// Target is a device of a mass upgrade.
type Target struct {
	// Device is the device, Firmware what it has now, nil when that is not known.
	Device   *Device
	Firmware *DeviceFirmware
	// Version is that of the build it has, "" when that is not known.
	Version string
	// Image is what it is to get; nil when it is left out.
	Image *Image
	// Skip is why it is left out; "" when it is not.
	Skip string
}

// Plan is what a batch would do.
type Plan struct {
	// Targets are the devices: those whose firmware is of the same category, then
	// those of which none is known, each the latest first.
	Targets []Target
	// Upgrader is the way of the first of them; nil when none has one.
	Upgrader *UpgraderType
}

// Chosen are the targets that are not left out.
func (p *Plan) Chosen() (out []Target) {
	for _, t := range p.Targets {
		if t.Skip == "" {
			out = append(out, t)
		}
	}
	return out
}

// Skipped says why devices are left out.
func (p *Plan) Skipped() map[wispwright.ID]string {
	out := map[wispwright.ID]string{}
	for _, t := range p.Targets {
		if t.Skip != "" {
			out[t.Device.ID] = t.Skip
		}
	}
	return out
}

// plannedAtOnce is how many devices are looked at together.
const plannedAtOnce = 1000

// Plan says what a batch would do, and changes nothing. Of the batch, BuildID,
// GroupID, LocationID and Devices count; firmwareless devices are always told of.
// Faults: wispwright.ErrNotFound for the build, wispwright.ValidationError for
// "group" and "location".
func (b *Batches) Plan(ctx context.Context, scope wispwright.Scope, o *Batch) (*Plan, error) {
	build, err := b.s.stores.Builds.Get(ctx, scope, o.BuildID)
	if err != nil {
		return nil, err
	}
	q, err := b.query(ctx, scope, build, o)
	if err != nil {
		return nil, err
	}
	p := &planner{s: b.s, ctx: ctx, build: build, query: q, plan: &Plan{}}
	if err := p.images(); err != nil {
		return nil, err
	}
	if err := p.related(); err != nil {
		return nil, err
	}
	if err := p.firmwareless(); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// query selects the devices that a batch may reach.
func (b *Batches) query(ctx context.Context, scope wispwright.Scope, build *Build, o *Batch) (DeviceQuery, error) {
	q := DeviceQuery{OrganizationID: build.OrganizationID, GroupID: o.GroupID, LocationID: o.LocationID}
	if len(o.Devices) > 0 {
		q.IDs = wispwright.Only(o.Devices...)
	}
	var v wispwright.ValidationError
	for _, of := range []struct {
		field string
		id    wispwright.ID
		find  func(context.Context, wispwright.Scope, wispwright.ID) (wispwright.ID, error)
	}{{"group", o.GroupID, b.s.fleet.Group}, {"location", o.LocationID, b.s.fleet.Location}} {
		if of.id.IsZero() {
			continue
		}
		organization, err := of.find(ctx, scope, of.id)
		if err == nil && !build.OrganizationID.IsZero() && organization != build.OrganizationID && !organization.IsZero() {
			v.Add(of.field, fmt.Sprintf("The %s belongs to another organization than the build.", of.field))
		}
		if err := v.Merge("", valid.Reference(err, of.field, of.id)); err != nil {
			return q, err
		}
	}
	return q, v.Err()
}

type planner struct {
	s     *Service
	ctx   context.Context //nolint:containedctx // that of one call
	build *Build
	query DeviceQuery
	plan  *Plan

	here  []*Image                 // of the build
	types map[wispwright.ID]string // of the images of the category
	has   map[wispwright.ID]string // the versions of those images
	seen  map[wispwright.ID]bool   // devices
}

// images reads those of the build, and those that related devices have.
func (p *planner) images() error {
	builds, err := p.s.stores.Builds.List(p.ctx, wispwright.ScopeAll(), BuildFilter{CategoryID: p.build.CategoryID}, unpaged())
	if err != nil {
		return err
	}
	var ids []wispwright.ID
	versions := map[wispwright.ID]string{}
	for _, b := range builds.Rows {
		ids, versions[b.ID] = append(ids, b.ID), b.Version
	}
	images, err := p.s.stores.Images.List(p.ctx, wispwright.ScopeAll(), ImageFilter{BuildIDs: wispwright.Only(ids...)}, unpaged())
	if err != nil {
		return err
	}
	p.types, p.has, p.seen = map[wispwright.ID]string{}, map[wispwright.ID]string{}, map[wispwright.ID]bool{}
	for _, i := range images.Rows {
		p.types[i.ID], p.has[i.ID] = i.Type, versions[i.BuildID]
		if i.BuildID == p.build.ID {
			p.here = append(p.here, i)
		}
	}
	return nil
}

// related are devices with an image of the category that is not this build's, or
// not installed.
func (p *planner) related() error {
	ids := make([]wispwright.ID, 0, len(p.types))
	for id := range p.types {
		ids = append(ids, id)
	}
	f := DeviceFirmwareFilter{ImageIDs: wispwright.Only(ids...), DeviceIDs: p.query.IDs}
	for offset := 0; ; offset += plannedAtOnce {
		rows, err := p.s.stores.Devices.List(p.ctx, wispwright.ScopeAll(), f, wispwright.Page{Offset: offset, Limit: plannedAtOnce, NoTotal: true})
		if err != nil {
			return err
		}
		var some []wispwright.ID
		for _, r := range rows.Rows {
			some = append(some, r.DeviceID)
		}
		q := p.query
		q.IDs = wispwright.Only(some...)
		devices, err := p.s.fleet.Find(p.ctx, wispwright.ScopeAll(), q, unpaged())
		if err != nil {
			return err
		}
		known := map[wispwright.ID]*Device{}
		for _, d := range devices {
			known[d.ID] = d
		}
		var targets []Target
		for _, r := range rows.Rows {
			p.seen[r.DeviceID] = true
			if d := known[r.DeviceID]; d != nil && !(r.Installed && p.isHere(r.ImageID)) {
				targets = append(targets, Target{Device: d, Firmware: r, Version: p.has[r.ImageID]})
			}
		}
		if err := p.add(targets); err != nil {
			return err
		}
		if len(rows.Rows) < plannedAtOnce {
			return nil
		}
	}
}

func (p *planner) isHere(image wispwright.ID) bool {
	return slices.ContainsFunc(p.here, func(i *Image) bool { return i.ID == image })
}

// firmwareless are devices of which no firmware is known, and that an image fits.
func (p *planner) firmwareless() error {
	var models []string
	for _, i := range p.here {
		models = append(models, p.s.options.Types.models(i)...)
	}
	if len(models) == 0 {
		return nil
	}
	q := p.query
	q.Models = wispwright.Only(models...)
	for offset := 0; ; offset += plannedAtOnce {
		devices, err := p.s.fleet.Find(p.ctx, wispwright.ScopeAll(), q, wispwright.Page{Offset: offset, Limit: plannedAtOnce, NoTotal: true})
		if err != nil {
			return err
		}
		var ids []wispwright.ID
		for _, d := range devices {
			ids = append(ids, d.ID)
		}
		have, err := p.s.stores.Devices.List(p.ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{DeviceIDs: wispwright.Only(ids...)}, unpaged())
		if err != nil {
			return err
		}
		for _, r := range have.Rows {
			p.seen[r.DeviceID] = true // of another category, which it keeps
		}
		var targets []Target
		for _, d := range devices {
			if !p.seen[d.ID] {
				p.seen[d.ID] = true
				targets = append(targets, Target{Device: d})
			}
		}
		if err := p.add(targets); err != nil {
			return err
		}
		if len(devices) < plannedAtOnce {
			return nil
		}
	}
}

// add says of targets which image they get, or why none.
func (p *planner) add(targets []Target) error {
	if len(targets) == 0 {
		return nil
	}
	ids := make([]wispwright.ID, len(targets))
	for i, t := range targets {
		ids[i] = t.Device.ID
	}
	ways, err := p.s.options.Reacher.Strategies(p.ctx, ids...)
	if err != nil {
		return err
	}
	for _, t := range targets {
		strategy, connected := ways[t.Device.ID]
		upgrader := p.s.options.Upgraders.Of(strategy)
		image := p.imageFor(&t)
		switch {
		case t.Device.Deactivated:
			t.Skip = isDeactivated
		case image == nil:
			t.Skip = "The build has no image for this device."
		case image.Metadata.Status == invalid:
			t.Skip = contradicting
		case !connected:
			t.Skip = "No related connection or credentials found for this device."
		case upgrader == nil:
			t.Skip = "No upgrader is known for the connections of the device."
		default:
			t.Image = image
			if p.plan.Upgrader == nil {
				p.plan.Upgrader = upgrader
			}
		}
		p.plan.Targets = append(p.plan.Targets, t)
	}
	return nil
}

// imageFor is the image of the build for a device: that of the type it has, else
// one that fits its model.
func (p *planner) imageFor(t *Target) *Image {
	fits := func(i *Image) bool { return p.s.options.Types.Fits(i, t.Device.Model) }
	if t.Firmware != nil {
		imageType := p.types[t.Firmware.ImageID]
		if i := slices.IndexFunc(p.here, func(i *Image) bool { return i.Type == imageType && fits(i) }); i >= 0 {
			return p.here[i]
		}
		return nil
	}
	if own := p.s.options.Types.OfModel(t.Device.Model); own != nil {
		if i := slices.IndexFunc(p.here, func(i *Image) bool { return i.Type == own.Name }); i >= 0 {
			return p.here[i]
		}
	}
	if i := slices.IndexFunc(p.here, fits); i >= 0 {
		return p.here[i]
	}
	return nil
}
