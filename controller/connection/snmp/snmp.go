package snmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// Connector implements connection.Connector. The zero value is ready to use.
type Connector struct {
	// Timeout bounds one question. Default: 2 s.
	Timeout time.Duration
	// Retries is how often a question is repeated. Default: 1; negative: never.
	Retries int
	// AirOS reads the objects that devices with AirOS have. Default: those of
	// OpenWrt.
	AirOS bool
	// Refuse says which addresses are not reached, whatever a device claims.
	// Default: none.
	Refuse func(netip.Addr) bool
}

var _ connection.Connector = (*Connector)(nil)

// Types are the connectors for a registry: c for OpenWrt, and one like it for
// AirOS.
func Types(c *Connector) []connection.ConnectorType {
	air := *c
	air.AirOS = true
	schema := wispwright.JSON(`{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["community", "agent"], "additionalProperties": false, "properties": {` +
		`"community": {"type": "string", "default": "public", "title": "Community", "description": "not used by version 3"}, "agent": {"type": "string", "title": "Agent"}, ` +
		`"port": {"type": "integer", "default": 161, "minimum": 1, "maximum": 65535, "title": "Port"}, ` +
		`"version": {"type": "string", "enum": ["1", "2c", "3"], "default": "1", "title": "Version"}, ` +
		`"username": {"type": "string", "maxLength": 32, "title": "User (version 3)"}, ` +
		`"auth_protocol": {"type": "string", "enum": ["", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"], "title": "Authentication (version 3)"}, ` +
		`"auth_password": {"type": "string", "title": "Password of the authentication"}, ` +
		`"privacy_protocol": {"type": "string", "enum": ["", "DES", "AES", "AES192", "AES256"], "title": "Encryption (version 3)"}, ` +
		`"privacy_password": {"type": "string", "title": "Password of the encryption"}}}`)
	secrets := []string{"community", "auth_password", "privacy_password"}
	return []connection.ConnectorType{
		{ID: connection.ConnectorOpenWrtSNMP, Label: "OpenWRT SNMP", Schema: schema, Secrets: secrets, Check: Check, Connector: c},
		{ID: connection.ConnectorAirOSSNMP, Label: "Ubiquiti AirOS SNMP", Schema: schema, Secrets: secrets, Check: Check, Connector: &air},
	}
}

// params are what credentials say.
type params struct {
	Community       string `json:"community"`
	Agent           string `json:"agent"`
	Port            uint16 `json:"port"`
	Version         string `json:"version"`
	Username        string `json:"username"`
	AuthProtocol    string `json:"auth_protocol"`
	AuthPassword    string `json:"auth_password"`
	PrivacyProtocol string `json:"privacy_protocol"`
	PrivacyPassword string `json:"privacy_password"`
}

func parse(text wispwright.JSON) (*params, error) {
	p := &params{Port: 161, Version: "1"}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return p, nil
}

// leastPassword is how long passwords of version 3 must be (RFC 3414, §11.2).
const leastPassword = 8

// Check looks at parameters that follow the schema.
func Check(text wispwright.JSON) error {
	p, err := parse(text)
	if err != nil {
		return err
	}
	if p.Version != "3" {
		return nil
	}
	switch {
	case p.Username == "":
		return errors.New("version 3 needs a username")
	case p.PrivacyProtocol != "" && p.AuthProtocol == "":
		return errors.New("encryption needs an authentication protocol too")
	case p.AuthProtocol != "" && len(p.AuthPassword) < leastPassword:
		return fmt.Errorf("auth_password must have at least %d characters", leastPassword)
	case p.PrivacyProtocol != "" && len(p.PrivacyPassword) < leastPassword:
		return fmt.Errorf("privacy_password must have at least %d characters", leastPassword)
	}
	return nil
}

// client makes the client of one device, which is never shared.
func (c *Connector) client(ctx context.Context, p *params, address netip.Addr) *gosnmp.GoSNMP {
	timeout, retries := c.Timeout, c.Retries
	if timeout <= 0 {
		timeout = 2 * time.Second
	}
	switch {
	case retries == 0:
		retries = 1
	case retries < 0:
		retries = 0
	}
	g := &gosnmp.GoSNMP{
		Target: address.String(), Port: p.Port, Community: p.Community, Context: ctx, Timeout: timeout, Retries: retries,
		MaxOids: gosnmp.MaxOids, Version: gosnmp.Version1,
	}
	switch p.Version {
	case "2c":
		g.Version = gosnmp.Version2c
	case "3":
		g.Version, g.SecurityModel = gosnmp.Version3, gosnmp.UserSecurityModel
		g.SecurityParameters, g.MsgFlags = p.security()
	}
	return g
}

