package controller

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
)

// noReason is stored for an error without one (spec: controller-config §3).
const noReason = "Reason not reported by the device."

const maxReason = 1024

// cutReason keeps an error reason within its column, and out of it what no
// database takes (spec: controller-config §1.2).
func cutReason(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(text) <= maxReason {
		return text
	}
	return string([]rune(text)[:1012]) + "\n[truncated]"
}

// ReportStatus stores how a device fared with its configuration and returns
// the resulting status, which is not always the reported one. Devices report
// applied, running (an older word for it) or error; an empty status is a
// *MissingParameterError, any other ErrWrongStatus
// (spec: controller-config §3, §10.7).
//
// A device that says applied runs what it fetched last. When something else is
// wanted by now the status stays modified: the device will fetch it.
func (s *Agents) ReportStatus(ctx context.Context, a protocol.Credentials, status, reason string) (Status, error) {
	p, err := s.agents.authenticate(ctx, a)
	if err != nil {
		return "", err
	}
	switch status {
	case "":
		return "", &protocol.MissingParameterError{Name: "status"}
	case "applied", "running", "error":
	default:
		return "", protocol.ErrWrongStatus
	}
	r := report{failed: status == "error"}
	if r.failed {
		if r.reason = cutReason(reason); r.reason == "" {
			r.reason = noReason
		}
	}
	var after Status
	err = s.agents.kit.Do(asDevice(ctx, p.Name, a.Peer.String()), "controller.Agents.ReportStatus", func(ctx context.Context) error {
		var err error
		if p.Status == StatusDeactivating {
			after, err = s.agents.reportGone(ctx, p.DeviceID, r)
			return err
		}
		after, err = s.agents.report(ctx, p, r)
		return err
	})
	return after, err
}

type report struct {
	failed bool
	reason string
}

// report stores the outcome of an active device.
func (c *agents) report(ctx context.Context, p *poll, r report) (Status, error) {
	config, err := c.lockConfig(ctx, p.DeviceID)
	if err != nil {
		return "", err
	}
	if config == nil {
		return "", wispwright.ErrNotFound
	}
	if config.Status == StatusDeactivating || config.Status == StatusDeactivated {
		// the device was deactivated while it asked; it reports again
		if err := c.forgetDevices(ctx, p.DeviceID); err != nil {
			return "", err
		}
		return config.Status, nil
	}
	before := copyOf(config)
	config.Status, config.ErrorReason = StatusApplied, ""
	switch {
	case r.failed:
		config.Status, config.ErrorReason = StatusError, r.reason
	case config.Served != "":
		config.Reported = config.Served
		if config.Served != config.Desired {
			config.Status = StatusModified
		}
	}
	if err := c.reported(ctx, before, config); err != nil {
		return "", err
	}
	d := &Device{ID: p.DeviceID, OrganizationID: p.OrganizationID, Name: p.Name}
	c.statusChanged(ctx, d, config, before.Status)
	if config.Status == before.Status && config.ErrorReason == before.ErrorReason {
		return config.Status, nil
	}
	return config.Status, c.record(ctx, "change", "reported by the device", &Detail{Device: d, Config: before}, &Detail{Device: d, Config: config})
}

// reported writes a configuration after a report, if that changed it, and
// notes in the history when a version arrived first.
func (c *agents) reported(ctx context.Context, before, config *Config) error {
	if config.Status != before.Status || config.ErrorReason != before.ErrorReason || config.Reported != before.Reported {
		if err := c.stores.Configs.SaveProgress(ctx, []*Config{config}); err != nil {
			return err
		}
	}
	if config.Reported == before.Reported || config.Reported != config.Desired {
		return nil
	}
	return c.stores.Versions.Mark(ctx, config.VersionID, time.Time{}, c.now())
}

// reportGone ends the deactivation of a device that removed its configuration.
// The device's row is locked before the configuration's, as everywhere.
func (c *agents) reportGone(ctx context.Context, id wispwright.ID, r report) (Status, error) {
	var before, after Detail
	device, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), id, func(d *Device) error {
		copied := *d
		config, err := c.lockConfig(ctx, d.ID)
		if err != nil {
			return err
		}
		if config == nil {
			return wispwright.ErrNotFound
		}
		before, after = Detail{Device: &copied, Config: copyOf(config)}, Detail{Config: config}
		if config.Status != StatusDeactivating {
			return nil // it was activated while it asked
		}
		config.Status, config.ErrorReason = StatusDeactivated, ""
		if !r.failed && config.Served != "" {
			config.Reported = config.Served
		}
		d.ManagementIP = netip.Addr{}
		if err := c.reported(ctx, before.Config, config); err != nil {
			return fmt.Errorf("end deactivation: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	after.Device = device
	if after.Config.Status == before.Config.Status {
		return after.Config.Status, c.forgetDevices(ctx, id)
	}
	if err := c.deviceSaved(ctx, before.Device, after.Device); err != nil {
		return "", err
	}
	c.statusChanged(ctx, after.Device, after.Config, before.Config.Status)
	return after.Config.Status, c.record(ctx, "change", "reported by the device", &before, &after)
}
