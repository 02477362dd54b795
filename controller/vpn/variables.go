package vpn

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// CheckTemplate implements controller.VPNs (spec: controller-config §1.3).
func (c *core) CheckTemplate(ctx context.Context, t *controller.Template) error {
	o, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), t.VPNID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return wispwright.Invalid("vpn", valid.UnknownPK(t.VPNID))
	case err != nil:
		return err
	case !o.OrganizationID.IsZero() && o.OrganizationID != t.OrganizationID:
		return wispwright.Invalid("organization", "Please ensure that the organization of this template and the organization of the related VPN server match.")
	}
	if !t.Config.IsEmpty() && t.Config != "" {
		return nil
	}
	kind := c.byPath[o.Backend]
	if kind == nil {
		return wispwright.Invalid("vpn", "This program does not know the type of the VPN server.")
	}
	config, err := decode(o.Config)
	if err != nil {
		return err
	}
	t.Config = wispwright.JSON(ordered.Append(nil, kind.Client(o, config, t.AutoCert)))
	return nil
}

// Name implements controller.VPNs.
func (c *core) Name(ctx context.Context, server wispwright.ID) (string, error) {
	o, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), server)
	if errors.Is(err, wispwright.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return o.Name, nil
}

// Exists implements controller.VPNs.
func (c *core) Exists(ctx context.Context, scope wispwright.Scope, server wispwright.ID) (bool, error) {
	_, err := c.stores.Servers.Get(ctx, scope, server)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// ServerVariables implements controller.VPNs (spec: controller-config §9.4).
func (c *core) ServerVariables(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]map[string]any, error) {
	found, err := c.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	var cas []int64
	for _, o := range found {
		if o.CAID != 0 && !slices.Contains(cas, o.CAID) {
			cas = append(cas, o.CAID)
		}
	}
	authorities := map[int64]*Certificate{}
	if len(cas) > 0 {
		if authorities, err = c.pki.Authorities(ctx, cas...); err != nil {
			return nil, err
		}
	}
	out := make(map[wispwright.ID]map[string]any, len(found))
	for _, o := range found {
		vars, err := c.serverVariables(o, authorities[o.CAID])
		if err != nil {
			return nil, err
		}
		out[o.ID] = vars
	}
	return out, nil
}

// read returns servers, held until the transaction ends where there is one.
func (c *core) read(ctx context.Context, ids []wispwright.ID) ([]*Server, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if wispwright.Pending(ctx) {
		return c.stores.Servers.Hold(ctx, false, ids...)
	}
	found, err := c.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return found.Rows, err
}

func (c *core) serverVariables(o *Server, ca *Certificate) (map[string]any, error) {
	h := "_" + o.hex()
	out := map[string]any{"vpn_host" + h: o.Host}
	t := c.byPath[o.Backend]
	if t == nil {
		return out, nil
	}
	if t.Keys {
		out["public_key"+h] = o.PublicKey
		config, err := decode(o.Config)
		if err != nil {
			return nil, err
		}
		if port := value(tunnel(config, t.List), "port"); port != nil {
			out["vpn_port"+h] = port
		}
	}
	if t.Certificates && ca != nil {
		out["ca_path"+h] = c.CertPath + "/ca-" + strconv.FormatInt(ca.ID, 10) + "-" + strings.ReplaceAll(ca.CommonName, " ", "_") + ".pem"
		out["ca_contents"+h] = ca.PEM
	}
	if o.Address.IsValid() {
		out["server_ip_address"+h] = o.Address.String()
		out["server_ip_network"+h] = o.Address.String() + "/" + strconv.Itoa(o.Address.BitLen())
		if o.Subnet.IsValid() {
			out["vpn_subnet"+h] = o.Subnet.String()
		}
	}
	if t.Controller {
		out["network_name"+h], out["node_id"+h], out["network_id"+h] = o.Name, o.NodeID, o.NetworkID
	}
	return out, nil
}

// Variables implements controller.ContextProvider: those of the clients of devices
// and of their servers (spec: controller-config §9.4).
func (c *core) Variables(ctx context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	var clients []*Client
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		clients = append(clients, found.Rows...)
	}
	if len(clients) == 0 {
		return nil, nil
	}
	var servers []wispwright.ID
	var certIDs []int64
	for _, cl := range clients {
		if !slices.Contains(servers, cl.ServerID) {
			servers = append(servers, cl.ServerID)
		}
		if cl.CertID != 0 {
			certIDs = append(certIDs, cl.CertID)
		}
	}
	of, err := c.ServerVariables(ctx, servers...)
	if err != nil {
		return nil, err
	}
	rows, err := c.read(ctx, servers)
	if err != nil {
		return nil, err
	}
	byID := map[wispwright.ID]*Server{}
	for _, o := range rows {
		byID[o.ID] = o
	}
	certs := map[int64]*Certificate{}
	if len(certIDs) > 0 {
		if certs, err = c.pki.Certificates(ctx, certIDs...); err != nil {
			return nil, err
		}
	}
	out := map[wispwright.ID]map[string]any{}
	for _, cl := range clients {
		o := byID[cl.ServerID]
		if o == nil {
			continue
		}
		vars := out[cl.DeviceID]
		if vars == nil {
			vars = map[string]any{}
			out[cl.DeviceID] = vars
		}
		for name, v := range of[cl.ServerID] {
			vars[name] = v
		}
		if err := c.clientVariables(vars, o, cl, certs[cl.CertID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *core) clientVariables(vars map[string]any, o *Server, cl *Client, cert *Certificate) error {
	h := "_" + o.hex()
	if cert != nil {
		vars["cert_path"+h], vars["cert_contents"+h] = c.CertPath+"/client-"+o.hex()+".pem", cert.PEM
		vars["key_path"+h], vars["key_contents"+h] = c.CertPath+"/key-"+o.hex()+".pem", cert.Key.Reveal()
	}
	if cl.PublicKey != "" {
		vars["pub_key"+h], vars["pvt_key"+h] = cl.PublicKey, cl.PrivateKey.Reveal()
	}
	if !o.SubnetID.IsZero() && cl.Address.IsValid() {
		vars["ip_address"+h] = cl.Address.String()
	}
	t := c.byPath[o.Backend]
	if t != nil && t.VNI {
		vni := int64(0)
		if cl.VNI != nil {
			vni = *cl.VNI
		} else if config, err := decode(o.Config); err != nil {
			return err
		} else {
			vni = fixedVNI(config)
		}
		if vni > 0 {
			vars["vni"+h] = strconv.FormatInt(vni, 10)
		}
	}
	if cl.Identity != "" {
		vars["zerotier_member_id"], vars["secret"] = cl.Member(), cl.Identity.Reveal()
	}
	return nil
}

// Variables returns what a template of a server may use, as people look it up.
func (s *Servers) Variables(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (map[string]any, error) {
	if _, err := s.core.stores.Servers.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	of, err := s.core.ServerVariables(ctx, id)
	return of[id], err
}
