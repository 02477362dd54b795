package vpnhttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// References tell which objects of other concerns a scope has. A field may be nil:
// the concern alone decides then.
type References struct {
	// Authority and Certificate ask for those of the PKI.
	Authority, Certificate func(ctx context.Context, scope wispwright.Scope, id int64) (bool, error)
	// Subnet and Address ask for those of the IPAM.
	Subnet, Address func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (bool, error)
}

// HTTP is the concern's part of an API.
type HTTP struct {
	v       *vpn.VPN
	devices *controller.Devices
	known   References
	hub     Hub
}

// New returns the HTTP side of the concern.
func New(v *vpn.VPN, devices *controller.Devices, known References, hub Hub) (*HTTP, error) {
	if v == nil || devices == nil {
		return nil, errors.New("vpnhttp: the concern and the devices are required")
	}
	return &HTTP{v, devices, known, hub}, nil
}

const (
	serverPath = "/api/v1/controller/vpn/"
	serverKind = "config.vpn"
	tag        = "controller"
)

// pk is the number of a CA or certificate, which clients also send as text.
type pk int64

// FromWire implements rest.Wire.
func (p *pk) FromWire(raw json.RawMessage) error {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	} else if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return errors.New("Incorrect type. Expected pk value, received " + rest.TypeName(raw) + ".")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New("Incorrect type. Expected pk value, received str.")
	}
	*p = pk(n)
	return nil
}

