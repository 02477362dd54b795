package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/controller/devicecert/devicecertsql"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/controller/vpn/vpnhttp"
	"github.com/wispwright/wispwright/controller/vpn/vpnsql"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/server/repack"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/x509"
)

// VPNConcern automates tunnels between devices and VPN servers. Make it with NewVPN.
type VPNConcern struct {
	// Config is the section vpn of the configuration.
	Config VPNConfig
	// Tenancy has the organizations, Controller the devices, X509 the certificates and
	// IPAM the addresses. All are required, but for those whose place PKI or Addresses
	// takes.
	Tenancy    *TenancyConcern
	Controller *ControllerConcern
	X509       *X509Concern
	IPAM       *IPAMConcern
	// PKI gives certificates. Default: X509 does.
	PKI vpn.PKI
	// Addresses gives addresses. Default: IPAM does.
	Addresses vpn.IPAM
	// Types are further kinds of servers beside those of the product.
	Types []*vpn.Type
	// Tune changes the options of the concern before it is made.
	Tune func(*vpn.Options)

	// certificates are those of devices by template; nil with a PKI that is not the
	// product's.
	certificates *devicecert.Certificates

	// inTx runs all of something or nothing.
	inTx func(context.Context, func(context.Context) error) error

	// VPN is made by Mount.
	*vpn.VPN
}

var (
	_ WithSettings      = (*VPNConcern)(nil)
	_ WithEvents        = (*VPNConcern)(nil)
	_ WithKinds         = (*VPNConcern)(nil)
	_ WithNotifications = (*VPNConcern)(nil)
)

// NewVPN returns the concern with its default settings.
func NewVPN(t *TenancyConcern, c *ControllerConcern, x *X509Concern, i *IPAMConcern) *VPNConcern {
	return &VPNConcern{Config: defaultVPNConfig(), Tenancy: t, Controller: c, X509: x, IPAM: i}
}

// Name implements Concern.
func (c *VPNConcern) Name() string { return "vpn" }

// Migrations implements Concern.
func (c *VPNConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{vpnsql.Migrations(), devicecertsql.Migrations()}
}

// Events implements WithEvents.
func (c *VPNConcern) Events() []event.Listed {
	if c.certificates == nil {
		return c.VPN.Events()
	}
	return append(c.VPN.Events(), c.certificates.Events()...)
}

// Section implements WithSettings.
func (c *VPNConcern) Section() Section {
	defaults := defaultVPNConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *VPNConcern) Mount(_ context.Context, h *Host) error {
	if c.VPN != nil {
		return errors.New("it is mounted already")
	}
	needs, err := c.needs(h)
	if err != nil {
		return err
	}
	stores, err := vpnsql.New(h.DB())
	if err != nil {
		return err
	}
	queue := vpnQueue{h.Jobs(), jobs.Kind[vpn.Job]{Name: "vpn.work", Queue: "vpn", Timeout: 10 * time.Minute, Attempts: 6, Key: vpn.Job.Key}}
	options := &vpn.Options{
		Types: append(vpn.DefaultTypes(), c.Types...), Jobs: queue, Bus: h.DB(), Client: c.client(), CertPath: c.Config.CertPath,
		CommonNameFormat: c.Config.CommonNameFormat, Context: c.Controller.Config.Context, CachedArchives: c.Config.CachedServers, Log: h.Log(),
		Repack: repack.Archive,
	}
	if c.Tune != nil {
		c.Tune(options)
	}
	c.inTx = h.DB().InTx
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	if c.VPN, err = vpn.New(base, stores, needs, options); err != nil {
		return err
	}
	h.AtStart(func(ctx context.Context) error {
		if err := h.WhenChanged(ctx, "vpn.peer_keys", "1", c.Servers.SealPeerKeys); err != nil {
			return err
		}
		return h.server.inSteps(ctx, "vpn.history_keys", "1", c.forgetKeys)
	})
	h.Jobs().Add(queue.kind.Handle(func(ctx context.Context, job vpn.Job) error { return c.work(ctx, job) }))
	wire, err := vpnhttp.New(c.VPN, c.Controller.Devices, c.references(), vpnhttp.Hub{Runs: c.Config.Hub, Host: c.Config.HubHost})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Handle(controllerhttp.ServerPrefix, controllerhttp.NewServerProtocol(c.Agents, &controllerhttp.ProtocolOptions{TrustProxy: true, Log: h.Log()}),
		controllerhttp.ServerPrefix+"checksum/", controllerhttp.ServerPrefix+"download-config/", controllerhttp.ServerPrefix+"revocations/", controllerhttp.ServerPrefix+"report/")
	if err := c.mountCertificates(h, base); err != nil {
		return err
	}
	h.wire(c.wiring()...)
	c.Controller.certificateDevice = c.certificateDevice
	if c.Config.Hub {
		c.mountHub(h)
	}
	return c.Start(h.Lifetime())
}

