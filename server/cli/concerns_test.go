package cli_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

// installed is a data folder with an organization and two people.
func installed(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	loaded := wispwright(t, data, toldFixture, "loaddata", "-")
	require.Equal(t, run{0, "", ""}, loaded)
	return data
}

// done runs a command that must succeed and returns what it prints.
func done(t *testing.T, data, stdin string, args ...string) string {
	t.Helper()
	got := wispwright(t, data, stdin, args...)
	require.Equal(t, 0, got.status, "%v: %s", args, got.err)
	return got.out
}

// refused runs a command that must fail and returns what it says.
func refused(t *testing.T, data string, args ...string) string {
	t.Helper()
	got := wispwright(t, data, "", args...)
	require.NotEqual(t, 0, got.status, "%v: %s", args, got.out)
	require.NotContains(t, got.err, "panic")
	return got.err
}

func TestNotificationCommands(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "data")
	require.Contains(t, refused(t, empty, "create_notification"), "there is no organization to speak of")
	i := install(t, toldFixture)
	data := i.data
	require.Equal(t, "Told of the organization Acme.\n", done(t, data, "", "create_notification", "--message", "hello *there*", "--level", "warning"))
	require.Equal(t, "Told of the organization Acme.\n", done(t, data, "", "create_notification", "--user", "root"))
	require.Contains(t, refused(t, data, "create_notification", "--user", "nobody"), "user nobody: ")
	require.Contains(t, refused(t, data, "create_notification", "--level", "loud"), "level")
	require.Regexp(t, `^Preferences are complete for \d+ types; 0 choices of types that are gone were removed\.\n$`, done(t, data, "", "populate_notification_preferences"))

	i.start()
	defer i.kill()
	var list struct {
		Count   int
		Results []struct{ Message, Level string }
	}
	i.ask("GET", "/api/v1/notifications/notification/", "", &list)
	require.Equal(t, 2, list.Count, "both were told by the commands")
	var levels []string
	for _, n := range list.Results {
		levels = append(levels, n.Level)
		if n.Level == "warning" {
			require.Contains(t, n.Message, "<em>there</em>")
		}
	}
	require.ElementsMatch(t, []string{"info", "warning"}, levels)
}

