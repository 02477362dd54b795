package firmware

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// The sentences about firmware of devices (spec: firmware §1.1; additions F-11).
const (
	noCredentials  = `This device does not have a related connection object defined yet and therefore it would not be possible to upgrade it, please add one in the section named "Credentials"`
	otherModel     = "Device model and image model do not match"
	otherOwner     = "The organization of the image doesn't match the organization of the device"
	isDeactivated  = "The device is deactivated."
	contradicting  = "The image says that it is for other hardware; it must be confirmed first."
	notPersistable = "An operation of a batch is as persistent as the batch."
)

// Devices is the service of the images that devices have.
type Devices struct {
	*entity.Service[wispwright.ID, DeviceFirmware, DeviceFirmwareFilter]
	s *Service
}

func newDevices(s *Service) *Devices {
	d := &Devices{s: s}
	d.Service = entity.New(s.base, s.stores.Devices, entity.Kind[wispwright.ID, DeviceFirmware]{
		Name: "firmware.Devices", Model: "firmware_upgrader.devicefirmware", Label: func(o *DeviceFirmware) string { return o.DeviceID.String() },
		Unique: map[string]error{UniqueDeviceFirmware: wispwright.Invalid("device", valid.Taken("Device Firmware", "Device"))},
	})
	return d
}

// Of returns what a device has, or wispwright.ErrNotFound.
func (d *Devices) Of(ctx context.Context, scope wispwright.Scope, device wispwright.ID) (*DeviceFirmware, error) {
	return d.First(ctx, scope, DeviceFirmwareFilter{DeviceID: device})
}

// Choice is what somebody wants of a device's firmware.
type Choice struct {
	// ImageID is the image.
	ImageID wispwright.ID
	// Options are for the upgrader: a JSON object, "" the same as {}.
	Options wispwright.JSON
	// Persistent keeps trying while the device cannot be reached.
	Persistent bool
}

// Set says which image a device within the scope is to have, and begins an upgrade
// unless that is what it has already (spec: firmware §2). The operation is nil when
// nothing was begun. created says whether the device had none before.
func (d *Devices) Set(ctx context.Context, scope wispwright.Scope, device wispwright.ID, c Choice) (after *DeviceFirmware, operation *Operation, created bool, err error) {
	dev, err := d.s.fleet.Device(ctx, scope, device)
	if err != nil {
		return nil, nil, false, err
	}
	if dev.Deactivated {
		return nil, nil, false, wispwright.Forbidden("You do not have permission to perform this action.")
	}
	if c.Options == "" {
		c.Options = "{}"
	}
	before, err := d.Of(ctx, wispwright.ScopeAll(), device)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil, false, err
	}
	image, err := d.image(ctx, dev, before, c.ImageID)
	if err != nil {
		return nil, nil, false, err
	}
	upgrades := before == nil || before.ImageID != image.ID || !before.Installed
	if err := d.check(ctx, dev, image, upgrades, c.Options); err != nil {
		return nil, nil, false, err
	}
	err = d.s.base.Do(ctx, "firmware.Devices.Set", func(ctx context.Context) error {
		after, operation, created = nil, nil, before == nil
		if created {
			after = &DeviceFirmware{OrganizationID: dev.OrganizationID, DeviceID: device, ImageID: image.ID}
			if err := d.Create(ctx, after); err != nil {
				return err
			}
		} else if after, err = d.Update(ctx, wispwright.ScopeAll(), before.ID, func(o *DeviceFirmware) error {
			o.ImageID, o.Installed = image.ID, o.Installed && !upgrades
			return nil
		}); err != nil {
			return err
		}
		if !upgrades {
			return nil
		}
		operation = &Operation{DeviceID: device, OrganizationID: dev.OrganizationID, ImageID: image.ID, Options: c.Options, IsPersistent: c.Persistent}
		return d.s.Operations.begin(ctx, operation)
	})
	if err != nil {
		return nil, nil, false, err
	}
	return after, operation, created, nil
}