// serverIn creates or changes a server. What is behind config is beyond what OpenWISP
// takes, where two of the four types cannot be created.
type serverIn struct {
	Name            rest.Opt[string]          `json:"name" required:"true" maxLength:"64"`
	Host            rest.Opt[string]          `json:"host" required:"true" maxLength:"64" help:"VPN server hostname or ip address"`
	Organization    rest.Opt[wispwright.ID]   `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Key             rest.Opt[string]          `json:"key" maxLength:"64" help:"unique VPN server key"`
	CA              rest.Opt[pk]              `json:"ca" nullable:"true" metaType:"field" label:"Certification Authority"`
	Cert            rest.Opt[pk]              `json:"cert" nullable:"true" metaType:"field" label:"x509 Certificate" help:"leave blank to create automatically"`
	Backend         rest.Opt[string]          `json:"backend" required:"true" maxLength:"128" label:"VPN backend" help:"Select VPN configuration backend"`
	Notes           rest.Opt[string]          `json:"notes" blank:"true"`
	DH              rest.Opt[string]          `json:"dh" blank:"true" label:"Diffie-Hellman parameters"`
	Config          rest.Opt[wispwright.JSON] `json:"config" required:"true" help:"configuration in NetJSON DeviceConfiguration format"`
	Subnet          rest.Opt[wispwright.ID]   `json:"subnet" nullable:"true" rel:"subnet"`
	IP              rest.Opt[wispwright.ID]   `json:"ip" nullable:"true" rel:"ip" label:"Internal IP" help:"leave blank to request one of the subnet"`
	WebhookEndpoint rest.Opt[string]          `json:"webhook_endpoint" nullable:"true" blank:"true" maxLength:"200" help:"called when there is something new to fetch"`
	AuthToken       rest.Opt[string]          `json:"auth_token" nullable:"true" blank:"true" maxLength:"128" writeOnly:"true" help:"of the webhook, or of the ZeroTier controller"`
	PrivateKey      rest.Opt[string]          `json:"private_key" nullable:"true" blank:"true" maxLength:"64" writeOnly:"true" help:"WireGuard key of a server that exists already; leave blank to create or keep it"`
}

// serverOut is a server of a list and in detail.
type serverOut struct {
	ID              wispwright.ID   `json:"id"`
	Name            string          `json:"name"`
	Host            string          `json:"host"`
	Organization    wispwright.ID   `json:"organization"`
	Key             string          `json:"key" doc:"empty for callers who may not change the server"`
	CA              *int64          `json:"ca"`
	Cert            *int64          `json:"cert"`
	Backend         string          `json:"backend"`
	Notes           string          `json:"notes"`
	DH              string          `json:"dh"`
	Config          wispwright.JSON `json:"config"`
	Created         rest.Time       `json:"created"`
	Modified        rest.Time       `json:"modified"`
	Subnet          wispwright.ID   `json:"subnet"`
	SubnetText      string          `json:"subnet_network"`
	IP              wispwright.ID   `json:"ip"`
	IPText          string          `json:"ip_address"`
	WebhookEndpoint string          `json:"webhook_endpoint"`
	AuthTokenSet    bool            `json:"auth_token_set"`
	PublicKey       string          `json:"public_key"`
	NodeID          string          `json:"node_id"`
	NetworkID       string          `json:"network_id"`
	Trouble         string          `json:"trouble" doc:"why the webhook or the ZeroTier controller failed last"`
	Fetched         rest.Time       `json:"fetched" doc:"when the server's host asked last"`
	Clients         int             `json:"clients" doc:"how many clients the caller may see"`
	Hub             bool            `json:"hub" doc:"whether the installation itself runs it"`
	Status          *statusOut      `json:"status" doc:"what the host of the server said last; null: nothing yet"`
}

// statusOut is how a server fares.
type statusOut struct {
	State     string    `json:"state" doc:"running or failed"`
	Reason    string    `json:"reason" doc:"why it failed"`
	Driver    string    `json:"driver" doc:"what runs it"`
	Current   bool      `json:"current" doc:"whether what runs is what is to run"`
	Connected int       `json:"connected" doc:"how many peers are connected"`
	Changed   rest.Time `json:"changed" doc:"since when it is so"`
	Reported  rest.Time `json:"reported" doc:"when the host said so"`
}

// connectionOut is what the host of a server said of a client.
type connectionOut struct {
	Connected bool      `json:"connected"`
	Endpoint  string    `json:"endpoint" doc:"where its packets come from"`
	Seen      rest.Time `json:"seen" doc:"last handshake of WireGuard, beginning of an OpenVPN connection"`
	Received  int64     `json:"received" doc:"bytes from the client"`
	Sent      int64     `json:"sent" doc:"bytes to the client"`
}

// clientOut is a client of a server or of a device.
type clientOut struct {
	ID           wispwright.ID  `json:"id"`
	VPN          wispwright.ID  `json:"vpn"`
	VPNName      string         `json:"vpn_name"`
	Device       wispwright.ID  `json:"device"`
	DeviceName   string         `json:"device_name"`
	Organization wispwright.ID  `json:"organization"`
	Template     wispwright.ID  `json:"template"`
	AutoCert     bool           `json:"auto_cert"`
	Cert         *int64         `json:"cert"`
	IP           wispwright.ID  `json:"ip"`
	IPText       string         `json:"ip_address"`
	PublicKey    string         `json:"public_key"`
	VNI          *int64         `json:"vni"`
	MemberID     string         `json:"zerotier_member_id"`
	Created      rest.Time      `json:"created"`
	Connection   *connectionOut `json:"connection" doc:"what the host of the server said last; null: it was never connected"`
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	type filter = vpn.ServerFilter
	rest.Mount(api, rest.Resource[wispwright.ID, vpn.Server, filter, serverIn, serverOut]{
		Path: serverPath, Name: "Vpn", Noun: "Vpn", ID: "controller_vpn", Tag: tag, Kind: serverKind,
		Choices: map[string][]rest.Choice{"backend": h.choices()},
		Service: h.v.Servers, Check: h.check, Apply: h.apply, Out: h.serversOut,
		Organization: func(s *vpn.Server) wispwright.ID { return s.OrganizationID },
		Version: func(s *vpn.Server) []any {
			return []any{s.Name, s.Host, s.OrganizationID, s.Key.Reveal(), s.CAID, s.CertID, s.Backend, s.Notes, s.DH, string(s.Config), s.SubnetID, s.AddressID,
				s.WebhookEndpoint, s.AuthToken.Reveal(), s.PublicKey}
		},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("backend", h.paths(), func(f *filter, v string) { f.Backend = v }),
			rest.FilterID("subnet", func(f *filter, v wispwright.ID) { f.SubnetID = v }),
			rest.FilterTime("created__gte", func(f *filter, v time.Time) { f.CreatedFrom = v }),
			rest.FilterTime("created__lt", func(f *filter, v time.Time) { f.CreatedBefore = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "backend": "Backend", "host": "Host", "created": "Created", "modified": "Modified"},
		Unique: map[string]error{
			vpn.UniqueServer: wispwright.Invalid("non_field_errors", "The fields organization, name must make a unique set."),
		},
	})
	api.Mount(&rest.View{Path: serverPath + "{id}/configuration/", Name: "Vpn Configuration", Tag: tag, Kind: serverKind, Noun: "Vpn"},
		rest.Op{Method: http.MethodGet, ID: "controller_vpn_configuration", Summary: "Download what the host of the server is to run, private keys included",
			Doc: rest.DocRaw("application/octet-stream", "The server's .tar.gz"), Permission: "config.change_vpn", Handle: h.configuration})
	h.mountClients(api)
	h.mountManagement(api)
}

func (h *HTTP) paths() (out []string) {
	for _, t := range h.v.Kinds() {
		out = append(out, t.Path())
	}
	return out
}

func (h *HTTP) choices() (out []rest.Choice) {
	for _, t := range h.v.Kinds() {
		out = append(out, rest.Choice{Value: t.Path(), Label: t.Backend.Label})
	}
	return out
}

// check adds what the API says of fields: what the caller may not see does not exist.
func (h *HTTP) check(r *rest.Request, in *serverIn) error {
	var v wispwright.ValidationError
	if in.Backend.Set && !in.Backend.Null && in.Backend.V != "" {
		found := false
		for _, path := range h.paths() {
			found = found || path == in.Backend.V
		}
		if !found {
			v.Add("backend", valid.NoChoice(in.Backend.V))
		}
	}
	if in.Config.Set && strings.HasPrefix(string(in.Config.V), `"`) {
		v.Add("config", "Enter valid JSON.")
	}
	ctx, scope := r.Context(), r.ReadScope()
	for _, o := range []struct {
		field string
		in    rest.Opt[pk]
		known func(context.Context, wispwright.Scope, int64) (bool, error)
	}{{"ca", in.CA, h.known.Authority}, {"cert", in.Cert, h.known.Certificate}} {
		if !o.in.Set || o.in.Null || o.known == nil {
			continue
		}
		if ok, err := o.known(ctx, scope, int64(o.in.V)); err != nil {
			return err
		} else if !ok {
			v.Add(o.field, valid.UnknownPK(int64(o.in.V)))
		}
	}
	for _, o := range []struct {
		field string
		in    rest.Opt[wispwright.ID]
		known func(context.Context, wispwright.Scope, wispwright.ID) (bool, error)
	}{{"subnet", in.Subnet, h.known.Subnet}, {"ip", in.IP, h.known.Address}} {
		if !o.in.Set || o.in.Null || o.known == nil {
			continue
		}
		if ok, err := o.known(ctx, scope, o.in.V); err != nil {
			return err
		} else if !ok {
			v.Add(o.field, valid.UnknownPK(o.in.V))
		}
	}
	return v.Err()
}

