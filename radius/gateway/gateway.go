package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// The dialects that Open knows.
const (
	CoovaChilli = "coovachilli"
	OpenNDS     = "opennds"
	PfSense     = "pfsense"
	OPNsense    = "opnsense"
	MikroTik    = "mikrotik"
)

// Dialects are the names that Open takes, in the order in which they are shown.
func Dialects() []string { return []string{CoovaChilli, OpenNDS, PfSense, OPNsense, MikroTik} }

// Settings are what an organization says of its gateways.
type Settings struct {
	// Dialect is one of Dialects.
	Dialect string
	// Secret is shared with the gateways: uamsecret of CoovaChilli, faskey of openNDS.
	// The others have none. Gateways that call themselves by DeviceName have DeviceKey
	// instead.
	Secret wispwright.Secret
	// Hosts are the names, addresses and networks (CIDR) of gateways that forms may
	// lead to. Empty: private addresses (RFC 1918, RFC 6598, RFC 4193), which reach
	// nobody beyond the client's own network.
	Hosts []string
	// CHAP answers the gateway's challenge instead of sending the password, which needs
	// a RADIUS server that knows passwords in clear: tokens of our own server.
	CHAP bool
}

// Result is why a gateway sent a client.
type Result string

// The results.
const (
	NotYet    Result = "notyet"    // the client is not logged in
	Success   Result = "success"   // it has just been logged in
	Failed    Result = "failed"    // the log-in was refused
	Already   Result = "already"   // it is logged in
	LoggedOut Result = "loggedout" // it has just been logged out
)

// Visit is what a gateway says of a client.
type Visit struct {
	// Result is why the client comes.
	Result Result
	// MAC is the client's address as AA:BB:CC:DD:EE:FF, empty when the gateway did not
	// say it; IP is its network address, or the zero value.
	MAC string
	IP  netip.Addr
	// CalledStation and NAS name the gateway, as in its RADIUS packets.
	CalledStation, NAS string
	// SessionID is the gateway's name of the session, its Acct-Session-Id.
	SessionID string
	// Requested is the page that the person wanted, an http or https address; empty:
	// not known.
	Requested string
	// Message is what the gateway says to the person, such as the Reply-Message of a
	// refusal. It is text, not HTML.
	Message string
	// Proven: the gateway's secret signed the visit, so that MAC and IP can be
	// believed.
	Proven bool
	// HasIdentity is set for dialects that ask nobody whether the person may come in:
	// the page that makes the form decides, and must ask for authorization first.
	HasIdentity bool

	memo map[string]string
	// key is the gateway's secret
	key wispwright.Secret
}

// Field is a field of a form.
type Field struct{ Name, Value string }

// Form is what the browser sends to the gateway.
type Form struct {
	// Method is GET or POST.
	Method string
	// Action is the address, without a query.
	Action string
	// Fields are the values, in order; passwords among them.
	Fields []Field
}

// URL is the address of a form of the method GET with its fields.
func (f Form) URL() string {
	q := make([]string, len(f.Fields))
	for i, x := range f.Fields {
		q[i] = url.QueryEscape(x.Name) + "=" + url.QueryEscape(x.Value)
	}
	if len(q) == 0 {
		return f.Action
	}
	return f.Action + "?" + strings.Join(q, "&")
}

