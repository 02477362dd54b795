package moving

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
)

// Firmware takes over categories, builds, images with their files, which image each
// device has, and the upgrades that were made. Nothing is upgraded.
func Firmware(f *firmware.Service) Part {
	return Part{Name: "firmware", Take: func(ctx context.Context, run *Run) error {
		if err := run.Table(ctx, "firmware_upgrader_category", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &firmware.Category{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Description: r.Text("description"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			_, action, err := f.Categories.Adopt(ctx, o, nil)
			return action, err
		}); err != nil {
			return err
		}
		if err := run.Table(ctx, "firmware_upgrader_build", "id", []string{"category_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &firmware.Build{
				ID: r.Required("id"), CategoryID: r.ID("category_id"), Version: r.Text("version"), Changelog: r.Text("changelog"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if r.Has("os") {
				os := r.Text("os")
				o.OS = &os
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return f.Builds.Restore(ctx, o)
		}); err != nil {
			return err
		}
		if err := takeImages(ctx, run, f); err != nil {
			return err
		}
		return takeUpgrades(ctx, run, f)
	}}
}

func takeImages(ctx context.Context, run *Run, f *firmware.Service) error {
	return run.Table(ctx, "firmware_upgrader_firmwareimage", "id", []string{"build_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &firmware.Image{
			ID: r.Required("id"), BuildID: r.ID("build_id"), Type: r.Text("type"), File: r.Text("file"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		if f.Types().Get(o.Type) == nil {
			run.Notice("the type of images %s is not known here: say in its image which boards it fits, or add it to firmware.custom_images", o.Type)
		}
		return f.Images.Restore(ctx, o, run.DryRun(), func() (io.ReadCloser, error) {
			file, err := run.Media(o.File)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, wispwright.Invalid("file", "the file "+o.File+" is not among the media.")
			}
			return file, err
		})
	})
}

// takeUpgrades also takes which image devices have.
func takeUpgrades(ctx context.Context, run *Run, f *firmware.Service) error {
	owners, err := run.pairs(ctx, "config_device", "id", "organization_id")
	if err != nil {
		return err
	}
	if err := run.Table(ctx, "firmware_upgrader_devicefirmware", "id", []string{"device_id", "image_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &firmware.DeviceFirmware{
			ID: r.Required("id"), OrganizationID: owner(owners, r.ID("device_id")), DeviceID: r.ID("device_id"), ImageID: r.ID("image_id"),
			Installed: r.Flag("installed"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return f.Devices.Restore(ctx, o)
	}); err != nil {
		return err
	}
	if err := run.Table(ctx, "firmware_upgrader_batchupgradeoperation", "id", []string{"build_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &firmware.Batch{
			ID: r.Required("id"), BuildID: r.ID("build_id"), Status: firmware.Status(r.Text("status")), Options: r.JSON("upgrade_options"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		if !o.Status.Ended() {
			run.Notice("the mass upgrade %s had not ended: it counts as cancelled here", o.ID)
		}
		return f.Batches.Restore(ctx, o)
	}); err != nil {
		return err
	}
	return run.Table(ctx, "firmware_upgrader_upgradeoperation", "id", []string{"device_id", "batch_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &firmware.Operation{
			ID: r.Required("id"), OrganizationID: owner(owners, r.ID("device_id")), DeviceID: r.ID("device_id"), ImageID: r.ID("image_id"), BatchID: r.ID("batch_id"),
			Status: firmware.Status(r.Text("status")), Log: r.Text("log"), Options: r.JSON("upgrade_options"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if run.LeftOut(o.ImageID) {
			o.ImageID = wispwright.ID{}
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return f.Operations.Restore(ctx, o)
	})
}
