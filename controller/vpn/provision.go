package vpn

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/event"
)

// Clients are the devices at servers, newest first. Templates make and remove them;
// nobody else does.
type Clients struct {
	// Created is fired inside the transaction that made devices clients.
	Created event.Hook[*Client]
	// Deleting is fired inside the transaction before clients are removed.
	Deleting event.Hook[*Client]
	// PeersChanged is published after the clients of servers changed: once for each
	// server and transaction.
	PeersChanged event.Topic[wispwright.ID]

	core *core
}

// Get returns a client.
func (s *Clients) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Client, error) {
	return s.core.stores.Clients.Get(ctx, scope, id)
}

// List returns a page of clients.
func (s *Clients) List(ctx context.Context, scope wispwright.Scope, f ClientFilter, p wispwright.Page) (wispwright.Items[Client], error) {
	return s.core.stores.Clients.List(ctx, scope, f, p)
}

// Counts returns the number of clients of each server that a scope may see.
func (s *Clients) Counts(ctx context.Context, scope wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]int, error) {
	return s.core.stores.Clients.Counts(ctx, scope, servers...)
}

// Provision implements controller.Provisioner: it removes the clients of devices
// that no template leads to any more, and makes those that are missing
// (spec: controller-config §9.2; additions C-14). A client is of a device, a server
// and a template: reordering templates leaves it alone.
func (c *core) Provision(ctx context.Context, list []controller.Provision) error {
	have, err := c.existing(ctx, list)
	if err != nil {
		return err
	}
	var gone []*Client
	missing := map[wispwright.ID][]place{} // by server
	for i := range list {
		p := &list[i]
		wanted := map[wispwright.ID]*controller.Template{}
		for _, t := range p.Templates {
			if t.Type == controller.TemplateVPN && !t.VPNID.IsZero() && wanted[t.VPNID] == nil {
				wanted[t.VPNID] = t
			}
		}
		for _, cl := range have[p.Device.ID] {
			if t := wanted[cl.ServerID]; t != nil && t.ID == cl.TemplateID {
				delete(wanted, cl.ServerID)
				if cl.AutoCert && !cl.Address.IsValid() || t.AutoCert && !cl.AutoCert && cl.CertID == 0 {
					missing[cl.ServerID] = append(missing[cl.ServerID], place{p, t, cl})
				}
				continue
			}
			gone = append(gone, cl)
		}
		for server, t := range wanted {
			missing[server] = append(missing[server], place{p, t, nil})
		}
	}
	if err := c.release(ctx, gone...); err != nil {
		return err
	}
	return c.join(ctx, missing)
}

// place is a device that becomes a client because of a template, or is one that lacks
// something: it got no address when it became one, or its template makes certificates,
// keys and addresses only since then.
type place struct {
	*controller.Provision
	template *controller.Template
	client   *Client
}

// existing returns the clients of devices. Devices that are new and have no
// template that leads anywhere have none.
func (c *core) existing(ctx context.Context, list []controller.Provision) (map[wispwright.ID][]*Client, error) {
	var ids []wispwright.ID
	for _, p := range list {
		if !p.New || slices.ContainsFunc(p.Templates, func(t *controller.Template) bool { return !t.VPNID.IsZero() }) {
			ids = append(ids, p.Device.ID)
		}
	}
	out := map[wispwright.ID][]*Client{}
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, cl := range found.Rows {
			out[cl.DeviceID] = append(out[cl.DeviceID], cl)
		}
	}
	return out, nil
}

func bytesOf(id wispwright.ID) string { return string(id[:]) }

// join makes devices clients, one server after the other in the order of their ids,
// so that two transactions do not wait for each other for ever.
func (c *core) join(ctx context.Context, missing map[wispwright.ID][]place) error {
	ids := make([]wispwright.ID, 0, len(missing))
	for id := range missing {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b wispwright.ID) int { return strings.Compare(bytesOf(a), bytesOf(b)) })
	for _, id := range ids {
		if err := c.joinServer(ctx, id, missing[id]); err != nil {
			return fmt.Errorf("clients of VPN server %s: %w", id, err)
		}
	}
	return nil
}