// Origin is scheme, host and port of the form, for a Content-Security-Policy.
func (f Form) Origin() string {
	u, err := url.Parse(f.Action)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Credentials are what a client is let in with.
type Credentials struct {
	// Username and Password are for RADIUS: the password is mostly a token.
	Username string
	Password wispwright.Secret
	// Landing is where the person is to be led afterwards; empty: what was asked for.
	Landing string
	// Custom is handed to scripts of the gateway, where it has them.
	Custom string
}

// The errors of visits.
var (
	// ErrUnknown: the address has not what a gateway of the dialect sends.
	ErrUnknown = errors.New("gateway: no visit of this dialect")
	// ErrForged: the gateway's secret does not prove the visit.
	ErrForged = errors.New("gateway: the visit was not signed by the gateway")
	// ErrForeign: a form would lead to a host that is none of the organization's
	// gateways.
	ErrForeign = errors.New("gateway: not one of the organization's gateways")
	// ErrNoForm: the dialect has no form for this, or the visit lacks what it needs.
	ErrNoForm = errors.New("gateway: the gateway cannot be told this")
)

// Gateway reads visits and makes forms for the gateways of an organization. It has no
// state: a page keeps the address of a visit and reads it again.
type Gateway struct {
	settings Settings
	dialect  dialect
	networks []netip.Prefix
}

// dialect is how a kind of gateway speaks.
type dialect interface {
	read(g *Gateway, u *url.URL, q url.Values) (*Visit, error)
	logIn(g *Gateway, v *Visit, c Credentials) (Form, error)
	logOut(g *Gateway, v *Visit, sessionID string) (Form, error)
}

// Open returns the gateways of an organization. What cannot be used is a
// *wispwright.ValidationError on dialect, secret or hosts.
func Open(s Settings) (*Gateway, error) {
	g := &Gateway{settings: s}
	var v wispwright.ValidationError
	switch s.Dialect {
	case CoovaChilli:
		g.dialect = coova{}
	case OpenNDS:
		g.dialect = nds{}
		if len(s.Secret.Reveal()) > 32 {
			v.Add("secret", "The key of openNDS has 32 characters at most.")
		}
	case PfSense:
		g.dialect = pfsense{}
	case OPNsense:
		g.dialect = opnsense{}
	case MikroTik:
		g.dialect = mikrotik{}
	default:
		v.Add("dialect", fmt.Sprintf("%q is none of %s.", s.Dialect, strings.Join(Dialects(), ", ")))
	}
	g.networks = private()
	if len(s.Hosts) > 0 {
		g.networks = nil
	}
	for _, h := range s.Hosts {
		p, err := prefix(h)
		switch {
		case err == nil:
			g.networks = append(g.networks, p)
		case !isHostName(h):
			v.Add("hosts", fmt.Sprintf("%q is neither a host name nor an address nor a network.", h))
		}
	}
	return g, v.Err()
}

// Dialect is the name of the dialect.
func (g *Gateway) Dialect() string { return g.settings.Dialect }

// maxVisit is how long the query of a visit may be, in octets.
const maxVisit = 8192

// Read reads the address that a gateway sent a client to: the whole of it where a
// signature covers that. Errors are ErrUnknown, ErrForged and ErrForeign.
func (g *Gateway) Read(u *url.URL) (*Visit, error) {
	if len(u.RawQuery) > maxVisit {
		return nil, ErrUnknown
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, ErrUnknown
	}
	v, err := g.dialect.read(g, u, q)
	if err != nil {
		return nil, err
	}
	v.Requested = page(v.Requested)
	return v, nil
}

// LogIn makes the form that lets the client of a visit in.
func (g *Gateway) LogIn(v *Visit, c Credentials) (Form, error) {
	if c.Landing != "" && page(c.Landing) == "" {
		return Form{}, ErrNoForm
	}
	f, err := g.dialect.logIn(g, v, c)
	if err != nil {
		return Form{}, err
	}
	return f, g.leads(f.Action)
}

// LogOut makes the form that ends a session; sessionID is that of RADIUS accounting,
// which some gateways want and others ignore.
func (g *Gateway) LogOut(v *Visit, sessionID string) (Form, error) {
	f, err := g.dialect.logOut(g, v, sessionID)
	if err != nil {
		return Form{}, err
	}
	return f, g.leads(f.Action)
}

// leads refuses addresses that are not those of the organization's gateways.
func (g *Gateway) leads(action string) error {
	u, err := url.Parse(action)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Host == "" || u.Opaque != "" {
		return ErrForeign
	}
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		for _, p := range g.networks {
			if p.Contains(a.Unmap().WithZone("")) {
				return nil
			}
		}
		return ErrForeign
	}
	if slices.ContainsFunc(g.settings.Hosts, func(h string) bool { return strings.EqualFold(h, strings.TrimSuffix(host, ".")) }) {
		return nil
	}
	return ErrForeign
}

// private are the networks that need not be named.
func private() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fc00::/7"),
	}
}

func prefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// isHostName reports whether a text can be the name of a host.
func isHostName(h string) bool {
	if h == "" || len(h) > 253 || strings.HasPrefix(h, ".") || strings.HasSuffix(h, ".") || strings.Contains(h, "..") {
		return false
	}
	return !strings.ContainsFunc(h, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// page is an address of the web that a person can be led to, else "": scripts and
// data are none.
func page(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(text) > 2048 || strings.ContainsFunc(text, isControl) {
		return ""
	}
	return text
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// told is a text that a gateway sent, without control characters and not too long.
func told(text string) string {
	text = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > 250 {
		text = string(r[:250])
	}
	return strings.TrimSpace(text)
}

// MAC writes a MAC address as AA:BB:CC:DD:EE:FF, whichever way it came; "" for what is
// none.
func MAC(text string) string {
	hex := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'F':
			return r
		case r >= 'a' && r <= 'f':
			return r - 'a' + 'A'
		case r == ':' || r == '-' || r == '.':
			return -1
		}
		return '?'
	}, text)
	if len(hex) != 12 || strings.Contains(hex, "?") {
		return ""
	}
	parts := make([]string, 6)
	for i := range parts {
		parts[i] = hex[2*i : 2*i+2]
	}
	return strings.Join(parts, ":")
}

func address(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