func TestX509Commands(t *testing.T) {
	data := installed(t)
	require.Equal(t, "CA 1\n", done(t, data, "", "x509", "create", "root", "--key", "256", "--path-length", "1", "--days", "900"))
	require.Equal(t, "CA 2\n", done(t, data, "", "x509", "create", "acme", "--key", "256", "--parent", "1", "--organization", "acme"))
	require.Equal(t, "Certificate 1\n", done(t, data, "", "x509", "create", "box", "--ca", "2", "--key", "256", "--days", "20", "--organization", "acme", "--extension", "subjectAltName=DNS:box.example.org"))
	require.Contains(t, refused(t, data, "x509", "create", "x", "--organization", "nope"), "organization nope: ")
	require.Contains(t, refused(t, data, "x509", "create", "x", "--key", "7"), "key_length")
	require.Contains(t, refused(t, data, "x509", "show", "ca", "9"), "CA 9: ")
	require.Contains(t, refused(t, data, "x509", "export", "cert", "9"), "certificate 9: ")

	listed := done(t, data, "", "x509", "list")
	require.Contains(t, listed, "root")
	require.NotContains(t, listed, "box")
	require.Contains(t, done(t, data, "", "x509", "list", "--expiring", "30"), "box")
	require.Contains(t, done(t, data, "", "x509", "list", "--ca", "2"), "box")
	require.Contains(t, done(t, data, "", "x509", "show", "cert", "1"), "box.example.org")

	exported := done(t, data, "", "x509", "export", "cert", "1")
	require.NotContains(t, exported, "PRIVATE KEY")
	leaf, chain := certificates(t, exported)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	between.AddCert(chain[0])
	roots.AddCert(chain[1])
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: "box.example.org", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	require.NoError(t, err)
	withKey := done(t, data, "", "x509", "export", "cert", "1", "--key")
	require.Contains(t, withKey, "PRIVATE KEY")
	bundle := done(t, data, "a password\n", "x509", "export", "cert", "1", "--pkcs12", "--password-stdin")
	_, same, _, err := pkcs12.DecodeChain([]byte(bundle), "a password")
	require.NoError(t, err)
	require.True(t, leaf.Equal(same))

	require.Regexp(t, `^box is valid until \d{4}-\d\d-\d\d, serial number \d+\n$`, done(t, data, "", "x509", "renew", "cert", "1"))
	renewed, _ := certificates(t, done(t, data, "", "x509", "export", "cert", "1"))
	require.NotEqual(t, leaf.SerialNumber, renewed.SerialNumber)
	require.Equal(t, "box is revoked\n", done(t, data, "", "x509", "revoke", "1", "--reason", "key_compromise"))
	require.NotEmpty(t, refused(t, data, "x509", "revoke", "1", "--reason", "boredom"))
	block, _ := pem.Decode([]byte(done(t, data, "", "x509", "crl", "2")))
	require.NotNil(t, block)
	list, err := x509.ParseRevocationList(block.Bytes)
	require.NoError(t, err)
	require.True(t, revokes(list, renewed))
	_, err = x509.ParseRevocationList([]byte(done(t, data, "", "x509", "crl", "2", "--der")))
	require.NoError(t, err)
	require.Contains(t, done(t, data, "", "x509", "list", "--ca", "2"), "revoked")

	// another installation takes the certificate and its key over
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	text := []byte(withKey)
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), 0o600))
	require.NoError(t, os.WriteFile(key, text[bytes.LastIndex(text, []byte("-----BEGIN")):], 0o600))
	require.Contains(t, refused(t, installed(t), "x509", "import", certificate, key, "--ca", "1"), "ca")
	rootPEM := filepath.Join(folder, "root.pem")
	require.NoError(t, os.WriteFile(rootPEM, []byte(done(t, data, "", "x509", "export", "ca", "1", "--key")), 0o600))
	require.NotEmpty(t, refused(t, installed(t), "x509", "import", rootPEM, key), "the key is of another certificate")
	packed, fresh := filepath.Join(folder, "root.p12"), installed(t)
	require.NoError(t, os.WriteFile(packed, []byte(done(t, data, "a password\n", "x509", "export", "ca", "1", "--pkcs12", "--password-stdin")), 0o600))
	require.Contains(t, refused(t, fresh, "x509", "import", packed), "Incorrect Passphrase")
	require.Equal(t, "CA 1\n", done(t, fresh, "a password\n", "x509", "import", packed, "--passphrase-stdin"))
	require.Equal(t, done(t, data, "", "x509", "export", "ca", "1"), done(t, fresh, "", "x509", "export", "ca", "1"))
}

// certificates parses a chain of PEM blocks.
func certificates(t *testing.T, text string) (*x509.Certificate, []*x509.Certificate) {
	t.Helper()
	var all []*x509.Certificate
	for rest := []byte(text); ; {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		rest = next
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		all = append(all, c)
	}
	require.Len(t, all, 3)
	return all[0], all[1:]
}

