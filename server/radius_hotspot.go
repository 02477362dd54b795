package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius/gateway"
	"github.com/wispwright/wispwright/radius/hotspot"
	"github.com/wispwright/wispwright/radius/portal"
)

// hotspotIn is what a hotspot is to be like.
type hotspotIn struct {
	Name         rest.Opt[string] `json:"name" required:"true" maxLength:"64"`
	Gateway      rest.Opt[string] `json:"gateway" required:"true" enum:"opennds,coovachilli"`
	SSID         rest.Opt[string] `json:"ssid" blank:"true" maxLength:"32"`
	Radio        rest.Opt[string] `json:"radio" blank:"true" maxLength:"15"`
	Network      rest.Opt[string] `json:"network" blank:"true" maxLength:"32" help:"The clients' network; default: 10.42.0.0/22."`
	RADIUSServer rest.Opt[string] `json:"radius_server" blank:"true" maxLength:"253" help:"For CoovaChilli."`
	RADIUSSecret rest.Opt[string] `json:"radius_secret" blank:"true" maxLength:"60" trim:"false" writeOnly:"true"`
	Allowed      rest.Opt[string] `json:"allowed" blank:"true" maxLength:"2000" help:"Hosts that clients may reach before they logged in, separated by commas."`
}

// hotspotOut is the template that was made.
type hotspotOut struct {
	ID           wispwright.ID `json:"id"`
	Name         string        `json:"name"`
	Organization wispwright.ID `json:"organization"`
}

// mountHotspots adds the template that makes a device a hotspot, where there are
// templates.
func (c *RadiusConcern) mountHotspots(h *Host) {
	templates, ok := Find[*ControllerConcern](h.mounted)
	if !ok {
		return
	}
	c.templates = templates
	templates.Extend(nil, hotspotVariables{c.portal})
	h.wire(Wire{"portal.Settings.Saved", "controller: secrets of hotspots", hook(c.portal.Settings.Saved.Subscribe, c.renewHotspots)})
	op := rest.Action("POST", "radius_hotspot_template_create", http.StatusCreated, func(r *rest.Request, in *hotspotIn) (hotspotOut, error) {
		id := r.ID("id")
		if !r.WriteScope().Allows(id) {
			return hotspotOut{}, wispwright.ErrNotFound
		}
		if !r.Can("portal.change_settings") { // the portal's settings change with it
			return hotspotOut{}, wispwright.ErrForbidden
		}
		t, err := c.makeHotspot(r.Context(), id, in)
		if err != nil {
			return hotspotOut{}, err
		}
		return hotspotOut{t.ID, t.Name, t.OrganizationID}, nil
	})
	op.Summary, op.Permission = "Make a template that makes an OpenWrt device a hotspot", "config.add_template"
	h.API().Mount(&rest.View{Path: "/api/v1/radius/organization/{id}/hotspot-template/", Name: "Hotspot Template", Noun: "Organization", Tag: "radius", Kind: "portal.settings"}, op)
}

// hotspotNotes stand on the template.
const hotspotNotes = "Makes an OpenWrt device a hotspot. Its package must be in the image. Documentation: docs/tutorials/hotspot.md"

// makeHotspot stores the template, and gives the portal the dialect and, where it has
// none, a secret.
func (c *RadiusConcern) makeHotspot(ctx context.Context, organization wispwright.ID, in *hotspotIn) (*controller.Template, error) {
	o, err := radiusOrganizations{c.Tenancy.Tenancy}.Get(ctx, organization)
	if err != nil {
		return nil, err
	}
	options := hotspot.Options{Gateway: in.Gateway.V, SSID: in.SSID.V, Radio: in.Radio.V, RADIUSServer: in.RADIUSServer.V}
	for _, host := range strings.Split(in.Allowed.V, ",") {
		if host = strings.TrimSpace(host); host != "" {
			options.Allowed = append(options.Allowed, host)
		}
	}
	if text := in.Network.V; text != "" {
		if options.Network, err = netip.ParsePrefix(text); err != nil {
			return nil, wispwright.Invalid("network", "Enter a network such as 10.42.0.0/22.")
		}
	}
	if in.Name.V == "" {
		return nil, wispwright.Invalid("name", valid.Blank)
	}
	site := strings.TrimRight(c.Tenancy.Config.SiteURL, "/")
	api := site + "/api/v1/radius/organization/" + o.Slug
	options.ReportURL, options.CaptiveURL = api+"/hotspot-session/", api+"/captive-portal/"
	t := &controller.Template{OrganizationID: organization, Name: in.Name.V, Type: controller.TemplateGeneric, Backend: "netjsonconfig.OpenWrt", Notes: hotspotNotes}
	err = c.base.Do(ctx, "radius.Hotspot", func(ctx context.Context) error {
		set, err := c.portal.Settings.Change(ctx, everyone(), organization, func(s *portal.Settings) error {
			dialect := in.Gateway.V
			s.Dialect = &dialect
			if s.GatewaySecret == "" {
				s.GatewaySecret = wispwright.Secret(randomKey())
			}
			if in.RADIUSSecret.V != "" {
				s.RADIUSSecret = wispwright.Secret(in.RADIUSSecret.V)
			}
			if dialect == gateway.CoovaChilli && s.RADIUSSecret == "" {
				return wispwright.Invalid("radius_secret", "CoovaChilli needs the secret of the RADIUS server.")
			}
			return nil
		})
		if err != nil {
			return err
		}
		options.PortalURL = c.portal.Settings.InForce(set).Portal(o)
		made, err := hotspot.Make(options)
		if err != nil {
			return err
		}
		t.Config, t.DefaultValues = made.Config, made.Defaults
		return c.templates.Templates.Create(ctx, t)
	})
	return t, err
}

