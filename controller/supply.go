package controller

import (
	"context"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// Provision is a configuration that is about to be rendered.
type Provision struct {
	// Device is whose it is. A device that is being created is not stored yet;
	// it is stored in the same transaction, or nothing is.
	Device *Device
	// Templates are those it is made of from now on, in their order.
	Templates []*Template
	// New is true of a device's first configuration.
	New bool
	// Refused is set by a Provisioner that cannot make what the configuration needs: a
	// sentence for people. What somebody asked for is refused with it; a device that
	// runs already keeps its last good version.
	Refused string
}

// Provisioner makes what configurations need before they are rendered, such as
// keys and addresses, and takes back what they need no more.
type Provisioner interface {
	// Provision is called inside the transaction that renders configurations anew,
	// with the rows of the devices held; a device that is taken out of service has
	// no templates. It is called again for what was provisioned before, and more
	// than once for a new one, so it makes only what is missing. It must not keep
	// what it is given.
	Provision(ctx context.Context, list []Provision) error
}

// VPNs is what configuration management needs of VPN servers
// (spec: controller-config §9); package vpn is one.
type VPNs interface {
	// CheckTemplate returns what is wrong with the server of a template of the
	// type TemplateVPN, as a *wispwright.ValidationError, and fills in its
	// configuration where that is empty.
	CheckTemplate(ctx context.Context, t *Template) error
	// ServerVariables returns what servers contribute to the templates that lead
	// to them, by the ids of the servers; those that do not exist are left out. In a
	// transaction they stay as they are until it ends.
	ServerVariables(ctx context.Context, servers ...wispwright.ID) (map[wispwright.ID]map[string]any, error)
	// Name is what people call a server; empty for one that does not exist.
	Name(ctx context.Context, server wispwright.ID) (string, error)
	// Exists reports whether a scope has a server.
	Exists(ctx context.Context, scope wispwright.Scope, server wispwright.ID) (bool, error)
	// ContextProvider has the variables of the clients, which are weaker than those of
	// other providers and stronger than those of the organization.
	ContextProvider
	// Provisioner makes the clients of devices.
	Provisioner
}

// extensions are what other concerns contribute to configurations.
type extensions struct {
	vpns         VPNs
	providers    []ContextProvider
	provisioners []Provisioner
	certificates func(ctx context.Context, before, after *Template) error
	stager       func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]*Staged, error)
}

// AttachVPNs lets templates lead to VPN servers. Call it before anything is
// served.
func (c *Controller) AttachVPNs(v VPNs) { c.fleet.extensions.vpns = v }

// Extend adds a concern that makes something for configurations and contributes
// variables, stronger than those of VPNs; either may be nil. Call it before
// anything is served.
func (c *Controller) Extend(p Provisioner, v ContextProvider) {
	if p != nil {
		c.fleet.extensions.provisioners = append(c.fleet.extensions.provisioners, p)
	}
	if v != nil {
		c.fleet.extensions.providers = append(c.fleet.extensions.providers, v)
	}
}

// AttachCertificates lets templates give devices certificates: check returns what is
// wrong with one that does so, or did before, as a *wispwright.ValidationError, and
// fills in its configuration where that is empty. Call it before anything is served.
func (c *Controller) AttachCertificates(check func(ctx context.Context, before, after *Template) error) {
	c.fleet.extensions.certificates = check
}

// VPNExists reports whether a scope has a VPN server; where there are no servers
// at all it has none.
func (c *Controller) VPNExists(ctx context.Context, scope wispwright.Scope, server wispwright.ID) (bool, error) {
	if v := c.fleet.extensions.vpns; v != nil {
		return v.Exists(ctx, scope, server)
	}
	return false, nil
}

// supply provisions configurations and reads their variables. It is called inside
// the transaction that renders them.
func (c *configs) supply(ctx context.Context, first bool, list ...*material) error {
	x := c.extensions
	if !first { // what is new has nothing staged
		if err := c.stage(ctx, list...); err != nil {
			return err
		}
	}
	if x.vpns != nil || len(x.provisioners) > 0 {
		wanted := make([]Provision, len(list))
		for i, m := range list {
			wanted[i] = Provision{Device: m.device, Templates: m.templates, New: first}
		}
		// addresses that others give come before clients that need them
		all := slices.Clone(x.provisioners)
		if x.vpns != nil {
			all = append(all, x.vpns)
		}
		for _, p := range all {
			if err := p.Provision(ctx, wanted); err != nil {
				return err
			}
		}
		for i, m := range list {
			m.refused = wanted[i].Refused
		}
	}
	return c.addProvided(ctx, list...)
}

// addProvided asks for the variables of groups and of others.
func (c *configs) addProvided(ctx context.Context, list ...*material) error {
	devices := make([]*Device, len(list))
	var servers []wispwright.ID
	for i, m := range list {
		devices[i] = m.device
		servers = append(servers, serversOf(m.templates)...)
	}
	provided, err := c.provide(ctx, devices...)
	if err != nil {
		return err
	}
	groups, err := c.heldGroups(ctx, devices...)
	if err != nil {
		return err
	}
	of, err := c.serverVariables(ctx, servers...)
	for _, m := range list {
		m.provided, m.servers, m.group = provided[m.device.ID], of, groups[m.device.GroupID]
		if m.staged != nil {
			m.staged.lay(m)
		}
	}
	return err
}

