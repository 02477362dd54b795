package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
)

// Version is the version of openwisp-config whose behaviour the agent has.
const Version = "1.1.0"

// DefaultBackend is the value of the field "backend" of a registration.
const DefaultBackend = "netjsonconfig.OpenWrt"

const (
	// maxAnswer bounds answers that are text; the protocol's are a few lines.
	maxAnswer = 64 << 10
	// defaultMaxArchive bounds a configuration archive, in bytes.
	defaultMaxArchive = 16 << 20
)

// Client makes the requests of the device protocol (§4). It holds no state of a
// device and is safe for concurrent use: one Client serves thousands of devices.
type Client struct {
	// BaseURL is the controller's address without a trailing slash:
	// "https://controller.example.com". The client appends "/controller/…".
	BaseURL string
	// HTTP is the transport; nil means http.DefaultClient. NewHTTPClient makes
	// one that behaves as curl does for the original agent.
	HTTP *http.Client
	// UserAgent is sent with each request; default "wispwright-agent".
	UserAgent string
	// MaxArchive is the largest archive Download accepts, in bytes; default 16
	// MiB.
	MaxArchive int64
}

// Credentials say which device speaks.
type Credentials struct {
	// UUID is the device's id exactly as the controller answered it.
	UUID string
	// Key authenticates the device.
	Key wispwright.Secret
}

// Info describes hardware and operating system (§4.3).
type Info struct {
	// Model is the hardware model: "TP-Link Archer C7 v5".
	Model string
	// OS is the operating system with its version: "OpenWrt 23.05.5".
	OS string
	// System is the processor or system type.
	System string
}

// Registration is what a device sends to become known (§4.1).
type Registration struct {
	// Backend is the configuration format; default DefaultBackend.
	Backend string
	// Key is the consistent key (ConsistentKey). Empty leaves the field out, and
	// the controller makes a key.
	Key wispwright.Secret
	// ManagementIP is left out when empty.
	ManagementIP string
	// Secret is the organization's shared secret.
	Secret wispwright.Secret
	// Name is the host name, or the hardware address of an unnamed device.
	Name string
	// HardwareID may be empty.
	HardwareID string
	// MACAddress is the hardware address in upper case: "02:FC:00:00:00:01".
	MACAddress string
	// Tags are names of template tags separated by spaces.
	Tags string
	// Info describes the device.
	Info Info
}

// Identity is a controller's answer to a registration.
type Identity struct {
	// Credentials are the device's id and key.
	Credentials
	// Hostname is the name the controller keeps; may be empty.
	Hostname string
	// New is false when the controller knew the device already.
	New bool
}

// ReportApplied and ReportError are the states ReportStatus knows.
const (
	ReportApplied = "applied"
	ReportError   = "error"
)

// Register registers a device. A *StatusError means the controller refused,
// ErrNoHeader that the answer is not a controller's, a *TransportError that
// there was none.
func (c *Client) Register(ctx context.Context, r Registration) (Identity, error) {
	backend := r.Backend
	if backend == "" {
		backend = DefaultBackend
	}
	f := form{}
	f.add("backend", backend)
	f.addUnlessEmpty("key", r.Key.Reveal())
	f.addUnlessEmpty("management_ip", r.ManagementIP)
	f.add("secret", r.Secret.Reveal())
	f.add("name", r.Name)
	f.add("hardware_id", r.HardwareID)
	f.add("mac_address", r.MACAddress)
	f.add("tags", r.Tags)
	f.addInfo(r.Info)
	const op = "registration"
	a, err := c.post(ctx, op, "register/", f.String())
	if err != nil {
		return Identity{}, err
	}
	// the header is asked for whatever the status, here only (§4.1)
	if !a.marked {
		return Identity{}, fmt.Errorf("%s: %w", op, ErrNoHeader)
	}
	if a.status != http.StatusCreated {
		return Identity{}, a.statusError(op)
	}
	id := parseIdentity(a.body)
	if id.UUID == "" || id.Key == "" {
		return Identity{}, fmt.Errorf("%s: the answer has no uuid or no key", op)
	}
	return id, nil
}

// parseIdentity reads the lines "name: value" of a registration's answer.
func parseIdentity(body []byte) Identity {
	id := Identity{New: true}
	for line := range strings.Lines(string(body)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if !ok {
			continue
		}
		switch name {
		case "uuid":
			id.UUID = strings.TrimSpace(value)
		case "key":
			id.Key = wispwright.Secret(strings.TrimSpace(value))
		case "hostname":
			if words := strings.Fields(value); len(words) > 0 {
				id.Hostname = words[0]
			}
		case "is-new":
			id.New = strings.TrimSpace(value) != "0"
		}
	}
	return id
}

// UpdateInfo tells the controller hardware and system of a known device (§4.3).
func (c *Client) UpdateInfo(ctx context.Context, d Credentials, info Info) error {
	f := form{}
	f.add("key", d.Key.Reveal())
	f.addInfo(info)
	a, err := c.post(ctx, "update-info", devicePath("update-info", d), f.String())
	if err != nil {
		return err
	}
	return a.check("update-info")
}

