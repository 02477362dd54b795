package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
)

var _ WithCommands = (*VPNConcern)(nil)

// Commands implements WithCommands.
func (c *VPNConcern) Commands() []any {
	return []any{&struct {
		VPN struct {
			List          vpnList          `cmd:"" help:"List VPN servers."`
			Create        vpnCreate        `cmd:"" help:"Make a VPN server, also of one that runs already: with its key or its certificate."`
			Configuration vpnConfiguration `cmd:"" help:"Write what the host of a server is to run, private keys included."`
			Delete        vpnDelete        `cmd:"" help:"Delete a VPN server with the templates that lead to it."`
		} `cmd:"" name:"vpn" help:"VPN servers."`
	}{}}
}

// run opens the server for a command.
func (c *VPNConcern) run(ctx context.Context, p *Session, name string, fn func(context.Context) error) error {
	return p.Open(ctx, func(*Server) error { return fn(wispwright.WithCaller(ctx, wispwright.System("wispwright vpn "+name))) })
}

// named finds a server by its id or its name.
func (c *VPNConcern) named(ctx context.Context, name, organization string) (*vpn.Server, error) {
	if id, err := wispwright.ParseID(name); err == nil {
		return c.Servers.Get(ctx, everyone(), id)
	}
	f := vpn.ServerFilter{Name: name}
	if organization != "" {
		id, err := c.Tenancy.bySlug(ctx, organization)
		if err != nil {
			return nil, err
		}
		f.OrganizationID = id
	}
	found, err := c.Servers.List(ctx, everyone(), f, unpaged)
	switch {
	case err != nil:
		return nil, err
	case len(found.Rows) == 0:
		return nil, fmt.Errorf("there is no VPN server %q", name)
	case len(found.Rows) > 1:
		return nil, fmt.Errorf("%w: %d organizations have a VPN server %q; name one with --organization", ErrUsage, len(found.Rows), name)
	}
	return found.Rows[0], nil
}

type vpnList struct {
	Organization string `placeholder:"SLUG" help:"Only those of one organization."`
}

// Run prints a table.
func (l vpnList) Run(ctx context.Context, p *Session, c *VPNConcern) error {
	return c.run(ctx, p, "list", func(ctx context.Context) error {
		organization, err := c.Tenancy.bySlug(ctx, l.Organization)
		if err != nil {
			return err
		}
		found, err := c.Servers.List(ctx, everyone(), vpn.ServerFilter{OrganizationID: organization}, unpaged)
		if err != nil {
			return err
		}
		slugs, err := c.Tenancy.slugs(ctx)
		if err != nil {
			return err
		}
		ids := make([]wispwright.ID, len(found.Rows))
		for i, s := range found.Rows {
			ids[i] = s.ID
		}
		counts, err := c.Clients.Counts(ctx, everyone(), ids...)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tORGANIZATION\tTYPE\tHOST\tSUBNET\tCLIENTS\tFETCHED\tTROUBLE")
		for _, s := range found.Rows {
			fetched, subnet := "never", ""
			if s.Fetched != nil {
				fetched = s.Fetched.Format(time.RFC3339)
			}
			if s.Subnet.IsValid() {
				subnet = s.Subnet.String()
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", s.ID, s.Name, slugs[s.OrganizationID], s.Backend[strings.LastIndexByte(s.Backend, '.')+1:], s.Host, subnet,
				counts[s.ID], fetched, s.Trouble)
		}
		return w.Flush()
	})
}

// vpnBackends are short names of types, with the configuration of a server that brings
// none. Networks of ZeroTier controllers are made over the API.
var vpnBackends = map[string]struct{ path, config string }{
	"wireguard": {"openwisp_controller.vpn_backends.Wireguard", `{"wireguard":[{"name":"wg0","port":51820}]}`},
	"vxlan":     {"openwisp_controller.vpn_backends.VxlanWireguard", `{"wireguard":[{"name":"wg0","port":51820}],"vxlan":[{"name":"vxlan0","vni":0}]}`},
	"openvpn": {"openwisp_controller.vpn_backends.OpenVpn", `{"openvpn":[{"name":"tun0","mode":"server","proto":"udp","port":1194,"dev":"tun0","dev_type":"tun","tls_server":true,
		"ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"dh.pem","server":"10.8.0.0 255.255.255.0","topology":"subnet","keepalive":"10 60"}]}`},
}

