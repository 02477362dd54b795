package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/controller/connection"
)

// Connector implements connection.Connector. The zero value is ready to use.
type Connector struct {
	// ConnectTimeout bounds the opening of the TCP connection to one address
	// (setting SSH_CONNECTION_TIMEOUT). Default: 5 s.
	ConnectTimeout time.Duration
	// BannerTimeout bounds the greeting and the exchange of keys
	// (setting SSH_BANNER_TIMEOUT). Default: 60 s.
	BannerTimeout time.Duration
	// AuthTimeout bounds the log-in (setting SSH_AUTH_TIMEOUT). Default: 2 s.
	AuthTimeout time.Duration
	// RefuseLegacy never uses the old algorithms (SHA-1, CBC) that old
	// Dropbear needs. Default: they are tried when a device knows no others.
	RefuseLegacy bool
	// Refuse says which addresses are not reached, whatever a device claims.
	// Default: none.
	Refuse func(netip.Addr) bool
}

var _ connection.Connector = (*Connector)(nil)

func or(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// The words that clients match on.
var (
	errAuthentication = errors.New("Authentication failed.") //nolint:staticcheck // clients match on it
	errTimedOut       = errors.New("timed out")
	errBanner         = errors.New("Error reading SSH protocol banner: timed out") //nolint:staticcheck // clients match on it
	errAuthTimedOut   = errors.New("Authentication timed out.")                    //nolint:staticcheck // clients match on it
)

// Dial implements connection.Connector. Each address is tried; an error tells
// of all of them.
func (c *Connector) Dial(ctx context.Context, t connection.Target) (connection.Session, error) {
	p, err := parse(t.Params)
	if err != nil {
		return nil, err
	}
	var failed []string
	for _, address := range t.Addresses {
		s, err := c.reach(ctx, p, address, t.HostKey)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", errTimedOut, ctx.Err())
		}
		text := err.Error()
		if len(t.Addresses) > 1 && !strings.Contains(text, address.String()) {
			text = address.String() + ": " + text
		}
		failed = append(failed, text)
	}
	if len(failed) == 0 {
		return nil, errors.New("No valid IP addresses to initiate connections found") //nolint:staticcheck // clients match on it
	}
	return nil, errors.New(strings.Join(failed, "; "))
}

// reach tries one address, a second time with old algorithms where the first
// ones do not do.
func (c *Connector) reach(ctx context.Context, p *params, address netip.Addr, pinned string) (*session, error) {
	port, err := p.port()
	if err != nil {
		return nil, err
	}
	if c.Refuse != nil && c.Refuse(address.Unmap()) {
		return nil, fmt.Errorf("[Errno None] Unable to connect to port %d on %s: the server does not connect to this network", port, address)
	}
	s, err := c.open(ctx, p, netip.AddrPortFrom(address, port), pinned, false)
	if err == nil || c.RefuseLegacy || ctx.Err() != nil {
		return s, err
	}
	var negotiation *ssh.AlgorithmNegotiationError
	if errors.Is(err, errAuthentication) && p.Key != "" || errors.As(err, &negotiation) {
		if again, second := c.open(ctx, p, netip.AddrPortFrom(address, port), pinned, true); second == nil {
			return again, nil
		} else if errors.As(err, &negotiation) {
			err = second
		}
	}
	return nil, err
}

// open makes one attempt.
func (c *Connector) open(ctx context.Context, p *params, at netip.AddrPort, pinned string, legacy bool) (*session, error) {
	config, err := c.config(p, pinned, legacy)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: or(c.ConnectTimeout, 5*time.Second)}
	conn, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return nil, errTimedOut
		}
		return nil, fmt.Errorf("[Errno None] Unable to connect to port %d on %s", at.Port(), at.Addr())
	}
	h := &handshake{conn: conn, auth: or(c.AuthTimeout, 2*time.Second)}
	check := config.HostKeyCallback
	config.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		h.known(key)
		return check(host, remote, key)
	}
	if err := conn.SetDeadline(time.Now().Add(or(c.BannerTimeout, 60*time.Second))); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the handshake then fails
	client, channels, requests, err := ssh.NewClientConn(conn, at.String(), config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close() // it failed already
		return nil, h.explain(err)
	}
	return &session{client: ssh.NewClient(client, channels, requests), hostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(h.key())))}, nil
}

