package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// Lifetime is how long a challenge may be answered. The caller that keeps the state
// of a ceremony ends it after that.
const Lifetime = 5 * time.Minute

// ErrHost says that a site has no passkeys because it is reached by an IP
// address: they belong to names (WebAuthn §4, "RP ID").
var ErrHost = errors.New("passkeys need a site with a host name")

// ErrRefused wraps everything that is wrong with what a browser sent: a
// signature, an origin, a challenge, or the form of it.
var ErrRefused = errors.New("the passkey was refused")

// Site is whom passkeys are made for (the "relying party").
type Site struct {
	// ID is the host name they belong to, without port.
	ID string
	// Name is what browsers show.
	Name string
	// Origins may use them, as "https://HOST:PORT".
	Origins []string
}

func (s Site) open() (*webauthn.WebAuthn, error) {
	if _, err := netip.ParseAddr(strings.Trim(s.ID, "[]")); err == nil || s.ID == "" {
		return nil, ErrHost
	}
	preferred := protocol.AuthenticatorSelection{UserVerification: protocol.VerificationPreferred, ResidentKey: protocol.ResidentKeyRequirementDiscouraged}
	timeout := webauthn.TimeoutConfig{Timeout: Lifetime, TimeoutUVD: Lifetime}
	w, err := webauthn.New(&webauthn.Config{
		RPID: s.ID, RPDisplayName: s.Name, RPOrigins: s.Origins, AttestationPreference: protocol.PreferNoAttestation, AuthenticatorSelection: preferred,
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
		// browsers and their extensions send more than was asked for
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHost, err)
	}
	return w, nil
}

// Register begins a registration. The options are for the browser, the state is
// for Registered. The authenticators of the passkeys that are there are left out.
func (s Site) Register(u *tenancy.User, have []*tenancy.Passkey) (options, state wispwright.JSON, err error) {
	w, err := s.open()
	if err != nil {
		return "", "", err
	}
	a, err := accountOf(u, have)
	if err != nil {
		return "", "", err
	}
	creation, session, err := w.BeginRegistration(a, webauthn.WithExclusions(webauthn.Credentials(a.credentials).CredentialDescriptors()))
	if err != nil {
		return "", "", fmt.Errorf("begin a registration: %w", err)
	}
	return pair(creation, session)
}

// Registered checks the browser's answer to Register and returns the new passkey
// without name; else it is ErrRefused.
func (s Site) Registered(u *tenancy.User, state, answer wispwright.JSON) (*tenancy.Passkey, error) {
	w, err := s.open()
	if err != nil {
		return nil, err
	}
	var session webauthn.SessionData
	if err := state.Decode(&session); err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return nil, refused(err)
	}
	c, err := w.CreateCredential(account{user: u}, session, parsed)
	if err != nil {
		return nil, refused(err)
	}
	p := &tenancy.Passkey{UserID: u.ID, CredentialID: encode(c.ID), PublicKey: encode(c.PublicKey),
		Flags: int64(c.Flags.ProtocolValue()), SignCount: int64(c.Authenticator.SignCount)}
	for _, t := range c.Transport {
		p.Transports = append(p.Transports, string(t))
	}
	return p, nil
}

// Ask begins a log-in with one of a user's passkeys. The options are for the
// browser, the state is for Answered.
func (s Site) Ask(u *tenancy.User, have []*tenancy.Passkey) (options, state wispwright.JSON, err error) {
	w, err := s.open()
	if err != nil {
		return "", "", err
	}
	a, err := accountOf(u, have)
	if err != nil {
		return "", "", err
	}
	assertion, session, err := w.BeginLogin(a)
	if err != nil {
		return "", "", fmt.Errorf("begin a log-in: %w", err)
	}
	return pair(assertion, session)
}

// Answered checks the browser's answer to Ask and returns the passkey that
// signed it, with the count and the flags that were sent: tenancy.Passkeys.Used
// judges the count. Anything wrong is ErrRefused.
func (s Site) Answered(u *tenancy.User, have []*tenancy.Passkey, state, answer wispwright.JSON) (*tenancy.Passkey, error) {
	w, err := s.open()
	if err != nil {
		return nil, err
	}
	a, err := accountOf(u, have)
	if err != nil {
		return nil, err
	}
	var session webauthn.SessionData
	if err := state.Decode(&session); err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil, refused(err)
	}
	c, err := w.ValidateLogin(a, session, parsed)
	if err != nil {
		return nil, refused(err)
	}
	for _, p := range have {
		if p.CredentialID == encode(c.ID) {
			used := *p
			used.Flags, used.SignCount = int64(c.Flags.ProtocolValue()), int64(parsed.Response.AuthenticatorData.Counter)
			return &used, nil
		}
	}
	return nil, fmt.Errorf("%w: unknown credential", ErrRefused)
}

func refused(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.DevInfo != "" {
		return fmt.Errorf("%w: %w: %s", ErrRefused, err, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

func pair(options, session any) (wispwright.JSON, wispwright.JSON, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return "", "", fmt.Errorf("write a ceremony: %w", err)
	}
	s, err := json.Marshal(session)
	if err != nil {
		return "", "", fmt.Errorf("write a ceremony: %w", err)
	}
	return wispwright.JSON(o), wispwright.JSON(s), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// account is a user as the library sees it.
type account struct {
	user        *tenancy.User
	credentials []webauthn.Credential
}

func accountOf(u *tenancy.User, have []*tenancy.Passkey) (account, error) {
	a := account{user: u}
	for _, p := range have {
		id, err1 := base64.RawURLEncoding.DecodeString(p.CredentialID)
		key, err2 := base64.RawURLEncoding.DecodeString(p.PublicKey)
		if err := errors.Join(err1, err2); err != nil {
			return a, fmt.Errorf("read passkey %s: %w", p.ID, err)
		}
		c := webauthn.Credential{ID: id, PublicKey: key, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(p.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: uint32(p.SignCount)}}
		for _, t := range p.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		a.credentials = append(a.credentials, c)
	}
	return a, nil
}

// WebAuthnID returns the bytes of the user's ID.
func (a account) WebAuthnID() []byte { return a.user.ID[:] }

// WebAuthnName returns the user name.
func (a account) WebAuthnName() string { return a.user.Username }

// WebAuthnDisplayName returns the user name.
func (a account) WebAuthnDisplayName() string { return a.user.Username }

// WebAuthnCredentials returns the passkeys that are there.
func (a account) WebAuthnCredentials() []webauthn.Credential { return a.credentials }