func (c *core) joinServer(ctx context.Context, id wispwright.ID, places []place) error {
	// held in the right way from the beginning: two transactions that held it already and wanted more
	// would wait for each other
	server, err := c.server(ctx, id)
	if err != nil || server == nil {
		return err // without a server there are no clients
	}
	numbered, err := c.numbers(server)
	if err != nil {
		return err
	}
	server, t, err := c.held(ctx, id, numbered)
	if err != nil || server == nil {
		return err
	}
	switch now, err := c.numbers(server); {
	case err != nil:
		return err
	case now != numbered:
		return wispwright.ErrCollision // it was changed in between
	}
	now := c.kit.Now()
	var added, equipped []*Client
	for i := range places {
		p := &places[i]
		switch {
		case p.client == nil:
			p.client = &Client{
				ID: wispwright.NewID(), ServerID: id, DeviceID: p.Device.ID, TemplateID: p.template.ID, OrganizationID: p.Device.OrganizationID,
				AutoCert: p.template.AutoCert, Created: now,
			}
			added = append(added, p.client)
		case p.client.AutoCert: // it has everything but its address
			continue
		default:
			p.client.AutoCert = true
		}
		equipped = append(equipped, p.client)
	}
	addressed, err := c.addresses(ctx, server, places)
	if err != nil {
		return err
	}
	if numbered {
		if err := c.number(ctx, id, equipped); err != nil {
			return err
		}
	}
	for _, p := range places {
		p.client.Modified = now
	}
	if err := c.equip(ctx, server, t, slices.DeleteFunc(slices.Clone(places), func(p place) bool {
		return !p.client.AutoCert || !slices.Contains(equipped, p.client)
	})); err != nil {
		return err
	}
	return c.keep(ctx, server, t, added, equipped, addressed)
}

// keep stores clients that are new and those that got what they lacked, and tells of
// them.
func (c *core) keep(ctx context.Context, server *Server, t *Type, added, equipped, addressed []*Client) error {
	came := equipped
	for _, cl := range addressed {
		if !slices.Contains(came, cl) {
			came = append(came, cl)
		}
	}
	if err := c.stores.Clients.InsertMany(ctx, added); err != nil {
		return err
	}
	for _, cl := range came {
		if slices.Contains(added, cl) {
			continue
		}
		if _, err := c.stores.Clients.Update(ctx, wispwright.ScopeAll(), cl.ID, func(row *Client) error { *row = *cl; return nil }); err != nil {
			return err
		}
	}
	if err := c.top.Clients.Created.Fire(ctx, added...); err != nil || len(came) == 0 {
		return err
	}
	return c.peersChanged(ctx, server, t, came, nil)
}

// numbers reports whether the clients of a server get virtual networks of their own.
func (c *core) numbers(server *Server) (bool, error) {
	t := c.byPath[server.Backend]
	if t == nil || !t.VNI {
		return false, nil
	}
	config, err := decode(server.Config)
	return err == nil && fixedVNI(config) == 0, err
}

// held returns a server as it stays until the transaction ends, with its type; nil
// where it does not exist.
func (c *core) held(ctx context.Context, id wispwright.ID, exclusive bool) (*Server, *Type, error) {
	found, err := c.stores.Servers.Hold(ctx, exclusive, id)
	if err != nil || len(found) == 0 {
		return nil, nil, err
	}
	t := c.byPath[found[0].Backend]
	if t == nil {
		return nil, nil, fmt.Errorf("VPN server %s is of the type %s, which this program does not have", id, found[0].Backend)
	}
	return found[0], t, nil
}

