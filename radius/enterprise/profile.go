package enterprise

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"text/template"

	"github.com/smallstep/pkcs7"

	"github.com/wispwright/wispwright"
)

// Profile is a network as devices are told of it.
type Profile struct {
	// Organization is shown to people.
	Organization string
	// SSID and ServerName are those of Network.
	SSID, ServerName string
	// Username is put into it; empty: the device asks.
	Username string
	// Authorities are what the device is to trust.
	Authorities []*x509.Certificate
}

// Profile is that of an organization's network, or wispwright.ErrNotFound.
func (s *Networks) Profile(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, name string) (*Profile, error) {
	n, err := s.Of(ctx, scope, organization)
	if err != nil {
		return nil, err
	}
	_, authorities, err := s.parts.Pair(ctx, n.CAID, n.CertID)
	if err != nil {
		return nil, err
	}
	return &Profile{Organization: name, SSID: n.SSID, ServerName: n.ServerName, Authorities: authorities}, nil
}

// Signed is the profile as iPhones, iPads and Macs install it (mobileconfig), signed by
// the server's certificate.
func (s *Networks) Signed(ctx context.Context, organization wispwright.ID, p *Profile) ([]byte, error) {
	pair, authorities, err := s.Pair(ctx, organization)
	if err != nil {
		return nil, err
	}
	text, err := p.Apple()
	if err != nil {
		return nil, err
	}
	signed, err := pkcs7.NewSignedData(text)
	if err != nil {
		return nil, fmt.Errorf("sign a profile: %w", err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	leaf := pair.Leaf
	if leaf == nil {
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("sign a profile: %w", err)
		}
	}
	if err := signed.AddSignerChain(leaf, pair.PrivateKey, authorities, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("sign a profile: %w", err)
	}
	out, err := signed.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign a profile: %w", err)
	}
	return out, nil
}

// appleText is a configuration profile of Apple with the authorities and a network.
const appleText = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>{{x .ID}}</string>
	<key>PayloadUUID</key><string>{{uuid "profile"}}</string>
	<key>PayloadDisplayName</key><string>{{x .SSID}}</string>
	<key>PayloadOrganization</key><string>{{x .Organization}}</string>
	<key>PayloadContent</key>
	<array>
{{- range $i, $c := .Authorities}}
		<dict>
			<key>PayloadType</key><string>com.apple.security.root</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>{{x $.ID}}.ca{{$i}}</string>
			<key>PayloadUUID</key><string>{{uuid "ca" $i}}</string>
			<key>PayloadDisplayName</key><string>{{x $c.Subject.CommonName}}</string>
			<key>PayloadContent</key><data>{{b64 $c.Raw}}</data>
		</dict>
{{- end}}
		<dict>
			<key>PayloadType</key><string>com.apple.wifi.managed</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>{{x .ID}}.wifi</string>
			<key>PayloadUUID</key><string>{{uuid "wifi"}}</string>
			<key>PayloadDisplayName</key><string>{{x .SSID}}</string>
			<key>SSID_STR</key><string>{{x .SSID}}</string>
			<key>HIDDEN_NETWORK</key><false/>
			<key>AutoJoin</key><true/>
			<key>EncryptionType</key><string>WPA2</string>
			<key>EAPClientConfiguration</key>
			<dict>
				<key>AcceptEAPTypes</key><array><integer>21</integer></array>
				<key>TTLSInnerAuthentication</key><string>PAP</string>
				<key>OuterIdentity</key><string>anonymous</string>
{{- if .Username}}
				<key>UserName</key><string>{{x .Username}}</string>
{{- end}}
				<key>TLSTrustedServerNames</key><array><string>{{x .ServerName}}</string></array>
				<key>TLSMinimumVersion</key><string>1.2</string>
				<key>PayloadCertificateAnchorUUID</key>
				<array>{{range $i, $c := .Authorities}}<string>{{uuid "ca" $i}}</string>{{end}}</array>
			</dict>
		</dict>
	</array>
</dict>
</plist>
`

// Apple is the profile without a signature.
func (p *Profile) Apple() ([]byte, error) {
	seed := p.ServerName + "\x00" + p.SSID
	for _, c := range p.Authorities {
		seed += string(c.Raw)
	}
	t, err := template.New("profile").Funcs(template.FuncMap{
		"x":   escape,
		"b64": base64.StdEncoding.EncodeToString,
		// the same profile has the same names, so that it is replaced when it is installed again
		"uuid": func(of ...any) string {
			sum := sha256.Sum256([]byte(seed + "\x00" + fmt.Sprint(of...)))
			return wispwright.ID(sum[:16]).String()
		},
	}).Parse(appleText)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	sum := sha256.Sum256([]byte(seed))
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		*Profile
		ID string
	}{p, fmt.Sprintf("wispwright.wifi.%x", sum[:8])})
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return out.Bytes(), nil
}

// escape is a text within XML.
func escape(text string) (string, error) {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "", fmt.Errorf("profile: %w", err)
	}
	return b.String(), nil
}
