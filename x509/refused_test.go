package x509_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// nothing checks that a failed step left nothing behind.
func (p *pki) nothing(t *testing.T, cas, certs int) {
	t.Helper()
	c, err := p.stores.CAs.List(t.Context(), everything(), x509.CAFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, cas, c.Total)
	k, err := p.stores.Certs.List(t.Context(), everything(), x509.CertFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, certs, k.Total)
	i, err := p.stores.Issued.List(t.Context(), everything(), x509.IssuedFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, certs, i.Total, "no line of the ledger either")
}

func TestRefusedFields(t *testing.T) {
	p := newPKI(t, nil)
	ca := p.ca(t, "root")
	p.cert(t, ca, "taken", func(c *x509.Cert) { c.SerialNumber = "7" })
	long := strings.Repeat("x", 65)
	for name, tt := range map[string]struct {
		change func(*x509.Cert)
		field  string
		want   string
	}{
		"serial":            {func(c *x509.Cert) { c.SerialNumber = "abc" }, "serial_number", "Serial number must be an integer"},
		"serial zero":       {func(c *x509.Cert) { c.SerialNumber = "0" }, "serial_number", "greater than zero"},
		"serial negative":   {func(c *x509.Cert) { c.SerialNumber = "-5" }, "serial_number", "greater than zero"},
		"serial too long":   {func(c *x509.Cert) { c.SerialNumber = strings.Repeat("9", 49) }, "serial_number", "integer"},
		"serial duplicate":  {func(c *x509.Cert) { c.SerialNumber = "007" }, "", "Certificate with this CA and Serial number already exists."},
		"common name":       {func(c *x509.Cert) { c.CommonName = long }, "common_name", "at most 64 characters (it has 65)"},
		"common name taken": {func(c *x509.Cert) { c.CommonName = "taken" }, "", "Certificate with this Common name and Organization already exists."},
		"key":               {func(c *x509.Cert) { c.KeyLength = "512" }, "key_length", `"512" is not a valid choice.`},
		"digest":            {func(c *x509.Cert) { c.Digest = "md5" }, "digest", `"md5" is not a valid choice.`},
		"end before start":  {func(c *x509.Cert) { c.ValidityEnd = time.Unix(0, 0) }, "validity_end", "must be after"},
		"year":              {func(c *x509.Cert) { c.ValidityEnd = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "validity_end", "1950 and 9999"},
		"country":           {func(c *x509.Cert) { c.CountryCode = "ITA" }, "country_code", "at most 2"},
		"country letters":   {func(c *x509.Cert) { c.CountryCode = "é" }, "country_code", "letters"},
		"email":             {func(c *x509.Cert) { c.Email = "nobody" }, "email", "valid email"},
		"organization":      {func(c *x509.Cert) { c.CAID = 99 }, "ca", "does not exist"},
		"no name":           {func(c *x509.Cert) { c.Name = "" }, "name", "blank"},
		"null":              {func(c *x509.Cert) { c.State = "a\x00b" }, "state", "Null"},
		"extension":         {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Name: "nonsense", Value: "x"}} }, "extensions", "Unsupported extension: nonsense"},
		"extension form":    {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Value: "x"}} }, "", "Extension format invalid"},
		"both forms":        {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Name: "nsComment", OID: "1.2.3", Value: "x"}} }, "", "Extension format invalid"},
		"reserved":          {func(c *x509.Cert) { c.Extensions = []x509.Extension{{OID: "2.5.29.19", Value: "ASN1:OCTET:hex:30"}} }, "extensions", "reserved"},
		"own twice": {func(c *x509.Cert) {
			c.Extensions = []x509.Extension{{OID: "1.2.3", Value: "ASN1:IA5:string:a"}, {OID: "1.2.3", Value: "ASN1:IA5:string:b"}}
		}, "extensions", "there already"},
		"own hex":        {func(c *x509.Cert) { c.Extensions = []x509.Extension{{OID: "1.2.3", Value: "ASN1:UTF8:hex:00"}} }, "extensions", "hex is for OCTET"},
		"own value":      {func(c *x509.Cert) { c.Extensions = []x509.Extension{{OID: "1.2.3", Value: "x"}} }, "extensions", "ASN1:"},
		"own identifier": {func(c *x509.Cert) { c.Extensions = []x509.Extension{{OID: "1.99.3", Value: "ASN1:IA5:string:a"}} }, "extensions", "object identifier"},
		"own giant": {func(c *x509.Cert) {
			c.Extensions = []x509.Extension{{OID: "1.2.3", Value: "ASN1:IA5:string:" + strings.Repeat("a", 65536)}}
		}, "extensions", "longer"},
		"alternative": {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Name: "subjectAltName", Value: "IP:10.0.0"}} }, "extensions", "not an address"},
		"usage":       {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Name: "keyUsage", Value: "everything"}} }, "extensions", "keyUsage"},
		"comment": {func(c *x509.Cert) {
			c.Extensions = []x509.Extension{{Name: "nsComment", Value: strings.Repeat("x", 256)}}
		}, "extensions", "255"},
		"comment not ASCII": {func(c *x509.Cert) { c.Extensions = []x509.Extension{{Name: "nsComment", Value: "é"}} }, "extensions", "ASCII"},
		"only one":          {func(c *x509.Cert) { c.Certificate = ca.Certificate }, "", "both keys (private and public) must be present"},
		"garbage":           {func(c *x509.Cert) { c.Certificate, c.PrivateKey = "nonsense", ca.PrivateKey }, "certificate", "Invalid certificate"},
		"garbage key":       {func(c *x509.Cert) { c.Certificate, c.PrivateKey = ca.Certificate, "nonsense" }, "private_key", "Invalid private key"},
		"giant":             {func(c *x509.Cert) { c.Certificate, c.PrivateKey = strings.Repeat("x", 70_000), ca.PrivateKey }, "certificate", "more than"},
		"giant key": {func(c *x509.Cert) {
			c.Certificate, c.PrivateKey = ca.Certificate, wispwright.Secret(strings.Repeat("x", 70_000))
		}, "private_key", "more than"},
		"request":            {func(c *x509.Cert) { c.Request = "nonsense" }, "csr", "Invalid request"},
		"foreign":            {func(c *x509.Cert) { c.OrganizationID = wispwright.NewID(); c.Certificate, c.PrivateKey = other(t) }, "", "CA doesn't match: the issuer"},
		"key of another one": {func(c *x509.Cert) { c.Certificate, _ = other(t); c.PrivateKey = ca.PrivateKey }, "private_key", "does not belong"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "n", CommonName: "n", KeyLength: x509.P256}}
			tt.change(c)
			require.Contains(t, faults(t, p.Certs.Create(t.Context(), c))[tt.field], tt.want)
			p.nothing(t, 1, 1)
		})
	}
	mine := p.ca(t, "mine", func(c *x509.CA) { c.OrganizationID = wispwright.NewID() })
	require.Contains(t, faults(t, p.Certs.Create(t.Context(), &x509.Cert{CAID: mine.ID, Details: x509.Details{Name: "n", CommonName: "n", OrganizationID: wispwright.NewID()}}))["organization"], "match")
	require.Contains(t, faults(t, p.CAs.Create(t.Context(), &x509.CA{Details: x509.Details{Name: "again", CommonName: "root"}}))[""], "CA with this Common name and Organization already exists.")
	c := p.cert(t, ca, "moves")
	_, err := p.CAs.Update(t.Context(), everything(), ca.ID, func(c *x509.CA) error { c.OrganizationID = mine.OrganizationID; return nil })
	require.Contains(t, faults(t, err)["organization"], "still related")
	c2 := p.cert(t, mine, "stays")
	_, err = p.Certs.Update(t.Context(), everything(), c2.ID, func(c *x509.Cert) error { c.OrganizationID = wispwright.ID{}; return nil })
	require.Contains(t, faults(t, err)["organization"], "match")
	// a failed transaction of the caller takes all along
	require.ErrorIs(t, p.tx.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, p.Certs.Create(ctx, &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "n", CommonName: "n", KeyLength: x509.P256}}))
		_, err := p.Certs.Revoke(ctx, everything(), c.ID, "")
		require.NoError(t, err)
		return errWanted
	}), errWanted)
	p.nothing(t, 2, 3)
	got, err := p.Certs.Get(t.Context(), everything(), c.ID)
	require.NoError(t, err)
	require.False(t, got.Revoked)
}

