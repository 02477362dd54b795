package vpn

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
)

// Servers is the service of VPN servers, newest first. The configurations of
// clients are rendered anew in the background when something of a server changes
// that they are made of.
type Servers struct {
	*entity.Service[wispwright.ID, Server, ServerFilter]
	// Modified is published after something changed that a server or its clients
	// are configured with.
	Modified event.Topic[*Server]

	core *core
}

func newServers(c *core) *Servers {
	s := &Servers{core: c}
	s.Service = entity.New(c.kit, c.stores.Servers, entity.Kind[wispwright.ID, Server]{
		Name: "vpn.Servers", Model: "config.vpn", Hidden: []string{"Subnet", "Address", "OwnCert", "OwnAddress", "Inherited", "Announced", "Trouble", "Fetched"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueServer: wispwright.Invalid("", valid.Taken("VPN server", "Organization", "Name"))},
	})
	return s
}

// Create validates and stores a server, with what it needs: a certificate, keys, an
// address, the network at a ZeroTier controller (spec: controller-config §9.1).
func (s *Servers) Create(ctx context.Context, o *Server) error {
	t := s.core.byPath[o.Backend]
	if t == nil || !t.Controller {
		return s.Service.Create(ctx, o)
	}
	if o.ID.IsZero() {
		o.ID = wispwright.NewID()
	}
	if err := s.validate(ctx, entity.Change[Server]{After: o}); err != nil {
		return err
	}
	n, err := s.core.subnetOf(ctx, o)
	if err != nil {
		return err
	}
	o.Subnet = n.Network
	made, err := s.core.zerotier.create(ctx, o)
	if err != nil {
		return wispwright.Invalid("", "Failed to create ZeroTier network, Error: "+err.Error())
	}
	o.NetworkID, o.Config = made.id, made.config
	if err := s.Service.Create(ctx, o); err != nil {
		if gone := s.core.zerotier.remove(context.WithoutCancel(ctx), o); gone != nil {
			s.core.Log.ErrorContext(ctx, "a network of a VPN server that was not stored is left at the ZeroTier controller", "network", o.NetworkID, "error", gone)
		}
		return err
	}
	return nil
}

// subnetOf returns the subnet of a server, or the fault of its field.
func (c *core) subnetOf(ctx context.Context, o *Server) (Subnet, error) {
	if o.SubnetID.IsZero() {
		return Subnet{}, nil
	}
	n, err := c.ipam.Subnet(ctx, o.SubnetID)
	return n, valid.Reference(err, "subnet", o.SubnetID)
}

// check holds the rules that involve other rows, and makes what the server needs:
// its row and its organization are held.
func (s *Servers) check(ctx context.Context, ch entity.Change[Server]) error {
	o, before := ch.After, ch.Before
	if o == nil {
		return nil
	}
	t := s.core.byPath[o.Backend]
	o.Inherited = o.Inherited && before != nil && before.sameInputs(o)
	if before != nil && before.Backend != o.Backend {
		n, err := s.core.stores.Clients.State(ctx, o.ID)
		if err != nil {
			return err
		}
		if n.Count > 0 {
			return wispwright.Invalid("backend", "Backend cannot be changed because the VPN is currently in use.")
		}
	}
	if before != nil && before.OrganizationID != o.OrganizationID {
		if err := s.checkMove(ctx, o); err != nil {
			return err
		}
	}
	if err := s.checkSharedName(ctx, o); err != nil {
		return err
	}
	if err := s.checkPort(ctx, o, t); err != nil {
		return err
	}
	if err := s.certify(ctx, before, o, t); err != nil {
		return err
	}
	return s.address(ctx, before, o)
}

// checkSharedName keeps names of shared servers unique everywhere
// (spec: controller-config §1.9).
func (s *Servers) checkSharedName(ctx context.Context, o *Server) error {
	const tail = " Shared objects are visible to all organizations and must have unique names to avoid confusion."
	same, err := s.core.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{Name: o.Name}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range same.Rows {
		switch {
		case other.ID == o.ID:
		case other.OrganizationID.IsZero():
			return wispwright.Invalid("name", "There is already another shared vpn with this name."+tail)
		case o.OrganizationID.IsZero():
			return wispwright.Invalid("name", "There is already a vpn of another organization with this name."+tail)
		}
	}
	return nil
}