// security are the parameters of version 3.
func (p *params) security() (*gosnmp.UsmSecurityParameters, gosnmp.SnmpV3MsgFlags) {
	s := &gosnmp.UsmSecurityParameters{UserName: p.Username, AuthenticationPassphrase: p.AuthPassword, PrivacyPassphrase: p.PrivacyPassword,
		AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}
	auth := map[string]gosnmp.SnmpV3AuthProtocol{"MD5": gosnmp.MD5, "SHA": gosnmp.SHA, "SHA224": gosnmp.SHA224, "SHA256": gosnmp.SHA256, "SHA384": gosnmp.SHA384, "SHA512": gosnmp.SHA512}
	privacy := map[string]gosnmp.SnmpV3PrivProtocol{"DES": gosnmp.DES, "AES": gosnmp.AES, "AES192": gosnmp.AES192, "AES256": gosnmp.AES256}
	flags := gosnmp.NoAuthNoPriv
	if a, ok := auth[p.AuthProtocol]; ok {
		s.AuthenticationProtocol, flags = a, gosnmp.AuthNoPriv
	}
	if v, ok := privacy[p.PrivacyProtocol]; ok && flags == gosnmp.AuthNoPriv {
		s.PrivacyProtocol, flags = v, gosnmp.AuthPriv
	}
	return s, flags
}

// The objects of MIB-II that every agent has.
const (
	sysDescr  = ".1.3.6.1.2.1.1.1.0"
	sysUpTime = ".1.3.6.1.2.1.1.3.0"
	sysName   = ".1.3.6.1.2.1.1.5.0"
)

// Dial implements connection.Connector. As SNMP has no connections, the device
// is asked for its name.
func (c *Connector) Dial(ctx context.Context, t connection.Target) (connection.Session, error) {
	p, err := parse(t.Params)
	if err != nil {
		return nil, err
	}
	var failed []string
	for _, address := range t.Addresses {
		s, err := c.ask(ctx, p, address)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("timed out: %w", ctx.Err())
		}
		text := err.Error()
		if len(t.Addresses) > 1 {
			text = address.String() + ": " + text
		}
		failed = append(failed, text)
	}
	if len(failed) == 0 {
		return nil, errors.New("No valid IP addresses to initiate connections found") //nolint:staticcheck // clients match on it
	}
	return nil, errors.New(strings.Join(failed, "; "))
}

func (c *Connector) ask(ctx context.Context, p *params, address netip.Addr) (*session, error) {
	if c.Refuse != nil && c.Refuse(address.Unmap()) {
		return nil, fmt.Errorf("[Errno None] Unable to connect to port %d on %s: the server does not connect to this network", p.Port, address)
	}
	s := &session{connector: c, params: p, address: address}
	_, err := s.get(ctx, sysName)
	if err != nil && strings.Contains(err.Error(), "timeout") {
		return nil, errors.New("timed out")
	}
	return s, err
}

// session is a device that answered.
type session struct {
	connector *Connector
	params    *params
	address   netip.Addr
}

// get asks for some objects, within a context of its own.
func (s *session) get(ctx context.Context, oids ...string) ([]gosnmp.SnmpPDU, error) {
	g := s.connector.client(ctx, s.params, s.address)
	if err := g.Connect(); err != nil {
		return nil, fmt.Errorf("[Errno None] Unable to connect to port %d on %s", s.params.Port, s.address)
	}
	answer, err := g.Get(oids)
	if closed := g.Conn.Close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("SNMP: %w", err)
	case answer.Error != gosnmp.NoError:
		return nil, &refusedError{answer.Error}
	}
	return answer.Variables, nil
}

// refusedError is an answer that says that a question cannot be answered.
type refusedError struct{ status gosnmp.SNMPError }

func (e *refusedError) Error() string { return "SNMP: the device answers " + e.status.String() }

// HostKey implements connection.Session: there is none.
func (s *session) HostKey() string { return "" }

// Describe implements connection.Session.
func (s *session) Describe(ctx context.Context) (string, error) {
	values, err := s.get(ctx, sysName, sysDescr, sysUpTime)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, v := range values {
		switch text := v.Value.(type) {
		case []byte:
			parts = append(parts, strings.ToValidUTF8(string(text), ""))
		case uint32:
			parts = append(parts, "up "+(time.Duration(text)*10*time.Millisecond).Truncate(time.Second).String())
		}
	}
	return strings.Join(parts, " · "), nil
}

// Run implements connection.Session: there are no commands.
func (s *session) Run(context.Context, string, connection.Output) (int, error) {
	return 0, connection.ErrNoCommands
}

// Upload implements connection.Session: there are no files.
func (s *session) Upload(context.Context, string, fs.FileMode, int64, io.Reader) error {
	return connection.ErrNoCommands
}

// Close implements connection.Session.
func (s *session) Close() error { return nil }