type vpnCreate struct {
	Name            string `arg:"" help:"Its name."`
	Host            string `required:"" help:"Where devices reach it: a name or an address."`
	Type            string `default:"wireguard" help:"wireguard, vxlan, openvpn, or the path of another type."`
	Organization    string `placeholder:"SLUG" help:"Whose it is. Default: shared by all."`
	Subnet          string `placeholder:"NETWORK" help:"Where addresses of clients come from, such as 10.8.0.0/16."`
	SharedSubnet    bool   `help:"The subnet is one that all share."`
	IP              string `name:"ip" placeholder:"ADDRESS" help:"Its own address in the subnet. Default: the first that is free."`
	CA              string `name:"ca" placeholder:"NAME" help:"The common name of its authority."`
	Cert            string `placeholder:"NAME" help:"The common name of its certificate. Default: one is made."`
	NetJSON         string `name:"netjson" type:"existingfile" placeholder:"FILE" help:"Its configuration in NetJSON. Default: a usual one."`
	PrivateKeyStdin bool   `help:"Read its WireGuard key from the first line of standard input. Default: one is made."`
	Template        string `placeholder:"NAME" help:"Also make a template of this name that makes devices clients."`
	Default         bool   `help:"All new devices get the template."`
}

// Run makes a server and prints its id.
func (v vpnCreate) Run(ctx context.Context, p *Session, c *VPNConcern) error {
	key, err := secretLine(p, v.PrivateKeyStdin)
	if err != nil {
		return err
	}
	d := &vpnData{Organization: v.Organization, Name: v.Name, Host: v.Host, Backend: v.Type, CA: v.CA, Cert: v.Cert, Subnet: v.Subnet, SubnetIsShared: v.SharedSubnet,
		IPAddress: v.IP, PrivateKey: key.Reveal()}
	if kind, ok := vpnBackends[v.Type]; ok {
		d.Backend, d.Config = kind.path, json.RawMessage(kind.config)
	} else if !strings.Contains(v.Type, ".") {
		return fmt.Errorf("%w: --type is one of %s", ErrUsage, strings.Join(slices.Sorted(maps.Keys(vpnBackends)), ", "))
	}
	if v.NetJSON != "" {
		if d.Config, err = os.ReadFile(v.NetJSON); err != nil {
			return err
		}
	}
	if v.Template != "" {
		d.Templates = []vpnTemplateData{{Name: v.Template, Default: v.Default}}
	}
	return c.run(ctx, p, "create", func(ctx context.Context) error {
		organization, err := c.Tenancy.bySlug(ctx, v.Organization)
		if err != nil {
			return err
		}
		switch _, err := c.Servers.First(ctx, ownedBy(organization), vpn.ServerFilter{Name: v.Name}); {
		case err == nil:
			return wispwright.Invalid("name", "There is a VPN server of this name already.")
		case !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
		if err := c.inTx(ctx, func(ctx context.Context) error { return c.loadServer(ctx, d) }); err != nil {
			return err
		}
		s, err := c.Servers.First(ctx, ownedBy(organization), vpn.ServerFilter{Name: v.Name})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Out, s.ID)
		return err
	})
}

// serverArg names a server on the command line.
type serverArg struct {
	Server       string `arg:"" help:"The id or the name of a VPN server."`
	Organization string `placeholder:"SLUG" help:"Whose it is; needed where several have the name."`
}

type vpnConfiguration struct {
	serverArg
	Output string `short:"o" required:"" placeholder:"FILE" help:"Where to write the .tar.gz; - is standard output."`
}

// Run writes the archive, readable by its owner only.
func (v vpnConfiguration) Run(ctx context.Context, p *Session, c *VPNConcern) error {
	return c.run(ctx, p, "configuration", func(ctx context.Context) error {
		s, err := c.named(ctx, v.Server, v.serverArg.Organization)
		if err != nil {
			return err
		}
		a, err := c.Servers.Configuration(ctx, everyone(), s.ID)
		if err != nil {
			return err
		}
		if v.Output == "-" {
			_, err = p.Out.Write(a.Bytes)
			return err
		}
		return os.WriteFile(v.Output, a.Bytes, 0o600)
	})
}

type vpnDelete struct{ serverArg }

// Run deletes a server.
func (v vpnDelete) Run(ctx context.Context, p *Session, c *VPNConcern) error {
	return c.run(ctx, p, "delete", func(ctx context.Context) error {
		s, err := c.named(ctx, v.Server, v.Organization)
		if err != nil {
			return err
		}
		return c.Servers.Delete(ctx, everyone(), s.ID)
	})
}