// certificateDevice finds the device whose tunnel has the first certificate with
// a common name.
func (c *VPNConcern) certificateDevice(ctx context.Context, commonName string, slugs []string) (none wispwright.ID, err error) {
	if c.X509 == nil || c.X509.Authority == nil {
		return none, wispwright.ErrNotFound
	}
	scope := wispwright.ScopeAll()
	if len(slugs) > 0 {
		var ids []wispwright.ID
		for _, slug := range slugs {
			o, err := c.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), slug)
			if errors.Is(err, wispwright.ErrNotFound) {
				continue
			}
			if err != nil {
				return none, err
			}
			ids = append(ids, o.ID)
		}
		scope = wispwright.ScopeOf(ids...)
	}
	certs, err := c.X509.Certs.List(ctx, scope, x509.CertFilter{CommonName: commonName}, wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "Created"}}})
	if err != nil || len(certs.Rows) == 0 {
		return none, errors.Join(err, wispwright.ErrNotFound)
	}
	clients, err := c.Clients.List(ctx, wispwright.ScopeAll(), vpn.ClientFilter{CertID: certs.Rows[0].ID}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(clients.Rows) == 0 {
		return none, errors.Join(err, wispwright.ErrNotFound)
	}
	return clients.Rows[0].DeviceID, nil
}

// needs are the concerns that it stands on.
func (c *VPNConcern) needs(h *Host) (vpn.Needs, error) {
	if err := errors.Join(h.Mounted(c.Tenancy), h.Mounted(c.Controller)); err != nil {
		return vpn.Needs{}, err
	}
	n := vpn.Needs{Controller: c.Controller.Controller, Organizations: c.Tenancy.Organizations, PKI: c.PKI, IPAM: c.Addresses}
	if n.PKI == nil {
		if err := h.Mounted(c.X509); err != nil {
			return n, err
		}
		n.PKI = vpn.X509(c.X509.Authority)
	}
	if n.IPAM == nil {
		if err := h.Mounted(c.IPAM); err != nil {
			return n, err
		}
		n.IPAM = vpn.Subnets(c.IPAM.IPAM)
	}
	return n, nil
}

// errPrivate is what people are told instead of what a name resolves to.
var errPrivate = errors.New("the address is private or special; the setting vpn.private_networks allows such ones")

// client asks webhooks and ZeroTier controllers: no private address that was not
// allowed, whatever a name resolves to, no redirect, no proxy.
func (c *VPNConcern) client() *http.Client {
	var v4, v6 []netip.Prefix
	for _, text := range c.Config.PrivateNetworks {
		switch p, err := netip.ParsePrefix(text); {
		case err != nil: // Check has said so
		case p.Addr().Is4():
			v4 = append(v4, p)
		default:
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: c.Config.Timeout, Control: guard.Safe}
	return &http.Client{
		Timeout:       c.Config.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: blindly{&http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: 20, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: c.Config.Timeout,
		}},
	}
}

// blindly does not tell what a refused name resolves to.
type blindly struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b blindly) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrInvalidHostPort) {
		err = errPrivate
	}
	return answer, err
}

// work does a job; what is to be rendered waits for the rest of a burst.
func (c *VPNConcern) work(ctx context.Context, job vpn.Job) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("vpn"))
	if job.Kind == vpn.JobChanged && c.Config.Delay > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.Config.Delay):
		}
	}
	err := c.Work(ctx, job)
	if final := (*vpn.FinalError)(nil); errors.As(err, &final) {
		return jobs.Permanent(err)
	}
	return err
}

// vpnQueue queues the concern's work.
type vpnQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[vpn.Job]
}

// Enqueue implements vpn.Jobs.
func (q vpnQueue) Enqueue(ctx context.Context, list ...vpn.Job) error {
	return q.kind.Insert(ctx, q.queue, list...)
}

// references tell which objects of other concerns a scope has, where these are the
// product's.
func (c *VPNConcern) references() (out vpnhttp.References) {
	if c.PKI == nil {
		out.Authority = known(c.X509.CAs.Get)
		out.Certificate = known(c.X509.Certs.Get)
	}
	if c.Addresses == nil {
		out.Subnet = known(c.IPAM.Subnets.Get)
		out.Address = known(c.IPAM.Addresses.Get)
	}
	return out
}

