package controller

import "github.com/wispwright/wispwright/kit/event"

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and whoever is subscribed.
func (c *Controller) Events() []event.Listed {
	return []event.Listed{
		c.Devices.Saved.Listed("controller.Devices.Saved", "post_save(Device)"),
		c.Devices.Deleting.Listed("controller.Devices.Deleting", "pre_delete(Device)"),
		c.Devices.Modifying.Listed("controller.Devices.Modifying", "config_modified, within the transaction"),
		c.Devices.Changed.Listed("controller.Devices.Changed",
			"device_name_changed, device_group_changed, management_ip_changed, device_activated, device_deactivated"),
		c.Devices.Modified.Listed("controller.Devices.Modified", "config_modified"),
		c.Devices.StatusChanged.Listed("controller.Devices.StatusChanged", "config_status_changed, config_deactivating, config_deactivated"),
		c.Agents.Registered.Listed("controller.Agents.Registered", "device_registered"),
		c.Agents.Requested.Listed("controller.Agents.Requested", "checksum_requested, config_download_requested"),
		c.Templates.Saved.Listed("controller.Templates.Saved", "post_save(Template)"),
		c.Templates.Deleting.Listed("controller.Templates.Deleting", "pre_delete(Template)"),
		c.Templates.Changed.Listed("controller.Templates.Changed", "post_save(Template)"),
		c.Settings.Changed.Listed("controller.Settings.Changed", "post_save(OrganizationConfigSettings)"),
	}
}
