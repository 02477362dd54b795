package vpn

import (
	"context"
	"net/netip"
	"regexp"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// What servers bring that ran before they were here: keys, a certificate, addresses of
// their own and of their peers.

// adoptKeys checks keys that a server brings, and takes one that stands in its
// configuration to where keys are sealed. Keys that are missing are made later.
func adoptKeys(v *wispwright.ValidationError, before, o *Server, t *Type) error {
	if !t.Keys {
		return nil
	}
	had := &Server{}
	if before != nil {
		had = before
	}
	o.PrivateKey = wispwright.Secret(strings.TrimSpace(o.PrivateKey.Reveal()))
	if !v.Has("config") {
		found, err := takeKey(o, t)
		switch {
		case err != nil:
			return err
		case found == "":
		case o.PrivateKey != "" && o.PrivateKey != had.PrivateKey && o.PrivateKey != found:
			v.Add("private_key", "The configuration has another private key.")
		default:
			o.PrivateKey = found
		}
	}
	if o.PrivateKey == "" {
		if o.PublicKey != "" && o.PublicKey != had.PublicKey {
			v.Add("public_key", "The private key of this public key is missing.")
		}
		return nil
	}
	if o.PrivateKey == had.PrivateKey && o.PublicKey == had.PublicKey {
		return nil
	}
	public, err := publicOf(o.PrivateKey)
	switch {
	case err != nil:
		v.Add("private_key", err.Error())
	case o.PublicKey == "" || o.PublicKey == had.PublicKey:
		o.PublicKey = public
	case o.PublicKey != public:
		v.Add("public_key", "This is not the public key of the private key.")
	}
	return nil
}

// takeKey takes the private key out of a server's configuration, where everybody would
// see it who sees the server. A variable in its place is as if nothing was there.
func takeKey(o *Server, t *Type) (wispwright.Secret, error) {
	config, err := decode(o.Config)
	if err != nil {
		return "", err
	}
	tunnel := tunnel(config, t.List)
	if !tunnel.Has("private_key") {
		return "", nil
	}
	key := strings.TrimSpace(text(tunnel, "private_key"))
	tunnel.Delete("private_key")
	o.Config = wispwright.JSON(ordered.Append(nil, config))
	if strings.Contains(key, "{{") {
		return "", nil
	}
	return wispwright.Secret(key), nil
}

// keyVariable matches where a configuration names the server's private key.
var keyVariable = regexp.MustCompile(`\{\{\s*key\s*\}\}`)

// needsKey reports whether what the host of a server fetches has the private key of its
// certificate.
func needsKey(o *Server, t *Type) bool {
	config, err := decode(o.Config)
	if err != nil {
		return false // told elsewhere
	}
	return keyVariable.MatchString(string(o.Config)) || !config.Has("files") && text(tunnel(config, t.List), "key") == "key.pem"
}

// checkOwnCertificate refuses a certificate that a server cannot use.
func checkOwnCertificate(v *wispwright.ValidationError, o *Server, t *Type, cert *Certificate) {
	switch {
	case cert.Revoked:
		v.Add("cert", "The selected certificate is revoked.")
	case cert.Key == "" && needsKey(o, t):
		v.Add("cert", "The private key of the selected certificate is not here; import the certificate with its key.")
	}
}

// ownAddress is the address that stands in the configuration of a server's tunnel;
// invalid where there is none, or none in the subnet.
func ownAddress(config *ordered.Object, t *Type, network netip.Prefix) netip.Addr {
	first, _, _ := strings.Cut(text(tunnel(config, t.List), "address"), ",")
	first, _, _ = strings.Cut(strings.TrimSpace(first), "/")
	a, err := netip.ParseAddr(first)
	if err != nil || !network.Contains(a) {
		return netip.Addr{}
	}
	return a
}

// peerAddresses are the addresses in a subnet of peers that stand in the configuration.
func peerAddresses(config *ordered.Object, t *Type, network netip.Prefix) (out []netip.Addr) {
	peers, _ := value(tunnel(config, t.List), "peers").([]any)
	seen := map[netip.Addr]bool{}
	for _, item := range peers {
		peer, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		for _, part := range allowed(value(peer, "allowed_ips")) {
			p, err := netip.ParsePrefix(strings.TrimSpace(part))
			if err == nil && p.IsSingleIP() && network.Contains(p.Addr()) && !seen[p.Addr()] {
				seen[p.Addr()] = true
				out = append(out, p.Addr())
			}
		}
	}
	return out
}

// allowed are the networks of a peer, a text with commas or a list.
func allowed(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return strings.Split(v, ",")
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// occupy records the addresses that stand in a server's configuration, so that no
// client gets them: those of its peers, and its own, which it returns. The subnet and
// its organization are held.
func (s *Servers) occupy(ctx context.Context, before, o *Server, n Subnet) (own Address, fresh bool, err error) {
	t := s.core.byPath[o.Backend]
	if t == nil || !t.Keys || o.SubnetID.IsZero() || before != nil && before.Config == o.Config && before.SubnetID == o.SubnetID {
		return Address{}, false, nil
	}
	config, err := decode(o.Config)
	if err != nil {
		return Address{}, false, err
	}
	if peers := peerAddresses(config, t, n.Network); len(peers) > 0 {
		if _, err := s.core.ipam.Record(ctx, o.SubnetID, "Peer of "+o.Name, peers...); err != nil {
			return Address{}, false, under("config", err, "ip_address", "description")
		}
	}
	a := ownAddress(config, t, n.Network)
	if !a.IsValid() || !o.AddressID.IsZero() {
		return Address{}, false, nil
	}
	made, err := s.core.ipam.Record(ctx, o.SubnetID, o.Name, a)
	if err != nil || len(made) == 0 {
		return Address{}, false, under("config", err, "ip_address", "description")
	}
	return made[0].Address, made[0].Fresh, nil
}