// image finds the image among those that a device may have (spec: firmware §7):
// its organization's and shared ones, of its type when its model is known, and of
// the category that it has now.
func (d *Devices) image(ctx context.Context, dev *Device, now *DeviceFirmware, id wispwright.ID) (*Image, error) {
	image, err := d.s.stores.Images.Get(ctx, wispwright.ScopeOf(dev.OrganizationID).WithShared(), id)
	if err != nil {
		return nil, valid.Reference(err, "image", id)
	}
	if t := d.s.options.Types.OfModel(dev.Model); t != nil && t.Name != image.Type && !d.s.options.Types.Fits(image, dev.Model) {
		return nil, wispwright.Invalid("image", valid.UnknownPK(id))
	}
	if now == nil || now.ImageID == id {
		return image, nil
	}
	other, err := d.s.categoryOf(ctx, now.ImageID)
	if err == nil {
		var own wispwright.ID
		if own, err = d.s.categoryOf(ctx, id); err == nil && own != other {
			return nil, wispwright.Invalid("image", valid.UnknownPK(id))
		}
	}
	return image, err
}

// categoryOf is the category of an image.
func (s *Service) categoryOf(ctx context.Context, image wispwright.ID) (wispwright.ID, error) {
	i, err := s.stores.Images.Get(ctx, wispwright.ScopeAll(), image)
	if err != nil {
		return wispwright.ID{}, err
	}
	b, err := s.stores.Builds.Get(ctx, wispwright.ScopeAll(), i.BuildID)
	if err != nil {
		return wispwright.ID{}, err
	}
	return b.CategoryID, nil
}

// check holds the rules of spec: firmware §1.1.
func (d *Devices) check(ctx context.Context, dev *Device, image *Image, upgrades bool, options wispwright.JSON) error {
	var v wispwright.ValidationError
	if !image.OrganizationID.IsZero() && image.OrganizationID != dev.OrganizationID {
		v.Add("image", otherOwner)
	}
	if upgrades {
		t, connected, err := d.s.Upgrader(ctx, dev.ID)
		switch {
		case err != nil:
			return err
		case !connected:
			v.Add("", noCredentials)
			return v.Err()
		}
		if err := v.Merge("", d.s.options.Upgraders.check(t, options)); err != nil {
			return err
		}
	}
	if !d.s.options.Types.Fits(image, dev.Model) {
		v.Add("", otherModel)
	} else if upgrades && image.Metadata.Status == invalid {
		v.Add("image", contradicting)
	}
	return v.Err()
}

// Forget takes devices out that are deleted: with them go what they have and their
// history.
func (d *Devices) Forget(ctx context.Context, devices ...wispwright.ID) error {
	if _, err := d.DeleteAll(ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{DeviceIDs: wispwright.Only(devices...)}); err != nil {
		return err
	}
	return d.s.stores.Operations.Leave(ctx, devices...)
}

// Moved takes a device along into another organization. The image that it has
// stays behind, unless it is shared.
func (d *Devices) Moved(ctx context.Context, device, organization wispwright.ID) error {
	row, err := d.Of(ctx, wispwright.ScopeAll(), device)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
	case err != nil:
		return err
	default:
		image, err := d.s.stores.Images.Get(ctx, wispwright.ScopeAll(), row.ImageID)
		if err != nil {
			return err
		}
		if image.OrganizationID.IsZero() {
			_, err = d.Update(ctx, wispwright.ScopeAll(), row.ID, func(o *DeviceFirmware) error { o.OrganizationID = organization; return nil })
		} else {
			err = d.Delete(ctx, wispwright.ScopeAll(), row.ID)
		}
		if err != nil {
			return err
		}
	}
	return d.s.stores.Operations.Move(ctx, device, organization)
}