// Checksum asks for the checksum of the device's configuration (§4.4). An empty
// management address is left out of the request, which clears the stored one.
func (c *Client) Checksum(ctx context.Context, d Credentials, managementIP string) (string, error) {
	a, err := c.get(ctx, "checksum", deviceURL("checksum", d, managementIP), maxAnswer)
	if err != nil {
		return "", err
	}
	if err := a.check("checksum"); err != nil {
		return "", err
	}
	return lastLine(a.body), nil
}

// Download fetches the archive with the device's configuration (§4.5). Its MD5
// in lower-case hexadecimal is what Checksum answers.
func (c *Client) Download(ctx context.Context, d Credentials, managementIP string) ([]byte, error) {
	limit := c.MaxArchive
	if limit <= 0 {
		limit = defaultMaxArchive
	}
	a, err := c.get(ctx, "download", deviceURL("download-config", d, managementIP), limit)
	if err != nil {
		return nil, err
	}
	// curl --fail: a redirection is not followed and its body is no archive
	if a.status != http.StatusOK {
		return nil, a.statusError("download")
	}
	return a.body, nil
}

// ReportStatus tells the controller how applying the configuration went (§4.6):
// ReportApplied, or ReportError with a reason.
func (c *Client) ReportStatus(ctx context.Context, d Credentials, status, reason string) error {
	f := form{}
	f.add("key", d.Key.Reveal())
	f.add("status", status)
	body := f.String() + "&"
	if reason != "" {
		body += "error_reason=" + url.QueryEscape(reason)
	}
	a, err := c.post(ctx, "report-status", devicePath("report-status", d), body)
	if err != nil {
		return err
	}
	return a.check("report-status")
}

// Reach makes the request of Checksum, and any answer of the controller shows
// that the device reaches it: the default test of a new configuration (§5). A
// *TransportError means that there was none, a *StatusError that it was not 200.
func (c *Client) Reach(ctx context.Context, d Credentials, managementIP string) error {
	a, err := c.get(ctx, "test", deviceURL("checksum", d, managementIP), maxAnswer)
	if err == nil && a.status != http.StatusOK {
		return a.statusError("test")
	}
	return err
}

// form is a body whose fields keep their order.
type form struct{ b strings.Builder }

func (f *form) add(name, value string) {
	if f.b.Len() > 0 {
		f.b.WriteByte('&')
	}
	f.b.WriteString(name)
	f.b.WriteByte('=')
	f.b.WriteString(url.QueryEscape(value))
}

func (f *form) addUnlessEmpty(name, value string) {
	if value != "" {
		f.add(name, value)
	}
}

func (f *form) addInfo(i Info) {
	f.add("model", i.Model)
	f.add("os", i.OS)
	f.add("system", i.System)
}

func (f *form) String() string { return f.b.String() }

func devicePath(action string, d Credentials) string {
	return action + "/" + url.PathEscape(d.UUID) + "/"
}

func deviceURL(action string, d Credentials, managementIP string) string {
	u := devicePath(action, d) + "?key=" + url.QueryEscape(d.Key.Reveal())
	if managementIP != "" {
		u += "&management_ip=" + url.QueryEscape(managementIP)
	}
	return u
}

// answer is a response read to its end.
type answer struct {
	status int
	line   string // the status line
	marked bool   // it has the controller's header
	body   []byte
}

func (a *answer) statusError(op string) *StatusError {
	return &StatusError{Op: op, Code: a.status, Line: a.line, Body: strings.TrimSpace(string(a.body[:min(len(a.body), 2048)]))}
}

// check wants 200 first and the controller's header then, as the original does.
func (a *answer) check(op string) error {
	switch {
	case a.status != http.StatusOK:
		return a.statusError(op)
	case !a.marked:
		return fmt.Errorf("%s: %w", op, ErrNoHeader)
	}
	return nil
}

func (c *Client) get(ctx context.Context, op, path string, limit int64) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.BaseURL+"/controller/"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, withoutURL(err))
	}
	return c.do(op, req, limit)
}

func (c *Client) post(ctx context.Context, op, path, body string) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BaseURL+"/controller/"+path, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, withoutURL(err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(op, req, maxAnswer)
}

func (c *Client) do(op string, req *http.Request, limit int64) (*answer, error) {
	req.Header.Set("Accept", "*/*")
	agent := c.UserAgent
	if agent == "" {
		agent = "wispwright-agent"
	}
	req.Header.Set("User-Agent", agent)
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, &TransportError{Op: op, Err: withoutURL(err)}
	}
	if resp.ContentLength > limit {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", op, limit)
	}
	body, err := readAnswer(resp, limit)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, &TransportError{Op: op, Err: withoutURL(err)}
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", op, limit)
	}
	return &answer{
		status: resp.StatusCode,
		line:   resp.Proto + " " + resp.Status,
		marked: strings.EqualFold(strings.TrimSpace(resp.Header.Get("X-Openwisp-Controller")), "true"),
		body:   body,
	}, nil
}

// readAnswer reads a body, one byte more than the limit at most, and takes no
// more room than it announces.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength < 0 {
		return io.ReadAll(io.LimitReader(resp.Body, limit+1))
	}
	body := make([]byte, resp.ContentLength)
	_, err := io.ReadFull(resp.Body, body)
	return body, err
}

// lastLine is the checksum within an answer: what stands after the last newline
// that is not the final one.
func lastLine(body []byte) string {
	body = bytes.TrimRight(body, "\r\n")
	return strings.TrimSpace(string(body[bytes.LastIndexByte(body, '\n')+1:]))
}