func (h *HTTP) apply(_ *rest.Request, in *serverIn, s *vpn.Server) error {
	in.Name.Into(&s.Name)
	in.Host.Into(&s.Host)
	in.Organization.Into(&s.OrganizationID)
	secret(in.Key, &s.Key)
	number(in.CA, &s.CAID)
	number(in.Cert, &s.CertID)
	in.Backend.Into(&s.Backend)
	in.Notes.Into(&s.Notes)
	in.DH.Into(&s.DH)
	in.Config.Into(&s.Config)
	in.Subnet.Into(&s.SubnetID)
	in.IP.Into(&s.AddressID)
	in.WebhookEndpoint.Into(&s.WebhookEndpoint)
	secret(in.AuthToken, &s.AuthToken)
	if in.PrivateKey.V != "" { // forms send it empty
		secret(in.PrivateKey, &s.PrivateKey)
	}
	return nil
}

func secret(in rest.Opt[string], to *wispwright.Secret) {
	if in.Set {
		*to = wispwright.Secret(in.V)
	}
}

func number(in rest.Opt[pk], to *int64) {
	if in.Set {
		*to = int64(in.V)
	}
}

func (h *HTTP) serversOut(r *rest.Request, rows []*vpn.Server) ([]serverOut, error) {
	ids := make([]wispwright.ID, len(rows))
	for i, s := range rows {
		ids[i] = s.ID
	}
	counts, err := h.v.Clients.Counts(r.Context(), r.ReadScope(), ids...)
	if err != nil {
		return nil, err
	}
	statuses, err := h.v.Servers.Statuses(r.Context(), r.ReadScope(), ids...)
	if err != nil {
		return nil, err
	}
	out := make([]serverOut, len(rows))
	for i, s := range rows {
		o := serverOut{
			ID: s.ID, Name: s.Name, Host: s.Host, Organization: s.OrganizationID, CA: rest.Null(s.CAID), Cert: rest.Null(s.CertID), Backend: s.Backend,
			Notes: s.Notes, DH: s.DH, Config: s.Config, Created: rest.Time(s.Created), Modified: rest.Time(s.Modified), Subnet: s.SubnetID, IP: s.AddressID,
			WebhookEndpoint: s.WebhookEndpoint, AuthTokenSet: s.AuthToken != "", PublicKey: s.PublicKey, NodeID: s.NodeID, NetworkID: s.NetworkID,
			Trouble: s.Trouble, Clients: counts[s.ID], Hub: s.Hub, Status: h.statusOut(statuses[s.ID]),
		}
		if s.Subnet.IsValid() {
			o.SubnetText = s.Subnet.String()
		}
		if s.Address.IsValid() {
			o.IPText = s.Address.String()
		}
		if s.Fetched != nil {
			o.Fetched = rest.Time(*s.Fetched)
		}
		switch {
		case s.OrganizationID.IsZero() && !r.WriteScope().Allows(s.OrganizationID): // additions §15: shared objects are seen without secrets
			o.WebhookEndpoint = ""
		default:
			o.Key = s.Key.Reveal()
		}
		out[i] = o
	}
	return out, nil
}