func revokes(list *x509.RevocationList, c *x509.Certificate) bool {
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

func TestTopologyCommands(t *testing.T) {
	data := installed(t)
	require.Equal(t, "removed 0 links, 0 nodes, 0 snapshots, 0 moments of links\n", done(t, data, "", "topology", "expire"))
	require.Equal(t, "0 nodes are devices that were none before\n", done(t, data, "", "topology", "match", "--meshes"))
	require.Empty(t, done(t, data, "", "topology", "update"))
	require.Empty(t, done(t, data, "", "topology", "snapshot"))
	require.Contains(t, done(t, data, "", "topology", "list"), "STRATEGY")
	require.Contains(t, refused(t, data, "topology", "receive", "nothing", "-"), "is no id")
	require.Contains(t, refused(t, data, "topology", "receive", "00000000-0000-4000-8000-000000000000", "-"), "not found")
}

func TestIPAMCommands(t *testing.T) {
	data := installed(t)
	file := filepath.Join(t.TempDir(), "office.csv")
	require.NoError(t, os.WriteFile(file, []byte("office\n10.9.0.0/24\nacme\nip_address,description\n10.9.0.1,gateway\n10.9.0.7,printer\n"), 0o600))
	require.Contains(t, done(t, data, "", "ipam", "import", file, "--dry-run"), "nothing was stored")
	require.Contains(t, refused(t, data, "ipam", "request", "10.9.0.0/24"), "does not exist")
	require.Contains(t, done(t, data, "", "ipam", "import", file), "2 new addresses, 0 known ones")
	require.Contains(t, done(t, data, "", "ipam", "import", file), "0 new addresses, 2 known ones")
	require.Equal(t, "10.9.0.2\n", done(t, data, "", "ipam", "request", "10.9.0.0/24", "--description", "camera"))
	require.Equal(t, "10.9.0.32/27\n10.9.0.64/27\n", done(t, data, "", "ipam", "free", "10.9.0.0/24", "--prefix-length", "27", "--limit", "2"))
	out := done(t, data, "", "ipam", "export", "10.9.0.0/24", "--output", "-", "--organization", "acme")
	require.Contains(t, out, "10.9.0.2,camera")
	sheet := filepath.Join(t.TempDir(), "office.xlsx")
	require.Equal(t, "Successfully exported 10.9.0.0/24\n", done(t, data, "", "ipam", "export", "10.9.0.0/24", "--output", sheet))
	require.Contains(t, done(t, installed(t), "", "ipam", "import", sheet), "3 new addresses")

	require.Contains(t, refused(t, data, "ipam", "export", "10.9.0.0/33"), "10.9.0.0/33")
	require.Contains(t, refused(t, data, "ipam", "export", "10.9.0.0/24", "--output", "x.pdf"), "File type not supported")
	require.Contains(t, refused(t, data, "ipam", "import", filepath.Join(t.TempDir(), "gone.csv")), "not found.")
	bad := filepath.Join(t.TempDir(), "bad.csv")
	require.NoError(t, os.WriteFile(bad, []byte("office\n10.9.0.0/24\nacme\nip_address,description\n10.8.0.1,elsewhere\nnonsense,x\n"), 0o600))
	said := refused(t, data, "ipam", "import", bad)
	require.Contains(t, said, "row 5:")
	require.Contains(t, said, "row 6:")
	require.Contains(t, said, "2 rows are faulty: nothing was stored")
}

// Another key seals everything anew; then the former one opens nothing.
func TestSecretsAreSealedAnew(t *testing.T) {
	first, second := strings.Repeat("a", 40), strings.Repeat("b", 40)
	data := filepath.Join(t.TempDir(), "data")
	with := func(key, old string, args ...string) run {
		return wispwrightIn([]string{"WISPWRIGHT_DATA=" + data, "WISPWRIGHT_SECRET_KEY=" + key, "WISPWRIGHT_OLD_SECRET_KEYS=" + old}, "", args...)
	}
	export := []string{"x509", "export", "ca", "1", "--key"}
	require.Equal(t, run{0, "CA 1\n", ""}, with(first, "", "x509", "create", "root", "--key", "256"))
	before := with(first, "", export...)
	require.Contains(t, before.out, "PRIVATE KEY")
	require.NotEqual(t, 0, with(second, "", export...).status, "nothing opens it without the key")
	require.Equal(t, before, with(second, first, export...), "the former key still opens")
	require.Equal(t, run{0, "1 secrets are sealed with the present key now.\n", ""}, with(second, first, "secrets", "rotate"))
	require.Equal(t, run{0, "0 secrets are sealed with the present key now.\n", ""}, with(second, first, "secrets", "rotate"))
	require.Equal(t, before, with(second, "", export...))
	require.NotEqual(t, 0, with(first, "", export...).status)
}

func TestConnectionCommands(t *testing.T) {
	data := installed(t)
	for _, args := range [][]string{{"connection", "list", "nothing"}, {"connection", "test", "nothing"}, {"command", "run", "nothing", "uptime"}} {
		require.Contains(t, refused(t, data, args...), `there is no device "nothing"`)
	}
	require.Contains(t, refused(t, data, "connection", "list", "00000000-0000-4000-8000-000000000000"), "not found")
}