// Detect notes which image a device runs, when that follows from its model and its
// system; no upgrade is begun (spec: firmware §2.1). It does nothing for a device
// of which that is known already, or without a connection.
func (d *Devices) Detect(ctx context.Context, device wispwright.ID) error {
	dev, err := d.s.fleet.Device(ctx, wispwright.ScopeAll(), device)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil || dev.OS == "" {
		return err
	}
	t := d.s.options.Types.OfModel(dev.Model)
	if t == nil {
		return nil
	}
	builds, err := d.s.stores.Builds.List(ctx, wispwright.ScopeOf(dev.OrganizationID).WithShared(), BuildFilter{OS: dev.OS}, unpaged())
	if err != nil {
		return err
	}
	for _, b := range builds.Rows {
		images, err := d.s.stores.Images.List(ctx, wispwright.ScopeAll(), ImageFilter{BuildID: b.ID, Type: t.Name}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(images.Rows) > 0 {
			return d.detected(ctx, images.Rows[0], dev)
		}
	}
	return nil
}

// detectImage notes which devices run an image that is new.
func (d *Devices) detectImage(ctx context.Context, id wispwright.ID) error {
	image, err := d.s.stores.Images.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	build, err := d.s.stores.Builds.Get(ctx, wispwright.ScopeAll(), image.BuildID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil || build.System() == "" {
		return err
	}
	const atOnce = 500
	q := DeviceQuery{OrganizationID: image.OrganizationID, OS: build.System(), Models: wispwright.Only(d.s.options.Types.models(image)...)}
	for offset := 0; ; offset += atOnce {
		found, err := d.s.fleet.Find(ctx, wispwright.ScopeAll(), q, wispwright.Page{Offset: offset, Limit: atOnce, NoTotal: true})
		if err != nil {
			return err
		}
		if err := d.detected(ctx, image, found...); err != nil {
			return err
		}
		if len(found) < atOnce {
			return nil
		}
	}
}

// detected notes that devices run an image, those of which nothing is known.
func (d *Devices) detected(ctx context.Context, image *Image, devices ...*Device) error {
	var ids []wispwright.ID
	for _, dev := range devices {
		ids = append(ids, dev.ID)
	}
	ways, err := d.s.options.Reacher.Strategies(ctx, ids...)
	if err != nil {
		return err
	}
	known, err := d.List(ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{DeviceIDs: wispwright.Only(ids...)}, unpaged())
	if err != nil {
		return err
	}
	has := map[wispwright.ID]bool{}
	for _, o := range known.Rows {
		has[o.DeviceID] = true
	}
	for _, dev := range devices {
		if _, connected := ways[dev.ID]; !connected || has[dev.ID] || !d.s.options.Types.Fits(image, dev.Model) {
			continue
		}
		err := d.Create(ctx, &DeviceFirmware{OrganizationID: dev.OrganizationID, DeviceID: dev.ID, ImageID: image.ID, Installed: true})
		var invalid *wispwright.ValidationError
		if errors.As(err, &invalid) {
			d.s.options.Log.WarnContext(ctx, "the firmware of a device cannot be noted", "device", dev.ID, "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("firmware.Devices.Detect: %w", err)
		}
	}
	return nil
}

// Choices are the images that a device within the scope may have, the newest first,
// and what it has now, nil when that is not known.
func (d *Devices) Choices(ctx context.Context, scope wispwright.Scope, dev *Device) ([]*Image, *DeviceFirmware, error) {
	now, err := d.Of(ctx, wispwright.ScopeAll(), dev.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		now, err = nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f := ImageFilter{}
	if now != nil {
		category, err := d.s.categoryOf(ctx, now.ImageID)
		if err != nil {
			return nil, nil, err
		}
		builds, err := d.s.stores.Builds.List(ctx, wispwright.ScopeAll(), BuildFilter{CategoryID: category}, unpaged())
		if err != nil {
			return nil, nil, err
		}
		var ids []wispwright.ID
		for _, b := range builds.Rows {
			ids = append(ids, b.ID)
		}
		f.BuildIDs = wispwright.Only(ids...)
	}
	own := scope.Intersect(wispwright.ScopeOf(dev.OrganizationID).WithShared())
	list, err := d.s.stores.Images.List(ctx, own, f, unpaged())
	if err != nil {
		return nil, nil, err
	}
	var out []*Image
	for _, i := range list.Rows {
		if d.s.options.Types.Fits(i, dev.Model) {
			out = append(out, i)
		}
	}
	return out, now, nil
}