// known asks whether a scope has an object.
func known[K comparable, T any](get func(context.Context, wispwright.Scope, K) (*T, error)) func(context.Context, wispwright.Scope, K) (bool, error) {
	return func(ctx context.Context, scope wispwright.Scope, id K) (bool, error) {
		_, err := get(ctx, scope, id)
		if errors.Is(err, wispwright.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// wiring is what the concern hears of organizations, certificates and addresses.
func (c *VPNConcern) wiring() []Wire {
	o := c.Tenancy.Organizations
	list := []Wire{
		{"tenancy.Organizations", "vpn: servers of organizations", func(name string) error {
			// before the certificates and subnets that they stand on
			o.OnEmptying(name, func(ctx context.Context, id wispwright.ID) (int, error) {
				items, err := c.Servers.List(ctx, wispwright.ScopeOf(id), vpn.ServerFilter{OrganizationID: id}, wispwright.Page{Limit: 1})
				return items.Total, err
			}, func(ctx context.Context, id wispwright.ID) (int, error) {
				return c.Servers.DeleteSome(ctx, wispwright.ScopeOf(id), vpn.ServerFilter{OrganizationID: id})
			})
			o.OnChange(name, func(ctx context.Context, _ wispwright.ID) error { return c.Forget(ctx) })
			return nil
		}},
	}
	if c.PKI == nil {
		x := c.X509.Authority
		list = append(list,
			Wire{"x509.Renewed", "vpn: servers and clients with renewed certificates", hook(x.Renewed.Subscribe, func(ctx context.Context, renewed ...x509.Renewal) error {
				for _, r := range renewed {
					var authority, certificate int64
					if r.CA != nil {
						authority = r.CA.ID
					} else {
						certificate = r.Cert.ID
					}
					if err := c.CertificateRenewed(ctx, authority, certificate); err != nil {
						return err
					}
				}
				return nil
			})},
			Wire{"x509.CAs.Deleting", "vpn: authorities of servers", hook(x.CAs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.CA) error {
				for _, o := range list {
					if err := c.AuthorityDeleted(ctx, o.ID); err != nil {
						return err
					}
				}
				return nil
			})},
			Wire{"x509.Certs.Deleting", "vpn: certificates of servers and clients", hook(x.Certs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.Cert) error {
				for _, o := range list {
					if err := c.CertificateDeleted(ctx, o.ID); err != nil {
						return err
					}
				}
				return nil
			})})
		list = append(list, c.certificateWiring()...)
	}
	if c.Addresses == nil {
		list = append(list, c.addressWiring()...)
	}
	return list
}

func (c *VPNConcern) addressWiring() []Wire {
	m := c.IPAM.IPAM
	return []Wire{
		{"ipam.Addresses.Saved", "vpn: addresses of servers and clients", hook(m.Addresses.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[ipam.Address]) error {
			var changed []vpn.Address
			for _, ch := range list {
				if a := ch.After; ch.Before != nil && a != nil && ch.Before.IPAddress != a.IPAddress {
					changed = append(changed, vpn.Address{ID: a.ID, SubnetID: a.SubnetID, Value: a.IPAddress})
				}
			}
			return c.AddressesChanged(ctx, changed...)
		})},
		{"ipam.Addresses.Deleting", "vpn: addresses of servers and clients", hook(m.Addresses.Deleting.Subscribe, func(ctx context.Context, list ...*ipam.Address) error {
			gone := make([]vpn.Address, len(list))
			for i, a := range list {
				gone[i] = vpn.Address{ID: a.ID, SubnetID: a.SubnetID}
			}
			return c.AddressesChanged(ctx, gone...)
		})},
		{"ipam.Subnets.Saved", "vpn: subnets of servers", hook(m.Subnets.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[ipam.Subnet]) error {
			for _, ch := range list {
				if n := ch.After; ch.Before != nil && n != nil && ch.Before.Subnet != n.Subnet {
					if err := c.SubnetChanged(ctx, vpn.Subnet{ID: n.ID, OrganizationID: n.OrganizationID, Network: n.Subnet}); err != nil {
						return err
					}
				}
			}
			return nil
		})},
		{"ipam.Subnets.Deleting", "vpn: subnets of servers", hook(m.Subnets.Deleting.Subscribe, func(ctx context.Context, list ...*ipam.Subnet) error {
			for _, n := range list {
				if err := c.SubnetDeleted(ctx, n.ID); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

// forgetKeys takes keys out of the history from before they were sealed.
func (c *VPNConcern) forgetKeys(ctx context.Context) error {
	for _, name := range []string{"preshared_key", "private_key"} {
		if _, err := c.Tenancy.Trail.Amend(ctx, "config.vpn", name, func(e *tenancy.Event) bool { return c.Servers.ForgetKeys(e.Fields) }); err != nil {
			return err
		}
	}
	return nil
}
