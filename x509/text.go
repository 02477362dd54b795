package x509

import (
	"crypto/ecdsa"
	"crypto/rsa"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Text describes a certificate for people, much as `openssl x509 -text -noout`
// does.
func Text(certificate string) (string, error) {
	c, err := parseCertificate(certificate)
	if err != nil {
		return "", err
	}
	how := c.SignatureAlgorithm.String()
	if a, ok := algorithmOf(c); ok {
		how = string(a.digest) + " with " + a.key
		if a.key == "ed25519" {
			how = a.key
		}
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Certificate:")
	line("    Version: %d", c.Version)
	line("    Serial Number: %s (%s)", c.SerialNumber, colons(c.SerialNumber.Bytes()))
	line("    Signature Algorithm: %s", how)
	line("    Issuer: %s", distinguished(c.Issuer))
	line("    Validity")
	line("        Not Before: %s", c.NotBefore.UTC().Format(time.RFC3339))
	line("        Not After : %s", c.NotAfter.UTC().Format(time.RFC3339))
	line("    Subject: %s", distinguished(c.Subject))
	line("    Subject Public Key: %s", described(c))
	line("    Extensions:")
	for _, e := range c.Extensions {
		critical := ""
		if e.Critical {
			critical = " critical"
		}
		line("        %s:%s", extensionName(e.Id), critical)
		line("            %s", extensionText(c, e))
	}
	line("    Fingerprint (SHA-256): %s", colons(fingerprint(c.Raw)))
	return b.String(), nil
}

func fingerprint(der []byte) []byte {
	h := SHA256.hash().New()
	h.Write(der)
	return h.Sum(nil)
}

func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}

func distinguished(n pkix.Name) string {
	short := map[string]string{"2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN", oidEmail().String(): "emailAddress", "2.5.4.5": "serialNumber"}
	var parts []string
	for _, a := range n.Names {
		name := short[a.Type.String()]
		if name == "" {
			name = a.Type.String()
		}
		parts = append(parts, fmt.Sprintf("%s = %q", name, fmt.Sprint(a.Value)))
	}
	return strings.Join(parts, ", ")
}

func described(c *std.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits, exponent %d", key.N.BitLen(), key.E)
	case *ecdsa.PublicKey:
		return "ECDSA, " + key.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

func extensionName(id asn1.ObjectIdentifier) string {
	switch {
	case id.Equal(oidBasicConstraints()):
		return "basicConstraints"
	case id.Equal(oidSubjectKeyID()):
		return "subjectKeyIdentifier"
	case id.Equal(oidAuthorityKeyID()):
		return "authorityKeyIdentifier"
	}
	for _, name := range ExtensionNames() {
		if oidOf(name).Equal(id) {
			return name
		}
	}
	return id.String()
}

func extensionText(c *std.Certificate, e pkix.Extension) string {
	switch extensionName(e.Id) {
	case "basicConstraints":
		switch {
		case !c.IsCA:
			return "CA:FALSE"
		case c.MaxPathLen > 0 || c.MaxPathLenZero:
			return fmt.Sprintf("CA:TRUE, pathlen:%d", c.MaxPathLen)
		}
		return "CA:TRUE"
	case "keyUsage":
		var names []string
		for i, name := range keyUsages() {
			if c.KeyUsage&(1<<i) != 0 {
				names = append(names, name)
			}
		}
		return strings.Join(names, ", ")
	case "subjectKeyIdentifier":
		return colons(c.SubjectKeyId)
	case "authorityKeyIdentifier":
		return colons(c.AuthorityKeyId)
	case "subjectAltName":
		var names []string
		for _, n := range c.DNSNames {
			names = append(names, "DNS:"+n)
		}
		for _, n := range c.IPAddresses {
			names = append(names, "IP:"+n.String())
		}
		for _, n := range c.EmailAddresses {
			names = append(names, "email:"+n)
		}
		for _, n := range c.URIs {
			names = append(names, "URI:"+n.String())
		}
		return strings.Join(names, ", ")
	case "extendedKeyUsage":
		var ids []asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(e.Value, &ids); err == nil {
			names := []string{"", "serverAuth", "clientAuth", "codeSigning", "emailProtection", "", "", "", "timeStamping", "OCSPSigning"}
			var out []string
			for _, id := range ids {
				name := id.String()
				if rest, ok := strings.CutPrefix(name, "1.3.6.1.5.5.7.3."); ok && len(rest) == 1 && names[rest[0]-'0'] != "" {
					name = names[rest[0]-'0']
				}
				out = append(out, name)
			}
			return strings.Join(out, ", ")
		}
	case "crlDistributionPoints":
		return strings.Join(c.CRLDistributionPoints, ", ")
	case "nsComment":
		var text string
		if _, err := asn1.UnmarshalWithParams(e.Value, &text, "ia5"); err == nil {
			return fmt.Sprintf("%q", text)
		}
	}
	const most = 64
	if len(e.Value) > most {
		return colons(e.Value[:most]) + fmt.Sprintf("… (%d bytes)", len(e.Value))
	}
	return colons(e.Value)
}