// other is a certificate of somebody else.
func other(t *testing.T) (string, wispwright.Secret) {
	t.Helper()
	p := newPKI(t, nil)
	c := p.cert(t, p.ca(t, "somebody"), "else")
	return c.Certificate, c.PrivateKey
}

// Keys and certificates that OpenSSL makes: what is read, and what is refused
// with the reason.
func TestImportsOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) { openssl(t, dir, args...) }
	ca := func(name string, args ...string) {
		run(append([]string{"req", "-x509", "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name, "-days", "30"}, args...)...)
	}
	ca("rsa", "-newkey", "rsa:3072")
	ca("ec", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha384")
	ca("ed", "-newkey", "ed25519")
	ca("small", "-newkey", "rsa:512", "-sha256")
	ca("brainpool", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")
	ca("exponent", "-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3")
	ca("pss", "-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
	ca("md5", "-newkey", "rsa:2048", "-md5")
	run("req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", "leaf.key", "-out", "leaf.pem", "-subj", "/CN=leaf", "-addext", "basicConstraints=critical,CA:FALSE")
	run("x509", "-in", "rsa.pem", "-signkey", "rsa.key", "-out", "past.pem", "-days", "-1")
	run("rsa", "-in", "rsa.key", "-traditional", "-des3", "-passout", "pass:old", "-out", "old.key")
	run("pkcs8", "-topk8", "-in", "rsa.key", "-passout", "pass:new", "-v2", "aes-256-cbc", "-out", "new.key")
	run("pkcs8", "-topk8", "-in", "rsa.key", "-passout", "pass:new", "-scrypt", "-out", "scrypt.key")
	run("pkcs8", "-topk8", "-in", "rsa.key", "-passout", "pass:new", "-v2", "aes-256-cbc", "-iter", "9000000", "-out", "hours.key")
	run("ec", "-in", "ec.key", "-out", "sec1.key")
	run("dsaparam", "-genkey", "-noout", "-out", "dsa.key", "1024")
	for name, tt := range map[string]struct {
		cert, key, passphrase string
		field, want           string
		length                x509.KeyLength
		digest                x509.Digest
	}{
		"rsa 3072":                {"rsa", "rsa", "", "", "", "3072", x509.SHA256},
		"ecdsa":                   {"ec", "ec", "", "", "", x509.P384, x509.SHA384},
		"ecdsa, old form":         {"ec", "sec1", "", "", "", x509.P384, x509.SHA384},
		"ed25519":                 {"ed", "ed", "", "", "", x509.Ed25519, x509.SHA512},
		"pss":                     {"pss", "pss", "", "", "", x509.RSA2048, x509.SHA256},
		"old encryption":          {"rsa", "old", "old", "", "", "3072", x509.SHA256},
		"new encryption":          {"rsa", "new", "new", "", "", "3072", x509.SHA256},
		"scrypt":                  {"rsa", "scrypt", "new", "", "", "3072", x509.SHA256},
		"wrong passphrase":        {"rsa", "new", "wrong", "passphrase", "Incorrect Passphrase", "", ""},
		"wrong old passphrase":    {"rsa", "old", "wrong", "passphrase", "Incorrect Passphrase", "", ""},
		"no passphrase":           {"rsa", "new", "", "passphrase", "Incorrect Passphrase", "", ""},
		"derivation of hours":     {"rsa", "hours", "new", "private_key", "too long", "", ""},
		"512 bits":                {"small", "small", "", "private_key", "512 bits", "", ""},
		"brainpool":               {"brainpool", "brainpool", "", "certificate", "Invalid certificate", "", ""},
		"exponent 3":              {"exponent", "exponent", "", "private_key", "exponent 3", "", ""},
		"md5":                     {"md5", "md5", "", "certificate", "broken algorithm", "", ""},
		"dsa":                     {"rsa", "dsa", "", "private_key", "Invalid private key", "", ""},
		"expired":                 {"past", "rsa", "", "certificate", "has expired", "", ""},
		"no authority":            {"leaf", "leaf", "", "certificate", "not that of a certification authority", "", ""},
		"key of another":          {"rsa", "ec", "", "private_key", "does not belong", "", ""},
		"certificate for the key": {"rsa", "rsa.pem", "", "private_key", "Invalid private key", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPKI(t, nil)
			key := tt.key + ".key"
			if strings.HasSuffix(tt.key, ".pem") {
				key = tt.key
			}
			in := &x509.CA{Details: x509.Details{Certificate: read(t, dir, tt.cert+".pem"), PrivateKey: wispwright.Secret(read(t, dir, key)), Passphrase: wispwright.Secret(tt.passphrase)}}
			begun := time.Now()
			err := p.CAs.Create(t.Context(), in)
			require.Less(t, time.Since(begun), 20*time.Second)
			if tt.field != "" {
				require.Contains(t, faults(t, err)[tt.field], tt.want)
				p.nothing(t, 0, 0)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []any{tt.length, tt.digest, tt.cert, tt.cert}, []any{in.KeyLength, in.Digest, in.Name, in.CommonName})
			c := p.cert(t, in, "below")
			chain := files(t, map[string]string{"ca.pem": in.Certificate, "c.pem": c.Certificate})
			require.Contains(t, openssl(t, chain, "verify", "-CAfile", "ca.pem", "c.pem"), "OK")
		})
	}
}

// An authority that is not valid yet, and a certificate that is not.
func TestNotYetValid(t *testing.T) {
	p := newPKI(t, nil)
	tomorrow := p.now.Add(24 * time.Hour)
	ca := p.ca(t, "root")
	later := p.cert(t, ca, "later", func(c *x509.Cert) { c.ValidityStart = tomorrow })
	future := p.ca(t, "future", func(c *x509.CA) { c.ValidityStart = tomorrow })
	q := newPKI(t, nil)
	err := q.CAs.Create(t.Context(), &x509.CA{Details: x509.Details{Certificate: future.Certificate, PrivateKey: future.PrivateKey}})
	require.Contains(t, faults(t, err)["certificate"], "not valid before")
	root := &x509.CA{Details: x509.Details{Certificate: ca.Certificate, PrivateKey: ca.PrivateKey}}
	require.NoError(t, q.CAs.Create(t.Context(), root))
	err = q.Certs.Create(t.Context(), &x509.Cert{CAID: root.ID, Details: x509.Details{Certificate: later.Certificate, PrivateKey: later.PrivateKey}})
	require.Contains(t, faults(t, err)[""], "not valid before")
	p.pass(20 * 365 * 24 * time.Hour)
	err = p.Certs.Create(t.Context(), &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "n", CommonName: "n"}})
	require.Contains(t, faults(t, err)["ca"], "has expired")
}

// An authority that easy-rsa made issues here, and what easy-rsa issued is taken
// over.
func TestEasyRSA(t *testing.T) {
	const program = "/usr/share/easy-rsa/easyrsa"
	dir := t.TempDir()
	for _, args := range [][]string{{"init-pki"}, {"build-ca", "nopass"}, {"build-client-full", "client1", "nopass"}} {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--batch", "--pki-dir=" + dir + "/pki"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: install easy-rsa (scripts/services does): %s", args, out)
	}
	p := newPKI(t, nil)
	ca := &x509.CA{Details: x509.Details{Certificate: read(t, dir, "pki/ca.crt"), PrivateKey: wispwright.Secret(read(t, dir, "pki/private/ca.key"))}}
	require.NoError(t, p.CAs.Create(t.Context(), ca))
	client := &x509.Cert{CAID: ca.ID, Details: x509.Details{Certificate: read(t, dir, "pki/issued/client1.crt"), PrivateKey: wispwright.Secret(read(t, dir, "pki/private/client1.key"))}}
	require.NoError(t, p.Certs.Create(t.Context(), client))
	require.Equal(t, "client1", client.CommonName)
	again := &x509.Cert{CAID: ca.ID, Details: x509.Details{OrganizationID: wispwright.NewID(), Certificate: client.Certificate, PrivateKey: client.PrivateKey}}
	require.Contains(t, faults(t, p.Certs.Create(t.Context(), again))[""], "Serial number already exists")
	renewed, err := p.Certs.Renew(t.Context(), everything(), client.ID)
	require.NoError(t, err)
	chain := files(t, map[string]string{"ca.pem": ca.Certificate, "c.pem": renewed.Certificate})
	require.Contains(t, openssl(t, chain, "verify", "-CAfile", "ca.pem", "c.pem"), "OK")
}
