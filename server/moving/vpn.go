package moving

import (
	"context"
	"crypto/sha1"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
)

// VPN takes over servers, and devices as their clients, with certificates, keys and
// addresses.
func VPN(v *vpn.VPN) Part {
	return Part{Name: "vpn", Take: func(ctx context.Context, run *Run) error {
		known, err := run.networks(ctx)
		if err != nil {
			return err
		}
		if err := run.Table(ctx, "config_vpn", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &vpn.Server{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Host: r.Text("host"), Key: r.Secret("key"),
				Backend: r.Text("backend"), CAID: r.Number("ca_id"), CertID: r.Number("cert_id"), Config: r.JSON("config"), Notes: r.Text("notes"),
				SubnetID: r.ID("subnet_id"), AddressID: r.ID("ip_id"), WebhookEndpoint: r.Text("webhook_endpoint"), AuthToken: r.Secret("auth_token"),
				DH: r.Text("dh"), PublicKey: r.Text("public_key"), PrivateKey: r.Secret("private_key"),
				NodeID: r.Text("node_id"), NetworkID: r.Text("network_id"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			o.Subnet, o.Address = known.subnets[o.SubnetID], known.addresses[o.AddressID]
			if err := r.Err(); err != nil {
				return "", err
			}
			return v.Servers.Restore(ctx, o)
		}); err != nil {
			return err
		}
		return takeClients(ctx, run, v, known)
	}}
}

// takeClients makes devices clients. OpenWISP knows them by their configuration and
// does not say which template made them: it is the one that leads to the server.
func takeClients(ctx context.Context, run *Run, v *vpn.VPN, known *networks) error {
	const table = "config_vpnclient"
	if !run.Has("config_config") {
		return nil
	}
	type owner struct{ device, organization wispwright.ID }
	configs, err := run.Read(ctx, "config_config", "SELECT c.id, c.device_id, d.organization_id FROM config_config c JOIN config_device d ON d.id = c.device_id")
	if err != nil {
		return err
	}
	owners := make(map[wispwright.ID]owner, len(configs))
	for _, row := range configs {
		owners[row.ID("id")] = owner{row.ID("device_id"), row.ID("organization_id")}
	}
	servers, err := run.Read(ctx, "config_vpn", "SELECT id, created FROM config_vpn")
	if err != nil {
		return err
	}
	since := make(map[wispwright.ID]time.Time, len(servers))
	for _, row := range servers {
		since[row.ID("id")] = row.Instant("created")
	}
	leading, err := run.Read(ctx, "config_config_templates", "SELECT x.config_id, x.template_id, t.vpn_id FROM config_config_templates x JOIN config_template t ON t.id = x.template_id"+
		" WHERE t.vpn_id IS NOT NULL AND t.type = '"+string(controller.TemplateVPN)+"' ORDER BY x.config_id, x.sort_value, x.id")
	if err != nil {
		return err
	}
	type place struct{ config, server wispwright.ID }
	templates := map[place]wispwright.ID{}
	for _, row := range leading {
		p := place{row.ID("config_id"), row.ID("vpn_id")}
		if templates[p].IsZero() {
			templates[p] = row.ID("template_id")
		}
	}
	return run.Table(ctx, table, "id", []string{"vpn_id"}, func(ctx context.Context, r *Row) (string, error) {
		config, server, number := r.ID("config_id"), r.ID("vpn_id"), r.Number("id")
		o := owners[config]
		if run.LeftOut(o.device) {
			return "", errLeaveOut
		}
		// those of a server come in the order of their numbers
		at := since[server].Add(time.Duration(number) * time.Microsecond)
		cl := &vpn.Client{
			ID: numbered(table, number), ServerID: server, DeviceID: o.device, TemplateID: templates[place{config, server}], OrganizationID: o.organization,
			AutoCert: r.Flag("auto_cert"), CertID: r.Number("cert_id"), AddressID: r.ID("ip_id"), PublicKey: r.Text("public_key"),
			PrivateKey: r.Secret("private_key"), Identity: r.Secret("secret"), VNI: r.Count("vni"), Created: at, Modified: at,
		}
		cl.Address = known.addresses[cl.AddressID]
		if err := r.Err(); err != nil {
			return "", err
		}
		if o.device.IsZero() || server.IsZero() {
			return "", wispwright.Invalid("config", "belongs to no device.")
		}
		return v.Clients.Restore(ctx, cl)
	})
}

// numbered is the id of what has a number in OpenWISP: the same in every run
// (RFC 9562, version 5).
func numbered(table string, number int64) wispwright.ID {
	sum := sha1.Sum([]byte("openwisp " + table + " " + strconv.FormatInt(number, 10)))
	var id wispwright.ID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
