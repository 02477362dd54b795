package controller

import (
	"slices"

	"github.com/wispwright/wispwright/kit/event"
)

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (c *Controller) Events() []event.Listed {
	devices := []event.Listed{
		c.Devices.Saved.Listed("controller.Devices.Saved", "post_save(Device)"),
		c.Devices.Configured.Listed("controller.Devices.Configured", "post_save(Config, created)"),
		c.Devices.Deleting.Listed("controller.Devices.Deleting", "pre_delete(Device)"),
		c.Devices.Modifying.Listed("controller.Devices.Modifying", "config_modified, within the transaction"),
		c.Devices.Changed.Listed("controller.Devices.Changed",
			"device_name_changed, device_group_changed, management_ip_changed, device_activated, device_deactivated"),
		c.Devices.Modified.Listed("controller.Devices.Modified", "config_modified"),
		c.Devices.Renewal.Listed("controller.Devices.Renewal", ""),
		c.Devices.BackendChanged.Listed("controller.Devices.BackendChanged", "config_backend_changed"),
		c.Devices.StatusChanged.Listed("controller.Devices.StatusChanged", "config_status_changed, config_deactivating, config_deactivated"),
		c.Agents.Registered.Listed("controller.Agents.Registered", "device_registered"),
		c.Agents.Requested.Listed("controller.Agents.Requested", "checksum_requested, config_download_requested"),
	}
	return slices.Concat(devices, c.Templates.Listed("Template"), c.Groups.Listed("DeviceGroup"), c.Settings.Listed("OrganizationConfigSettings"))
}
