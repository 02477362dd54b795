package vpn_test

import (
	"crypto"
	"crypto/rand"
	std "crypto/x509"
	"encoding/pem"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/x509"
)

// The pair of RFC 7748, §6.1, in base64.
const (
	aliceKey    = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
	alicePublic = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
)

func TestAServerBringsItsKeys(t *testing.T) {
	w := newWorld(t, nil)
	s := &vpn.Server{Name: "old", Host: "old.example.com", OrganizationID: w.acme, Backend: wireguard, SubnetID: w.subnet("10.0.0.0/24", w.acme), PrivateKey: " " + aliceKey + "\n",
		Config: `{"wireguard":[{"name":"wg0","port":51820,"address":"10.0.0.254/24","peers":[{"public_key":"` + alicePublic + `","allowed_ips":"10.0.0.1/32, 192.168.7.0/24"},{"public_key":"` + aliceKey + `","allowed_ips":"10.0.0.3/32"}]}]}`}
	require.NoError(t, w.Servers.Create(ctx(), s))
	require.Equal(t, alicePublic, s.PublicKey)
	require.Equal(t, "10.0.0.254", s.Address.String(), "the address that its configuration has")
	require.True(t, s.OwnAddress)
	require.Equal(t, 3, w.taken(s.SubnetID), "its own and those of its peers")
	files := w.serverFiles(s)["wg0.conf"]
	require.Contains(t, files, "PrivateKey = "+aliceKey)
	d := w.device("ap", w.template("tunnel", s, nil))
	require.Equal(t, "10.0.0.2", w.client(d).Address.String(), "no client gets the address of a peer")
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], alicePublic)

	// the key stays where nothing is said of it, and another takes its public one along
	w.work()
	changed, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Notes = "x"; return nil })
	require.NoError(t, err)
	require.Equal(t, alicePublic, changed.PublicKey)
	other := wispwright.Secret("XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os=") // Bob's
	changed, err = w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.PrivateKey = other; return nil })
	require.NoError(t, err)
	require.Equal(t, "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=", changed.PublicKey)
	w.work()
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], changed.PublicKey)

	require.NoError(t, w.Servers.Delete(ctx(), all(), s.ID))
	w.work()
	require.Equal(t, 2, w.taken(s.SubnetID), "the addresses of its peers stay")
}

func TestAKeyInTheConfigurationIsSealed(t *testing.T) {
	w := newWorld(t, nil)
	subnet := w.subnet("10.0.0.0/24", w.acme)
	draft := func(key string) *vpn.Server {
		return &vpn.Server{Name: "old", Host: "old.example.com", OrganizationID: w.acme, Backend: vxlan, SubnetID: subnet,
			Config: wispwright.JSON(`{"wireguard":[{"name":"wg0","port":51820,"private_key":"` + key + `"}],"vxlan":[{"name":"vxlan0","vni":0}]}`)}
	}
	s := draft(aliceKey)
	require.NoError(t, w.Servers.Create(ctx(), s))
	require.Equal(t, aliceKey, s.PrivateKey.Reveal())
	require.NotContains(t, string(s.Config), "private_key")
	changed, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error {
		s.Config = wispwright.JSON(strings.Replace(string(s.Config), `"port":51820`, `"port":51820,"private_key":"{{ private_key }}"`, 1))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, aliceKey, changed.PrivateKey.Reveal())
	require.NotContains(t, string(changed.Config), "private_key")
	require.NoError(t, w.Servers.Delete(ctx(), all(), s.ID))

	both := draft(aliceKey)
	both.PrivateKey = "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os="
	require.Equal(t, map[string]string{"private_key": "The configuration has another private key."}, faults(t, w.Servers.Create(ctx(), both)))
}

func TestKeysThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	subnet := w.subnet("10.0.0.0/24", w.acme)
	for name, c := range map[string]struct {
		private, public string
		want            map[string]string
	}{
		"text":         {"secret-text", "", map[string]string{"private_key": "Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it."}},
		"too short":    {"AAECAwQ=", "", map[string]string{"private_key": "Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it."}},
		"zeros":        {strings.Repeat("A", 43) + "=", "", map[string]string{"private_key": "Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it."}},
		"line break":   {aliceKey[:20] + "\nPostUp = touch x\n" + aliceKey[20:], "", map[string]string{"private_key": "Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it."}},
		"broken pair":  {aliceKey, aliceKey, map[string]string{"public_key": "This is not the public key of the private key."}},
		"half":         {"", alicePublic, map[string]string{"public_key": "The private key of this public key is missing."}},
		"URL alphabet": {strings.ReplaceAll(strings.Replace(aliceKey, "d", "-", 1), "+", "-"), "", map[string]string{"private_key": "Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it."}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &vpn.Server{Name: "old", Host: "old.example.com", OrganizationID: w.acme, Backend: wireguard, SubnetID: subnet, PrivateKey: wispwright.Secret(c.private), PublicKey: c.public,
				Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
			err := w.Servers.Create(ctx(), s)
			require.Equal(t, c.want, faults(t, err))
			if c.private != "" {
				require.NotContains(t, err.Error(), c.private)
			}
			require.Zero(t, w.taken(subnet), "nothing half made")
		})
	}
}

func TestAServerBringsItsCertificate(t *testing.T) {
	w := newWorld(t, nil)
	// made elsewhere: an authority and a certificate whose key has a passphrase
	elsewhere := newWorld(t, nil)
	theirs := elsewhere.authority("office")
	made := &x509.Cert{CAID: theirs.ID, Details: x509.Details{Name: "gate", CommonName: "gate", OrganizationID: elsewhere.acme, Passphrase: "open sesame"}}
	require.NoError(t, elsewhere.x509.Certs.Create(ctx(), made))
	require.Contains(t, made.PrivateKey.Reveal(), "ENCRYPTED")
	ca := &x509.CA{Details: x509.Details{Name: "office", OrganizationID: w.acme, Certificate: theirs.Certificate, PrivateKey: theirs.PrivateKey}}
	require.NoError(t, w.x509.CAs.Create(ctx(), ca))
	bring := func(name string) *x509.Cert {
		t.Helper()
		cert := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: name, OrganizationID: w.acme, Certificate: made.Certificate, PrivateKey: made.PrivateKey, Passphrase: made.Passphrase}}
		require.NoError(t, w.x509.Certs.Create(ctx(), cert))
		return cert
	}
	cert := bring("gate")
	s := &vpn.Server{Name: "gate", Host: "gate.example.com", OrganizationID: w.acme, Backend: openVPN, CAID: ca.ID, CertID: cert.ID, Config: openVPNConfig}
	require.NoError(t, w.Servers.Create(ctx(), s))
	require.False(t, s.OwnCert)
	files := w.serverFiles(s)
	require.Contains(t, files["cert.pem"], strings.TrimSpace(made.Certificate))
	require.Contains(t, files["key.pem"], "BEGIN PRIVATE KEY", "nobody is there to be asked for a passphrase")
	d := w.device("ap", w.template("tunnel", s, nil))
	found := false
	for _, text := range w.deviceFiles(d) {
		found = found || strings.Contains(text, strings.TrimSpace(theirs.Certificate))
	}
	require.True(t, found, "devices trust the authority")
	w.work()
	require.NoError(t, w.Servers.Delete(ctx(), all(), s.ID))
	w.work()
	kept, err := w.x509.Certs.Get(ctx(), all(), cert.ID)
	require.NoError(t, err)
	require.False(t, kept.Revoked, "what the server did not make it does not revoke")

	_, err = w.x509.Certs.Revoke(ctx(), all(), cert.ID, x509.CessationOfOperation)
	require.NoError(t, err)
	again := &vpn.Server{Name: "gate", Host: "gate.example.com", OrganizationID: w.acme, Backend: openVPN, CAID: ca.ID, CertID: cert.ID, Config: openVPNConfig}
	require.Equal(t, map[string]string{"cert": "The selected certificate is revoked."}, faults(t, w.Servers.Create(ctx(), again)))

	// a certificate whose key never was here
	request, err := x509.GenerateKey(x509.P256)
	require.NoError(t, err)
	keyless := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "far", CommonName: "far", OrganizationID: w.acme}, Request: csr(t, request)}
	require.NoError(t, w.x509.Certs.Create(ctx(), keyless))
	again.CertID = keyless.ID
	require.Contains(t, faults(t, w.Servers.Create(ctx(), again))["cert"], "The private key of the selected certificate is not here")
	again.Config = wispwright.JSON(strings.Replace(openVPNConfig, `"key":"key.pem"`, `"key":"/etc/openvpn/key.pem"`, 1))
	require.NoError(t, w.Servers.Create(ctx(), again), "it lies on the host already")
}

