package moving

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// Controller takes over templates and devices with their configurations. The
// configurations come last of all, as they are rendered: what they are made of must
// be there.
func Controller(c *controller.Controller) Part {
	return Part{
		Name: "controller",
		Take: func(ctx context.Context, run *Run) error {
			if err := takeTemplates(ctx, run, c); err != nil {
				return err
			}
			if err := takeGroups(ctx, run, c); err != nil {
				return err
			}
			return run.Table(ctx, "config_device", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
				d := &controller.Device{
					ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), MACAddress: r.Text("mac_address"),
					Key: r.Secret("key"), Model: r.Text("model"), OS: r.Text("os"), System: r.Text("system"), Notes: r.Text("notes"),
					LastIP: r.Addr("last_ip"), ManagementIP: r.Addr("management_ip"), HardwareID: r.Text("hardware_id"),
					GroupID: r.ID("group_id"), IsDeactivated: r.Flag("_is_deactivated"), Created: r.Instant("created"), Modified: r.Instant("modified"),
				}
				if run.LeftOut(d.GroupID) {
					d.GroupID = wispwright.ID{}
				}
				if err := r.Err(); err != nil {
					return "", err
				}
				return c.Devices.Adopt(ctx, d)
			})
		},
		Finish: func(ctx context.Context, run *Run) error { return takeConfigs(ctx, run, c) },
	}
}

func takeTemplates(ctx context.Context, run *Run, c *controller.Controller) error {
	tags, err := run.templateTags(ctx)
	if err != nil {
		return err
	}
	return run.Table(ctx, "config_template", "id", []string{"organization_id", "vpn_id"}, func(ctx context.Context, r *Row) (string, error) {
		t := &controller.Template{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Type: controller.TemplateType(r.Text("type")),
			Backend: r.Text("backend"), VPNID: r.ID("vpn_id"), AutoCert: r.Flag("auto_cert"), Tags: slices.Clone(tags[r.ID("id")]),
			Default: r.Flag("default"), Required: r.Flag("required"), DefaultValues: r.JSON("default_values"), Config: r.JSON("config"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if t.Type != controller.TemplateVPN {
			t.VPNID, t.AutoCert = wispwright.ID{}, false
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return c.Templates.Restore(ctx, t)
	})
}

func takeGroups(ctx context.Context, run *Run, c *controller.Controller) error {
	templates, err := run.templatesOf(ctx, "config_devicegroup_templates", "devicegroup_id")
	if err != nil {
		return err
	}
	return run.Table(ctx, "config_devicegroup", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		g := &controller.Group{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Description: r.Text("description"), Templates: templates[r.ID("id")],
			Context: r.JSON("context"), MetaData: r.JSON("meta_data"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return c.Groups.Restore(ctx, g)
	})
}

// templateTags are the tags of templates.
func (r *Run) templateTags(ctx context.Context) (map[wispwright.ID][]string, error) {
	const tagged = "config_taggedtemplate"
	if !r.Has("config_templatetag") {
		return nil, nil
	}
	rows, err := r.Read(ctx, tagged, "SELECT x.object_id, t.name FROM "+tagged+" x JOIN config_templatetag t ON t.id = x.tag_id ORDER BY t.name")
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID][]string{}
	for _, row := range rows {
		id := row.ID("object_id")
		out[id] = append(out[id], row.Text("name"))
	}
	return out, nil
}

// templatesOf are the templates of configurations or groups, by what has them and in
// their order.
func (r *Run) templatesOf(ctx context.Context, table, owner string) (map[wispwright.ID][]wispwright.ID, error) {
	rows, err := r.Read(ctx, table, "SELECT "+owner+", template_id FROM "+table+" ORDER BY "+owner+", sort_value, id")
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID][]wispwright.ID{}
	for _, row := range rows {
		id, template := row.ID(owner), row.ID("template_id")
		if !r.LeftOut(template) {
			out[id] = append(out[id], template)
		}
	}
	return out, nil
}

// takeConfigs renders every configuration as OpenWISP does.
func takeConfigs(ctx context.Context, run *Run, c *controller.Controller) error {
	if !run.Has("config_device") {
		return nil
	}
	templates, err := run.templatesOf(ctx, "config_config_templates", "config_id")
	if err != nil {
		return err
	}
	macs, err := run.Read(ctx, "config_device", "SELECT id, mac_address FROM config_device")
	if err != nil {
		return err
	}
	written := make(map[wispwright.ID]string, len(macs))
	for _, row := range macs {
		written[row.ID("id")] = row.Text("mac_address")
	}
	return run.Table(ctx, "config_config", "id", []string{"device_id"}, func(ctx context.Context, r *Row) (string, error) {
		device := r.Required("device_id")
		config := &controller.Config{
			ID: r.Required("id"), DeviceID: device, Backend: r.Text("backend"), Config: r.JSON("config"), Context: r.JSON("context"),
			Templates: templates[r.ID("id")], Status: controller.Status(r.Text("status")), ErrorReason: r.Text("error_reason"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if !slices.Contains(controller.Statuses(), config.Status) {
			r.fault("status", "a status of a configuration")
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		if config.Backend == "netjsonconfig.OpenWisp" {
			run.Notice("devices of the backend OpenWisp get other scripts here, and apply their configuration once")
		}
		return c.Devices.AdoptConfig(ctx, config, written[device])
	})
}