func (c *configs) serverVariables(ctx context.Context, servers ...wispwright.ID) (map[wispwright.ID]map[string]any, error) {
	if len(servers) == 0 || c.extensions.vpns == nil {
		return nil, nil
	}
	return c.extensions.vpns.ServerVariables(ctx, distinct(servers)...)
}

// serversOf are the VPN servers that templates lead to.
func serversOf(templates []*Template) (servers []wispwright.ID) {
	for _, t := range templates {
		if !t.VPNID.IsZero() {
			servers = append(servers, t.VPNID)
		}
	}
	return servers
}

// withoutRivals leaves out of templates that are added by themselves those that
// lead to a VPN server to which another one leads already: a device is one client
// of a server (additions: C-14).
func withoutRivals(have, added []*Template) []*Template {
	taken := serversOf(have)
	return slices.DeleteFunc(slices.Clone(added), func(t *Template) bool {
		if t.VPNID.IsZero() || slices.ContainsFunc(have, func(o *Template) bool { return o.ID == t.ID }) {
			return false
		}
		if slices.Contains(taken, t.VPNID) {
			return true
		}
		taken = append(taken, t.VPNID)
		return false
	})
}

// checkRivals refuses templates that somebody chose of which two lead to one VPN
// server (spec: controller-config §4.1).
func (c *configs) checkRivals(ctx context.Context, templates []*Template) error {
	if c.extensions.vpns == nil {
		return nil
	}
	for i, t := range templates {
		if t.VPNID.IsZero() {
			continue
		}
		names := []string{`"` + t.Name + `"`}
		for _, o := range templates[i+1:] {
			if o.VPNID == t.VPNID {
				names = append(names, `"`+o.Name+`"`)
			}
		}
		if len(names) < 2 {
			continue
		}
		server, err := c.extensions.vpns.Name(ctx, t.VPNID)
		if err != nil {
			return err
		}
		last := len(names) - 1
		return wispwright.Invalid("config", "You cannot select multiple VPN client templates related to the same VPN server.\nThe templates "+
			strings.Join(names[:last], ", ")+" and "+names[last]+` are all linked to the same VPN server: "`+server+`".`)
	}
	return nil
}

// templateCert is the type of templates that give devices certificates; package
// devicecert has what belongs to it.
const templateCert TemplateType = "cert"

// templateTypes are the types that templates may have.
func (c *configs) templateTypes() []TemplateType {
	types := []TemplateType{TemplateGeneric, TemplateVPN}
	if c.extensions.certificates != nil {
		types = append(types, templateCert)
	}
	return types
}

// checkType holds the rules of types: generic templates have no VPN and no authority
// (spec: controller-config §1.3; additions C-11).
func (s *Templates) checkType(ctx context.Context, v *wispwright.ValidationError, before, t *Template) error {
	if t.Type != TemplateVPN {
		t.VPNID = wispwright.ID{}
	}
	if t.Type != templateCert {
		t.CAID, t.BlueprintID = 0, 0
	}
	t.AutoCert = t.AutoCert && (t.Type == TemplateVPN || t.Type == templateCert)
	if check := s.configs.extensions.certificates; check != nil && (t.Type == templateCert || before != nil && before.Type == templateCert) {
		if err := v.Merge("", check(ctx, before, t)); err != nil {
			return err
		}
	}
	switch {
	case t.Type != TemplateVPN:
		return nil
	case t.VPNID.IsZero():
		v.Add("vpn", `A VPN must be selected when template type is "VPN"`)
	case s.configs.extensions.vpns == nil:
		v.Add("vpn", valid.UnknownPK(t.VPNID))
	default:
		return v.Merge("", s.configs.extensions.vpns.CheckTemplate(ctx, t))
	}
	return nil
}

// holdVPN keeps the server of a template from being deleted until the transaction
// ends.
func (s *Templates) holdVPN(ctx context.Context, t *Template) error {
	if t.VPNID.IsZero() {
		return nil
	}
	of, err := s.configs.serverVariables(ctx, t.VPNID)
	if err == nil && of[t.VPNID] == nil {
		return wispwright.Invalid("vpn", valid.UnknownPK(t.VPNID))
	}
	return err
}

// VPNChanged renders the configurations that lead to a VPN server anew, in the
// background. It joins the context's transaction, in which the server changed.
func (s *Templates) VPNChanged(ctx context.Context, server wispwright.ID, cause string) error {
	found, err := s.configs.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{VPNID: server}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	id, name := actor(ctx)
	for _, t := range found.Rows {
		if err := s.configs.jobs.Enqueue(ctx, Job{Kind: jobTemplateChanged, ID: t.ID, Cause: cause, ActorID: id, Actor: name}); err != nil {
			return err
		}
	}
	return nil
}

// Renew renders the configurations of devices anew, in the background, after
// something changed that a Provisioner or ContextProvider made for them. It joins
// the context's transaction.
func (s *Devices) Renew(ctx context.Context, cause string, devices ...wispwright.ID) error {
	id, name := actor(ctx)
	jobs := make([]Job, len(devices))
	for i, d := range devices {
		jobs[i] = Job{Kind: jobDevice, ID: d, Cause: cause, ActorID: id, Actor: name}
	}
	if len(jobs) == 0 {
		return nil
	}
	return s.fleet.jobs.Enqueue(ctx, jobs...)
}