// addresses gives each client its address and returns those that got one. Where none
// is free, the configuration is refused.
func (c *core) addresses(ctx context.Context, server *Server, places []place) (got []*Client, err error) {
	if server.SubnetID.IsZero() {
		return nil, nil
	}
	var usual []place
	var names []string
	none := func(p place) {
		p.Refused = "The subnet " + server.Subnet.String() + " of the VPN server \"" + server.Name + "\" has no free address."
		c.top.Exhausted.Publish(ctx, Exhaustion{server, p.Device})
	}
	for _, p := range places {
		if !p.client.AutoCert {
			continue
		}
		given, mine, err := c.given(ctx, server, p.Device)
		switch {
		case err != nil:
			return nil, err
		case !mine:
			usual, names = append(usual, p), append(names, p.Device.Name)
		case !given.Value.IsValid():
			none(p)
		default:
			p.client.AddressID, p.client.Address = given.ID, given.Value
			got = append(got, p.client)
		}
	}
	if len(usual) == 0 {
		return got, nil
	}
	found, err := c.ipam.Request(ctx, server.SubnetID, names...)
	if err != nil {
		return nil, err
	}
	for n, p := range usual {
		if n >= len(found) {
			none(p)
			continue
		}
		p.client.AddressID, p.client.Address = found[n].ID, found[n].Value
		got = append(got, p.client)
	}
	return got, nil
}

// given asks those that give addresses in the place of the subnet.
func (c *core) given(ctx context.Context, server *Server, d *controller.Device) (Address, bool, error) {
	for _, a := range c.Addressing {
		given, mine, err := a.Give(ctx, server, d)
		if err != nil || mine {
			return given, mine, err
		}
	}
	return Address{}, false, nil
}

// release removes clients and gives back what was made for them: certificates are
// revoked, addresses freed (spec: controller-config §9.2).
func (c *core) release(ctx context.Context, clients ...*Client) error {
	if len(clients) == 0 {
		return nil
	}
	if err := c.top.Clients.Deleting.Fire(ctx, clients...); err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(clients))
	var addresses []wispwright.ID
	var certs []int64
	byServer := map[wispwright.ID][]*Client{}
	for i, cl := range clients {
		ids[i] = cl.ID
		byServer[cl.ServerID] = append(byServer[cl.ServerID], cl)
		if !cl.AddressID.IsZero() {
			addresses = append(addresses, cl.AddressID)
		}
		if cl.AutoCert && cl.CertID != 0 {
			certs = append(certs, cl.CertID)
		}
	}
	if err := c.stores.Clients.DeleteMany(ctx, ids...); err != nil {
		return err
	}
	if err := c.pki.Revoke(ctx, certs...); err != nil {
		return err
	}
	if err := c.ipam.Free(ctx, addresses...); err != nil {
		return err
	}
	for id, gone := range byServer {
		found, err := c.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{IDs: wispwright.Only(id)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			continue
		}
		if err := c.peersChanged(ctx, found.Rows[0], c.byPath[found.Rows[0].Backend], nil, gone); err != nil {
			return err
		}
	}
	return nil
}

// devicesDeleting takes the clients of devices along.
func (c *core) devicesDeleting(ctx context.Context, devices ...*controller.Device) error {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	return c.release(ctx, found.Rows...)
}

// peersChanged does what follows when clients of a server came or went.
func (c *core) peersChanged(ctx context.Context, server *Server, t *Type, came, gone []*Client) error {
	if t == nil {
		return nil
	}
	if t.Certificates && len(gone) > 0 { // the host is to fetch the list of revoked ones
		if err := c.changed(ctx, server, false); err != nil {
			return err
		}
	}
	if t.Keys {
		c.top.Clients.PeersChanged.Publish(ctx, server.ID)
		if err := c.changed(ctx, server, false); err != nil {
			return err
		}
	}
	if !t.Controller {
		return nil
	}
	var jobs []Job
	for _, cl := range came {
		if cl.Address.IsValid() && cl.Identity != "" {
			jobs = append(jobs, Job{Kind: JobMember, ServerID: server.ID, ClientID: cl.ID})
		}
	}
	for _, cl := range gone {
		if cl.Identity != "" {
			jobs = append(jobs, Job{Kind: JobRemoveMember, ServerID: server.ID, Member: cl.Member()})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return c.jobs.Enqueue(ctx, jobs...)
}

// Member is the client's id in ZeroTier networks, the beginning of its identity; empty
// for other clients.
func (cl *Client) Member() string {
	id := cl.Identity.Reveal()
	return id[:min(len(id), 10)]
}
