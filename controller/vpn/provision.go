package vpn

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
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

// Counts returns how many clients servers have that a scope may see.
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
				if cl.AutoCert && !cl.Address.IsValid() {
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

// place is a device that becomes a client because of a template, or is one that got no
// address when it did.
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
	// held in the right way from the beginning: two who held it already and wanted more
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
	var added []*Client
	for i := range places {
		p := &places[i]
		if p.client != nil {
			continue
		}
		p.client = &Client{
			ID: wispwright.NewID(), ServerID: id, DeviceID: p.Device.ID, TemplateID: p.template.ID, OrganizationID: p.Device.OrganizationID,
			AutoCert: p.template.AutoCert, Created: now,
		}
		added = append(added, p.client)
	}
	addressed, err := c.addresses(ctx, server, places)
	if err != nil {
		return err
	}
	if numbered {
		if err := c.number(ctx, id, added); err != nil {
			return err
		}
	}
	for _, p := range places {
		known := !p.client.Modified.IsZero()
		p.client.Modified = now
		if known || !p.client.AutoCert {
			continue
		}
		if err := c.equip(ctx, server, t, p); err != nil {
			return err
		}
	}
	if err := c.stores.Clients.InsertMany(ctx, added); err != nil {
		return err
	}
	for _, cl := range addressed {
		if slices.Contains(added, cl) {
			continue
		}
		if _, err := c.stores.Clients.Update(ctx, wispwright.ScopeAll(), cl.ID, func(row *Client) error { *row = *cl; return nil }); err != nil {
			return err
		}
	}
	if err := c.top.Clients.Created.Fire(ctx, added...); err != nil || len(added)+len(addressed) == 0 {
		return err
	}
	return c.peersChanged(ctx, server, t, append(added, addressed...), nil)
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

// mostVNI is the highest number of a virtual network.
const mostVNI = 1 << 24

// number gives each client a virtual network of its own: the highest of the server
// and one more (spec: controller-config §9.2). The server is held exclusively.
func (c *core) number(ctx context.Context, server wispwright.ID, clients []*Client) error {
	last, err := c.stores.Clients.LastVNI(ctx, server)
	if err != nil {
		return err
	}
	for _, cl := range clients {
		if !cl.AutoCert {
			continue
		}
		if last++; last > mostVNI {
			return wispwright.Invalid("config", "The VPN server has no number for another virtual network.")
		}
		vni := last
		cl.VNI = &vni
	}
	return nil
}

// equip makes certificate, keys and identity of a client.
func (c *core) equip(ctx context.Context, server *Server, t *Type, p place) error {
	cl := p.client
	var err error
	if t.Certificates {
		cl.CertID, err = c.pki.Issue(ctx, server.CAID, Order{
			Name: p.Device.Name, CommonName: CommonName(c.CommonNameFormat, p.Device), OrganizationID: p.Device.OrganizationID,
		})
		if err != nil {
			return err
		}
	}
	if t.Keys {
		if cl.PublicKey, cl.PrivateKey, err = newKeys(); err != nil {
			return err
		}
	}
	if t.Controller {
		if cl.Identity, err = c.identity(ctx, p.Device.ID); err != nil {
			return err
		}
	}
	return nil
}

// identity is that of the device's other ZeroTier clients, or a new one.
func (c *core) identity(ctx context.Context, device wispwright.ID) (wispwright.Secret, error) {
	found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceID: device}, wispwright.Page{NoTotal: true})
	if err != nil {
		return "", err
	}
	for _, cl := range found.Rows {
		if cl.Identity != "" {
			return cl.Identity, nil
		}
	}
	made, err := c.NewIdentity()
	if err != nil {
		return "", fmt.Errorf("Unable to generate zerotier identity secret, Error: %w", err) //nolint:staticcheck // clients know it like this
	}
	return made, nil
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

const (
	defaultCommonName = "{mac_address}-{name}"
	// mostCommonName is the length of a common name before its random end.
	mostCommonName = 55
	// nameLetters are those of the random end: none looks like another.
	nameLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

// CommonName is the common name of a device's certificate: the format, with the
// fields of the device in braces, cut to 55 characters, a hyphen and eight random
// letters (spec: controller-config §9.2).
func CommonName(format string, d *controller.Device) string {
	mac := d.MACAddress
	name := cut(d.Name, max(0, 63-len(mac)))
	text := mac
	if format != defaultCommonName || d.Name != mac {
		text = strings.NewReplacer(
			"{mac_address}", mac, "{name}", name, "{id}", d.ID.String(), "{hardware_id}", d.HardwareID, "{model}", d.Model, "{os}", d.OS, "{system}", d.System,
		).Replace(format)
	}
	return cut(text, mostCommonName) + "-" + randomEnd()
}

// randomEnd are eight random letters.
func randomEnd() string {
	end := make([]byte, 8)
	for i := range end {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(nameLetters))))
		if err != nil { // crypto/rand aborts the program instead
			n = big.NewInt(0)
		}
		end[i] = nameLetters[n.Int64()]
	}
	return string(end)
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
