package vpnhttp

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/rest"
)

// Hub tells of the hub that the installation runs itself.
type Hub struct {
	// Runs says that there is one.
	Runs bool
	// Host is where devices reach it; empty: where the request came to.
	Host string
}

const managementPath = "/api/v1/controller/management-network/"

// managementIn is a management network that is to be made.
type managementIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Name         rest.Opt[string]        `json:"name" blank:"true" maxLength:"64" help:"of the server, the subnet and the template"`
	Host         rest.Opt[string]        `json:"host" blank:"true" maxLength:"64" help:"where devices reach the server"`
	Port         rest.Opt[int64]         `json:"port"`
	Network      rest.Opt[string]        `json:"network" blank:"true" maxLength:"43" help:"where addresses come from"`
	Interface    rest.Opt[string]        `json:"interface" blank:"true" maxLength:"15" help:"on the server and on devices"`
	Peers        rest.Opt[bool]          `json:"peers" help:"devices have a route to each other; the server must pass that on"`
	Hub          rest.Opt[bool]          `json:"hub" help:"the installation itself runs the server"`
}

// managementOut is what was made.
type managementOut struct {
	VPN      wispwright.ID `json:"vpn"`
	Template wispwright.ID `json:"template"`
	Subnet   wispwright.ID `json:"subnet"`
	Hub      bool          `json:"hub"`
}

// suggestionOut is what a form begins with.
type suggestionOut struct {
	Hub       bool   `json:"hub" doc:"whether this installation runs a hub"`
	Host      string `json:"host"`
	Port      int    `json:"port"`
	Network   string `json:"network"`
	Interface string `json:"interface"`
	Name      string `json:"name"`
}

// mountManagement adds the management network in one step.
func (h *HTTP) mountManagement(api *rest.API) {
	api.Mount(&rest.View{Path: managementPath, Name: "Management Network", Noun: "Vpn", Tag: tag, Kind: serverKind},
		rest.Action("GET", "controller_management_network_suggest", http.StatusOK, h.suggest),
		rest.Action("POST", "controller_management_network_create", http.StatusCreated, h.makeManagement))
}

func (h *HTTP) suggest(r *rest.Request, _ *rest.None) (suggestionOut, error) {
	m := vpn.DefaultManagement()
	return suggestionOut{Hub: h.hub.Runs, Host: h.hubHost(r), Port: m.Port, Network: m.Network.String(), Interface: m.Interface, Name: m.Name}, nil
}

func (h *HTTP) hubHost(r *rest.Request) string {
	if h.hub.Host != "" {
		return h.hub.Host
	}
	if host, _, err := net.SplitHostPort(r.HTTP.Host); err == nil {
		return host
	}
	return r.HTTP.Host
}

func (h *HTTP) makeManagement(r *rest.Request, in *managementIn) (managementOut, error) {
	var v wispwright.ValidationError
	for _, p := range []wispwright.Permission{"config.add_vpn", "config.add_template"} {
		if !r.Can(p) {
			return managementOut{}, wispwright.ErrForbidden
		}
	}
	m := vpn.Management{OrganizationID: in.Organization.V, Name: in.Name.V, Host: in.Host.V, Port: int(in.Port.V), Interface: in.Interface.V, Peers: in.Peers.V, Hub: in.Hub.V}
	if !r.WriteScope().Allows(m.OrganizationID) {
		return managementOut{}, wispwright.ErrForbidden
	}
	if m.Host == "" {
		m.Host = h.hubHost(r)
	}
	if in.Network.V != "" {
		p, err := netip.ParsePrefix(in.Network.V)
		if err != nil || p != p.Masked() {
			v.Add("network", "Want a network such as 10.255.0.0/16.")
		}
		m.Network = p
	}
	switch {
	case !m.Hub:
	case !h.hub.Runs:
		v.Add("hub", "This installation runs no hub: start it with --vpn-hub, or the setting vpn.hub.")
	case !r.Caller.Superuser: // it opens a port of this machine
		v.Add("hub", "Only superusers may let the installation run a server.")
	}
	if err := v.Err(); err != nil {
		return managementOut{}, err
	}
	made, err := h.v.Servers.MakeManagement(r.Context(), m)
	if err != nil {
		return managementOut{}, err
	}
	return managementOut{VPN: made.Server.ID, Template: made.Template.ID, Subnet: made.Subnet.ID, Hub: made.Server.Hub}, nil
}