func TestAddressesThatAreRecorded(t *testing.T) {
	w := newWorld(t, nil)
	subnet := w.subnet("10.0.0.0/24", w.acme)
	mine := &ipam.Address{SubnetID: subnet, IPAddress: netip.MustParseAddr("10.0.0.9"), Description: "gate"}
	require.NoError(t, w.ipam.Addresses.Create(ctx(), mine))
	s := &vpn.Server{Name: "gate", Host: "gate.example.com", OrganizationID: w.acme, Backend: wireguard, SubnetID: subnet, Config: `{"wireguard":[{"name":"wg0","port":51820,"address":"10.0.0.9/24"}]}`}
	require.NoError(t, w.Servers.Create(ctx(), s))
	require.Equal(t, mine.ID, s.AddressID)
	require.False(t, s.OwnAddress)
	require.NoError(t, w.Servers.Delete(ctx(), all(), s.ID))
	require.Equal(t, 1, w.taken(subnet), "what it did not record it does not free")
}

// csr is a request for a certificate of a key.
func csr(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := std.CreateCertificateRequest(rand.Reader, &std.CertificateRequest{}, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// Pre-shared keys of peers in the configuration are nowhere but where the server's host
// fetches it.
func TestKeysOfPeersAreSealed(t *testing.T) {
	w := newWorld(t, nil)
	const psk, other = "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=", "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os="
	peers := func(first, second string) wispwright.JSON {
		return wispwright.JSON(`{"wireguard":[{"name":"wg0","port":51820,"peers":[{"public_key":"` + alicePublic + `","allowed_ips":"10.0.0.9/32"` + first + `},{"public_key":"` + aliceKey + `","allowed_ips":"10.0.0.8/32"` + second + `}]}]}`)
	}
	s := &vpn.Server{Name: "old", Host: "old.example.com", OrganizationID: w.acme, Backend: wireguard, SubnetID: w.subnet("10.0.0.0/24", w.acme), Config: peers(`,"preshared_key":"`+psk+`"`, ``)}
	require.NoError(t, w.Servers.Create(ctx(), s))
	require.NotContains(t, string(s.Config), "preshared_key")
	require.NotContains(t, string(s.Config), psk)
	require.Contains(t, s.PeerKeys.Reveal(), psk)
	require.Contains(t, w.serverFiles(s)["wg0.conf"], "PreSharedKey = "+psk)
	update := func(config wispwright.JSON) *vpn.Server {
		changed, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Config = config; return nil })
		require.NoError(t, err)
		w.work()
		require.NotContains(t, string(changed.Config), psk)
		return changed
	}
	// what is read and sent again keeps the key, and another peer may get one
	both := update(peers(``, `,"preshared_key":"`+other+`"`))
	require.Contains(t, both.PeerKeys.Reveal(), psk)
	require.Contains(t, w.serverFiles(both)["wg0.conf"], "PreSharedKey = "+other)
	require.Contains(t, w.serverFiles(both)["wg0.conf"], "PreSharedKey = "+psk)
	// an empty text takes it away, a variable stays what it is
	one := update(peers(`,"preshared_key":""`, `,"preshared_key":"{{psk}}"`))
	require.Empty(t, one.PeerKeys)
	require.Contains(t, string(one.Config), "{{psk}}")
	// a peer that is gone takes its key along
	update(peers(`,"preshared_key":"`+psk+`"`, ``))
	gone := update(`{"wireguard":[{"name":"wg0","port":51820}]}`)
	require.Empty(t, gone.PeerKeys)
	// what is no key is refused, without being told again
	_, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error {
		s.Config = peers(`,"preshared_key":"with a space and far too long to be a key of this kind"`, ``)
		return nil
	})
	require.Contains(t, faults(t, err), "config")
	_, err = w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.PeerKeys = "nonsense"; return nil })
	require.Contains(t, faults(t, err), "peer_keys")

	// one that was stored before is sealed at the start, and nothing else of it changes
	_, err = w.stores.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Config = peers(`,"preshared_key":"`+psk+`"`, ``); return nil })
	require.NoError(t, err)
	require.NoError(t, w.Servers.SealPeerKeys(ctx()))
	sealed, err := w.Servers.Get(ctx(), all(), s.ID)
	require.NoError(t, err)
	require.NotContains(t, string(sealed.Config), psk)
	require.Equal(t, gone.Modified, sealed.Modified)
	require.Contains(t, w.serverFiles(sealed)["wg0.conf"], "PreSharedKey = "+psk)
}