// checkPort refuses a second server that would listen where one of those that its
// owner can see listens.
func (s *Servers) checkPort(ctx context.Context, o *Server, t *Type) error {
	if t == nil || t.Port == nil {
		return nil
	}
	config, err := decode(o.Config)
	if err != nil {
		return err
	}
	port := t.Port(tunnel(config, t.List))
	scope := wispwright.ScopeOf(o.OrganizationID).WithShared()
	same, err := s.core.stores.Servers.List(ctx, scope, ServerFilter{Host: o.Host}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range same.Rows {
		theirs := s.core.byPath[other.Backend]
		if other.ID == o.ID || theirs == nil || theirs.Port == nil {
			continue
		}
		config, err := decode(other.Config)
		if err == nil && theirs.Port(tunnel(config, theirs.List)) == port {
			return wispwright.Invalid("config", "The port "+port+" of "+o.Host+` is that of the VPN server "`+other.Name+`" already.`)
		}
	}
	return nil
}

// checkMove keeps a server from coming to an organization while others use it.
func (s *Servers) checkMove(ctx context.Context, o *Server) error {
	if o.OrganizationID.IsZero() {
		return nil
	}
	used, err := s.core.ctl.Templates.List(ctx, wispwright.ScopeAll(), controller.TemplateFilter{VPNID: o.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, t := range used.Rows {
		if t.OrganizationID != o.OrganizationID {
			return wispwright.Invalid("organization", `The organization of this VPN server cannot be changed because the template "`+t.Name+`" is still related to it`)
		}
	}
	return nil
}

// certify makes the server's certificate where it has none of its authority
// (spec: controller-config §9.1; additions C-14).
func (s *Servers) certify(ctx context.Context, before, o *Server, t *Type) error {
	var dropped int64
	if before != nil && before.OwnCert && before.CertID != 0 && (o.CertID != before.CertID || o.CAID != before.CAID) {
		dropped = before.CertID
	}
	switch {
	case t == nil || !t.Certificates:
		o.CAID, o.CertID, o.OwnCert = 0, 0, false
	case o.CertID == dropped && dropped != 0:
		o.CertID = 0
	}
	if before == nil || o.CertID != before.CertID {
		o.OwnCert = false
	}
	if dropped != 0 {
		if err := s.core.pki.Revoke(ctx, dropped); err != nil {
			return err
		}
	}
	if t == nil || !t.Certificates || o.CertID != 0 {
		return nil
	}
	id, err := s.core.pki.Issue(ctx, o.CAID, Order{Name: o.Name, CommonName: slug(o.Name), OrganizationID: o.OrganizationID, Server: true})
	if err != nil {
		return valid.Reference(err, "ca", o.CAID)
	}
	o.CertID, o.OwnCert = id, true
	return nil
}

// slug is a name as a common name has it: lower case, words joined by hyphens.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
	if len(words) == 0 {
		return "vpn"
	}
	return strings.Join(words, "-")
}

// address requests the server's own address where it has none, and gives back the
// one that it needs no more.
func (s *Servers) address(ctx context.Context, before, o *Server) error {
	n, err := s.core.subnetOf(ctx, o)
	if err != nil {
		return err
	}
	moved := before != nil && before.SubnetID != o.SubnetID
	if moved && before.OwnAddress && o.AddressID == before.AddressID {
		o.AddressID = wispwright.ID{}
	}
	if before != nil && before.OwnAddress && before.AddressID != o.AddressID {
		if err := s.core.ipam.Free(ctx, before.AddressID); err != nil {
			return err
		}
	}
	if before == nil || before.AddressID != o.AddressID {
		o.OwnAddress = false
	}
	own, fresh, err := s.occupy(ctx, before, o, n)
	if err != nil {
		return err
	}
	if own.Value.IsValid() {
		o.AddressID, o.OwnAddress = own.ID, fresh
	}
	o.Subnet, o.Address = n.Network, netip.Addr{}
	if o.AddressID.IsZero() && !o.SubnetID.IsZero() {
		found, err := s.core.ipam.Request(ctx, o.SubnetID, o.Name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return wispwright.Invalid("subnet", "There is no free address for the VPN server in this subnet.")
		}
		o.AddressID, o.OwnAddress = found[0].ID, true
	}
	if o.AddressID.IsZero() {
		return nil
	}
	a, err := s.core.ipam.Address(ctx, o.AddressID)
	if err != nil {
		return valid.Reference(err, "ip", o.AddressID)
	}
	if a.SubnetID != o.SubnetID {
		return wispwright.Invalid("ip", outsideSubnet)
	}
	o.Address = a.Value
	return nil
}

// stored tells of changes, and takes along what belongs to deleted servers.
func (s *Servers) stored(ctx context.Context, changes ...entity.Change[Server]) error {
	for _, ch := range changes {
		if ch.After == nil {
			if err := s.deleted(ctx, ch.Before); err != nil {
				return err
			}
			continue
		}
		if err := s.core.polls.Drop(ctx, ch.After.ID); err != nil {
			return err
		}
		if t := s.core.byPath[ch.After.Backend]; t != nil && t.Controller {
			if err := s.core.enqueueNetwork(ctx, ch.Before, ch.After); err != nil {
				return err
			}
		}
		if ch.Before == nil {
			continue
		}
		if err := s.core.changed(ctx, ch.After, true); err != nil {
			return err
		}
		if !sameForClients(ch.Before, ch.After) {
			if err := s.core.archives.Drop(ctx, ch.After.ID); err != nil {
				return err
			}
			s.Modified.Publish(ctx, ch.After)
			if err := s.core.ctl.Templates.VPNChanged(ctx, ch.After.ID, "VPN server "+ch.After.Name+" changed"); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameForClients reports whether nothing changed that configurations are made of
// (spec: controller-config §9.1, 6).
func sameForClients(a, b *Server) bool {
	return a.Config == b.Config && a.Host == b.Host && a.CAID == b.CAID && a.CertID == b.CertID && a.Key == b.Key && a.Backend == b.Backend &&
		a.SubnetID == b.SubnetID && a.Subnet == b.Subnet && a.AddressID == b.AddressID && a.Address == b.Address && a.DH == b.DH && a.Name == b.Name &&
		a.PublicKey == b.PublicKey && a.PrivateKey == b.PrivateKey && a.PeerKeys == b.PeerKeys && a.NetworkID == b.NetworkID && a.NodeID == b.NodeID
}

// deleted takes along what belongs to a server: the templates that lead to it, whose
// configurations give up their clients when they are rendered anew, its own
// certificate and address, its network (spec: controller-config §1.3).
func (s *Servers) deleted(ctx context.Context, o *Server) error {
	c := s.core
	if err := errors.Join(c.polls.Drop(ctx, o.ID), c.archives.Drop(ctx, o.ID), c.forgetReports(ctx, o.ID)); err != nil {
		return err
	}
	if _, err := c.ctl.Templates.DeleteAll(ctx, wispwright.ScopeAll(), controller.TemplateFilter{VPNID: o.ID}); err != nil {
		return err
	}
	if o.OwnCert && o.CertID != 0 {
		if err := c.pki.Revoke(ctx, o.CertID); err != nil {
			return err
		}
	}
	if o.OwnAddress {
		if err := c.ipam.Free(ctx, o.AddressID); err != nil {
			return err
		}
	}
	jobs := []Job{{Kind: JobOrphans, ServerID: o.ID}}
	if t := c.byPath[o.Backend]; t != nil && t.Controller && o.NetworkID != "" {
		d := &Departure{ID: wispwright.NewID(), Host: o.Host, Token: o.AuthToken, NetworkID: o.NetworkID}
		if err := c.stores.Departures.Insert(ctx, d); err != nil {
			return err
		}
		jobs = append(jobs, Job{Kind: JobRemoveNetwork, ServerID: d.ID})
	}
	return c.jobs.Enqueue(ctx, jobs...)
}
