package enterprise_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/radius/enterprise"
)

// A profile is XML whatever the network is called, trusts the authority for one server
// alone, and replaces itself when it is installed again.
func TestProfilesForApple(t *testing.T) {
	raw := []byte("a certificate")
	p := &enterprise.Profile{Organization: `Acme & "Sons" <b>`, SSID: "</string><key>x</key>", ServerName: "radius.example.org", Username: "ann@example.org", Authorities: []*x509.Certificate{{Raw: raw}}}
	text, err := p.Apple()
	require.NoError(t, err)
	values := map[string]bool{}
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if c, ok := token.(xml.CharData); ok {
			values[strings.TrimSpace(string(c))] = true
		}
	}
	for _, want := range []string{"</string><key>x</key>", "radius.example.org", "ann@example.org", base64.StdEncoding.EncodeToString(raw)} {
		require.True(t, values[want], want)
	}
	again, err := p.Apple()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	p.SSID = "another"
	other, err := p.Apple()
	require.NoError(t, err)
	id := func(text []byte) string {
		_, rest, ok := strings.Cut(string(text), "wispwright.wifi.")
		require.True(t, ok)
		return rest[:16]
	}
	require.NotEqual(t, id(text), id(other), "another network is another profile")
}