// hotspotVariables gives devices the secrets of hotspots, which no template holds.
type hotspotVariables struct{ portal *portal.Service }

var _ controller.ContextProvider = hotspotVariables{}

// Variables implements controller.ContextProvider.
func (h hotspotVariables) Variables(ctx context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	out := map[wispwright.ID]map[string]any{}
	for _, d := range devices {
		if d.ID.IsZero() || d.OrganizationID.IsZero() { // a form that nobody saved
			continue
		}
		gateways, server, err := h.portal.HotspotSecrets(ctx, d.OrganizationID)
		if err != nil {
			return nil, err
		}
		if gateways != "" {
			out[d.ID] = hotspot.Secrets(d.ID, gateways, server)
		}
	}
	return out, nil
}

// renewHotspots renders the configurations of an organization's devices anew when its
// hotspots get other secrets.
func (c *RadiusConcern) renewHotspots(ctx context.Context, changes ...entity.Change[portal.Settings]) error {
	yes := true
	for _, s := range changes {
		before := &portal.Settings{}
		if s.Before != nil {
			before = s.Before
		}
		if before.GatewaySecret == s.After.GatewaySecret && before.RADIUSSecret == s.After.RADIUSSecret && same(before.Dialect, s.After.Dialect) {
			continue
		}
		for p := (wispwright.Page{Limit: 500, NoTotal: true}); ; p.Offset += p.Limit {
			found, err := c.templates.Devices.List(ctx, everyone(), controller.DeviceFilter{OrganizationID: s.After.OrganizationID, HasConfig: &yes}, p)
			if err != nil {
				return err
			}
			ids := make([]wispwright.ID, len(found.Rows))
			for i, d := range found.Rows {
				ids[i] = d.Device.ID
			}
			if err := c.templates.Devices.Renew(ctx, "secrets of hotspots changed", ids...); err != nil {
				return err
			}
			if len(ids) < p.Limit {
				break
			}
		}
	}
	return nil
}

// same reports whether two texts that need not be there are equal.
func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// hotspotCommand is wispwright hotspot-template.
type hotspotCommand struct {
	Organization string   `required:"" placeholder:"SLUG" help:"Whose hotspot it is."`
	Gateway      string   `enum:"opennds,coovachilli" default:"opennds" help:"Program on the device: opennds or coovachilli."`
	Name         string   `default:"Hotspot" help:"Name of the template."`
	SSID         string   `default:"Hotspot" help:"Name of the WiFi."`
	Radio        string   `default:"radio0" help:"Radio of the WiFi."`
	Network      string   `default:"10.42.0.0/22" help:"The clients' network."`
	RADIUSServer string   `name:"radius-server" help:"Name or address of the RADIUS server, for CoovaChilli."`
	RADIUSSecret string   `name:"radius-secret" env:"WISPWRIGHT_RADIUS_SECRET" help:"Its secret; better in the environment, as WISPWRIGHT_RADIUS_SECRET."`
	Allowed      []string `help:"Hosts that clients may reach before they logged in."`
}

// Run makes the template.
func (x hotspotCommand) Run(ctx context.Context, p *Session, c *RadiusConcern) error {
	return p.Open(ctx, func(*Server) error {
		if c.templates == nil {
			return errors.New("there are no templates in this program")
		}
		o, err := radiusOrganizations{c.Tenancy.Tenancy}.BySlug(ctx, x.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", x.Organization, err)
		}
		ctx = wispwright.WithCaller(ctx, wispwright.System("wispwright hotspot-template"))
		t, err := c.makeHotspot(ctx, o.ID, &hotspotIn{Name: rest.Some(x.Name), Gateway: rest.Some(x.Gateway), SSID: rest.Some(x.SSID), Radio: rest.Some(x.Radio), Network: rest.Some(x.Network),
			RADIUSServer: rest.Some(x.RADIUSServer), RADIUSSecret: rest.Some(x.RADIUSSecret), Allowed: rest.Some(strings.Join(x.Allowed, ","))})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Out, t.ID)
		return err
	})
}

// randomKey is a secret for gateways, of 120 bits in letters and digits.
func randomKey() string { return strings.ToLower(rand.Text()[:24]) }