// handshake watches how far the opening came.
type handshake struct {
	conn net.Conn
	auth time.Duration

	mu  sync.Mutex
	got ssh.PublicKey
}

// known is called once the keys are exchanged: from here on the log-in counts.
func (h *handshake) known(key ssh.PublicKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = key
	_ = h.conn.SetDeadline(time.Now().Add(h.auth)) // a closed connection tells so by itself
}

func (h *handshake) key() ssh.PublicKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

// explain puts an error of the handshake into the words of the original.
func (h *handshake) explain(err error) error {
	var mismatch *hostKeyError
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(err, &mismatch):
		return mismatch
	case errors.As(err, &negotiation):
		return negotiation
	case errors.Is(err, os.ErrDeadlineExceeded) || isTimeout(err):
		if h.key() == nil {
			return errBanner
		}
		return errAuthTimedOut
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "unexpected message type 51"):
		// 51 is SSH_MSG_USERAUTH_FAILURE, in the place of the questions of
		// keyboard-interactive
		return errAuthentication
	}
	return fmt.Errorf("SSH: %s", strings.TrimPrefix(err.Error(), "ssh: handshake failed: "))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// hostKeyError says that a device proved itself with another key than before.
type hostKeyError struct{ got, pinned string }

func (e *hostKeyError) Error() string {
	return fmt.Sprintf("The host key of the device is %s, but it was pinned as %s. If the device was installed anew, reset the pinned host key.", e.got, e.pinned)
}

// config is the client's part of a handshake.
func (c *Connector) config(p *params, pinned string, legacy bool) (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{User: p.Username, ClientVersion: "SSH-2.0-Wispwright"}
	algorithms := ssh.SupportedAlgorithms()
	if legacy {
		old := ssh.InsecureAlgorithms()
		algorithms.KeyExchanges = append(algorithms.KeyExchanges, old.KeyExchanges...)
		algorithms.Ciphers = append(algorithms.Ciphers, old.Ciphers...)
		algorithms.MACs = append(algorithms.MACs, old.MACs...)
		algorithms.HostKeys = append(algorithms.HostKeys, old.HostKeys...)
	}
	config.KeyExchanges, config.Ciphers, config.MACs, config.HostKeyAlgorithms = algorithms.KeyExchanges, algorithms.Ciphers, algorithms.MACs, algorithms.HostKeys
	if p.Key != "" {
		s, err := signer(p.Key)
		if err != nil {
			return nil, err
		}
		if legacy && s.PublicKey().Type() == ssh.KeyAlgoRSA {
			if s, err = ssh.NewSignerWithAlgorithms(s.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA}); err != nil {
				return nil, err
			}
		}
		config.Auth = []ssh.AuthMethod{ssh.PublicKeys(s)}
	} else {
		config.Auth = []ssh.AuthMethod{ssh.Password(p.Password), ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range questions {
				if !echos[i] {
					answers[i] = p.Password
				}
			}
			return answers, nil
		})}
	}
	return config, c.pin(config, pinned)
}

// pin makes a handshake take one host key only, and asks for that kind of key
// where a device has several.
func (c *Connector) pin(config *ssh.ClientConfig, pinned string) error {
	if pinned == "" {
		config.HostKeyCallback = func(string, net.Addr, ssh.PublicKey) error { return nil }
		return nil
	}
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(pinned))
	if err != nil {
		return fmt.Errorf("the pinned host key cannot be read: %w", err)
	}
	var first, rest []string
	for _, name := range config.HostKeyAlgorithms {
		if name == want.Type() || want.Type() == ssh.KeyAlgoRSA && (name == ssh.KeyAlgoRSASHA256 || name == ssh.KeyAlgoRSASHA512) {
			first = append(first, name)
		} else {
			rest = append(rest, name)
		}
	}
	config.HostKeyAlgorithms = append(first, rest...)
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if bytes.Equal(key.Marshal(), want.Marshal()) {
			return nil
		}
		return &hostKeyError{got: ssh.FingerprintSHA256(key), pinned: ssh.FingerprintSHA256(want)}
	}
	return nil
}

// Fingerprint is a host key for people: "ssh-ed25519 SHA256:…", empty for none.
func Fingerprint(hostKey string) string {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(hostKey))
	if err != nil {
		return ""
	}
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}
