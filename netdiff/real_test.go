package netdiff

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdx509 "crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// namespace runs one of the scripts in testdata with a network and processes
// of its own, in a folder, and returns what it prints. The daemons end with it.
func namespace(t *testing.T, dir, script string, args ...string) []byte {
	t.Helper()
	for _, program := range []string{"unshare", "mount", "ip", "wg", "wireguard-go", "openvpn"} {
		if _, err := exec.LookPath(program); err != nil || os.Geteuid() != 0 {
			t.Skipf("%s is not here, or not root: scripts/services start vpn", program)
		}
	}
	unshare := func(command ...string) *exec.Cmd {
		return exec.Command("unshare", append([]string{"--net", "--mount", "--pid", "--fork", "--kill-child", "sh"}, command...)...)
	}
	// what the scripts need of the system; containers often may not do it
	if out, err := unshare("-ec", "ip link set lo up; mount -t tmpfs tmpfs /run; ip tuntap add dev probe mode tun").CombinedOutput(); err != nil {
		t.Skipf("no namespaces, mounts or TUN devices here: %v: %s", err, out)
	}
	path, err := filepath.Abs(filepath.Join("testdata", script))
	require.NoError(t, err)
	cmd := unshare(append([]string{path}, args...)...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &said)
	return out
}

func TestDumpOfARealWireGuard(t *testing.T) {
	g, err := WireGuard().Parse(namespace(t, t.TempDir(), "wireguard.sh"), nil)
	require.NoError(t, err)
	nodes, links := g.Len()
	require.Equal(t, 4, nodes)
	require.Equal(t, 2, links)
	d, err := g.Document()
	require.NoError(t, err)
	require.NotNil(t, find(d, "wg0"))
	require.NotNil(t, find(d, "wg1"))
	var labels []any
	for _, n := range d.Nodes {
		labels = append(labels, n.Label)
	}
	require.Contains(t, labels, "10.99.0.1/32")
	require.Contains(t, labels, "10.99.0.2/32")
}

func TestStatusOfARealOpenVPN(t *testing.T) {
	dir := t.TempDir()
	certificates(t, dir)
	for _, version := range []string{"1", "2", "3"} {
		g, err := OpenVPN().Parse(namespace(t, dir, "openvpn.sh", version), nil)
		require.NoError(t, err, "status version %s", version)
		d, err := g.Document()
		require.NoError(t, err)
		require.Equal(t, []string{"openvpn-server>roof=1"}, links(d))
		require.Equal(t, []any{"10.98.0.2"}, find(d, "roof").LocalAddresses)
		require.NoError(t, os.Remove(filepath.Join(dir, "status")))
	}
}

// certificates writes an authority and what server and client need.
func certificates(t *testing.T, dir string) {
	write := func(name, kind string, der []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	var authority *stdx509.Certificate
	var authorityKey *ecdsa.PrivateKey
	for i, c := range []struct {
		file, name string
		usage      stdx509.ExtKeyUsage
	}{{"ca", "ca", 0}, {"server", "server", stdx509.ExtKeyUsageServerAuth}, {"client", "roof", stdx509.ExtKeyUsageClientAuth}} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		cert := &stdx509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: c.name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: i == 0,
			KeyUsage: stdx509.KeyUsageDigitalSignature, ExtKeyUsage: []stdx509.ExtKeyUsage{c.usage}}
		if i == 0 {
			cert.KeyUsage, cert.ExtKeyUsage = stdx509.KeyUsageCertSign, nil
			authority, authorityKey = cert, key
		}
		der, err := stdx509.CreateCertificate(rand.Reader, cert, authority, &key.PublicKey, authorityKey)
		require.NoError(t, err)
		write(c.file+".pem", "CERTIFICATE", der)
		secret, err := stdx509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		write(c.file+".key", "PRIVATE KEY", secret)
	}
}