func (h *HTTP) statusOut(s *vpn.Status) *statusOut {
	if s == nil {
		return nil
	}
	return &statusOut{
		State: string(s.State), Reason: s.Reason, Driver: s.Driver, Current: s.Checksum != "" && s.Checksum == h.v.Agents.Known(s.ServerID),
		Connected: s.Connected, Changed: rest.Time(s.Changed), Reported: rest.Time(s.Reported),
	}
}

// configuration has the private keys of the server: a caller that may change it gets it.
func (h *HTTP) configuration(r *rest.Request) (int, any, error) {
	s, err := h.v.Servers.Get(r.Context(), r.ReadScope(), r.ID("id"))
	if err == nil && !r.WriteScope().Allows(s.OrganizationID) {
		err = wispwright.ErrForbidden
	}
	if err != nil {
		return 0, nil, err
	}
	a, err := h.v.Servers.Configuration(r.Context(), r.ReadScope(), s.ID)
	if err != nil {
		return 0, nil, err
	}
	header := r.ResponseHeader()
	header.Set("X-Openwisp-Controller", "true")
	header.Set("Content-Disposition", `attachment; filename="`+fileName(a.Name)+`.tar.gz"`)
	return http.StatusOK, rest.Raw{ContentType: "application/octet-stream", Body: a.Bytes}, nil
}

// fileName keeps the name of a server usable in a header.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' || r == ';' {
			return '_'
		}
		return r
	}, name)
}

// mountClients adds the clients of a server and those of a device; templates make and
// remove them.
func (h *HTTP) mountClients(api *rest.API) {
	type filter = vpn.ClientFilter
	rest.Mount(api, rest.Resource[wispwright.ID, vpn.Client, filter, rest.None, clientOut]{
		Path: serverPath + "{id}/client/", Only: rest.List, Name: "Vpn Client", Noun: "Vpn", ID: "controller_vpn_client", Tag: tag, Kind: serverKind,
		Service: h.v.Clients, Out: h.clientsOut,
		Prepare: func(r *rest.Request) error {
			_, err := h.v.Servers.Get(r.Context(), r.ReadScope(), r.ID("id"))
			return err
		},
		Within:   func(r *rest.Request, f *filter) error { f.ServerID = r.ID("id"); return nil },
		Ordering: map[string]string{"created": "Created", "ip_address": "Address"},
	})
	rest.Mount(api, rest.Resource[wispwright.ID, vpn.Client, filter, rest.None, clientOut]{
		Path: "/api/v1/controller/device/{id}/vpn-client/", Only: rest.List, Name: "Device Vpn Client", Noun: "Device", ID: "controller_device_vpn_client", Tag: tag, Kind: "config.device",
		Service: h.v.Clients, Out: h.clientsOut,
		Prepare: func(r *rest.Request) error {
			_, err := h.devices.Get(r.Context(), r.ReadScope(), r.ID("id"))
			return err
		},
		Within: func(r *rest.Request, f *filter) error { f.DeviceID = r.ID("id"); return nil },
	})
}

func (h *HTTP) clientsOut(r *rest.Request, rows []*vpn.Client) ([]clientOut, error) {
	var servers, devices []wispwright.ID
	for _, c := range rows {
		servers, devices = append(servers, c.ServerID), append(devices, c.DeviceID)
	}
	names := map[wispwright.ID]string{}
	found, err := h.v.Servers.List(r.Context(), r.ReadScope(), vpn.ServerFilter{IDs: wispwright.Only(servers...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, s := range found.Rows {
		names[s.ID] = s.Name
	}
	listed, err := h.devices.List(r.Context(), r.ReadScope(), controller.DeviceFilter{IDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, d := range listed.Rows {
		names[d.Device.ID] = d.Device.Name
	}
	connections, err := h.v.Clients.Connections(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]clientOut, len(rows))
	for i, c := range rows {
		out[i] = clientOut{
			ID: c.ID, VPN: c.ServerID, VPNName: names[c.ServerID], Device: c.DeviceID, DeviceName: names[c.DeviceID], Organization: c.OrganizationID,
			Template: c.TemplateID, AutoCert: c.AutoCert, Cert: rest.Null(c.CertID), IP: c.AddressID, PublicKey: c.PublicKey, VNI: c.VNI,
			MemberID: c.Member(), Created: rest.Time(c.Created),
		}
		if c.Address.IsValid() {
			out[i].IPText = c.Address.String()
		}
		if p, ok := connections[c.ID]; ok {
			out[i].Connection = &connectionOut{p.Connected, p.Endpoint, rest.Time(p.Seen), p.Received, p.Sent}
		}
	}
	return out, nil
}
