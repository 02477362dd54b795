package controllerhttp

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
)

// Agent is what the device protocol needs of the concern; controller.Agents
// is one.
type Agent interface {
	// Register makes a device or finds it again.
	Register(ctx context.Context, r protocol.Registration) (*controller.Registered, error)
	// Checksum answers a poll.
	Checksum(ctx context.Context, c protocol.Credentials, managementIP string) (string, error)
	// Download answers a download.
	Download(ctx context.Context, c protocol.Credentials, managementIP string) (*render.Archive, error)
	// UpdateInfo stores what the device says of itself.
	UpdateInfo(ctx context.Context, c protocol.Credentials, os, model, system string) error
	// ReportStatus stores an outcome and returns the resulting status.
	ReportStatus(ctx context.Context, c protocol.Credentials, status, reason string) (controller.Status, error)
}

// ProtocolOptions change what NewProtocol makes; nil means the defaults.
type ProtocolOptions struct {
	// BodyLimit is the largest request body in bytes. Default: 64 KiB; an agent
	// sends less than 5 KiB.
	BodyLimit int64
	// TrustProxy takes the device's address, which is stored as its last one and
	// counted for WrongSecrets, from the last entry of X-Forwarded-For, which the
	// reverse proxy in front has written (rest.ClientAddress). Default: false, the
	// connection's.
	TrustProxy bool
	// WrongSecrets is how many registrations with a wrong secret an address (a
	// /64 of IPv6) may send in a minute before all its registrations are
	// answered 429 for the rest of that minute. Default: 60; -1 means any number.
	WrongSecrets int
	// Log receives what went wrong inside. Default: slog.Default.
	Log *slog.Logger
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Protocol answers devices below /controller/. It is an http.Handler to be
// mounted there, without middleware that redirects, compresses or asks for
// credentials.
//
// Every answer carries X-Openwisp-Controller. No header may be added whose line
// contains "uuid: ", "key: ", "hostname: " or "is-new: ": agents look for these
// words in headers and body alike (spec: controller-config §10.2).
type Protocol struct {
	agent    Agent
	limit    int64
	proxied  bool
	attempts *attempts
	log      *slog.Logger

	// header values that are the same in every answer: shared, never changed
	yes, plain, page, binary, md5Length []string
}

// NewProtocol returns the handler of the device protocol.
func NewProtocol(agent Agent, options *ProtocolOptions) *Protocol {
	o := ProtocolOptions{}
	if options != nil {
		o = *options
	}
	if o.BodyLimit <= 0 {
		o.BodyLimit = 64 << 10
	}
	if o.WrongSecrets == 0 {
		o.WrongSecrets = 60
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Protocol{
		agent: agent, limit: o.BodyLimit, proxied: o.TrustProxy, attempts: newAttempts(o.WrongSecrets, o.Clock), log: o.Log,
		yes: []string{"true"}, plain: []string{"text/plain"}, page: []string{"text/html; charset=utf-8"},
		binary: []string{"application/octet-stream"}, md5Length: []string{"32"},
	}
}

// peer is the address of the device, invalid when nobody knows it.
func (p *Protocol) peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddr(rest.ClientAddress(r, p.proxied))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// route splits a path below /controller/ into action and id. Both the current
// and the legacy family of paths lead to the same action (§10.1).
func route(path string) (action, id string, slash, ok bool) {
	rest, ok := strings.CutPrefix(path, "/controller/")
	if !ok {
		return "", "", false, false
	}
	rest = strings.TrimPrefix(rest, "device/")
	rest, slash = strings.CutSuffix(rest, "/")
	action, id, _ = strings.Cut(rest, "/")
	switch action {
	case "register":
		return action, "", slash, id == "" && rest == action
	case "checksum", "download-config", "update-info", "report-status":
		return action, id, slash, id != "" && !strings.Contains(id, "/")
	}
	return "", "", slash, false
}

// ServeHTTP answers a device.
func (p *Protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Openwisp-Controller"] = p.yes
	action, id, slash, ok := route(r.URL.Path)
	if !ok {
		p.notFound(w)
		return
	}
	if !slash {
		p.addSlash(w, r)
		return
	}
	polling := action == "checksum" || action == "download-config"
	if !p.methodAllowed(w, r, polling) {
		return
	}
	c := protocol.Credentials{Peer: p.peer(r)}
	if action != "register" {
		var err error
		if c.ID, err = wispwright.ParseID(id); err != nil {
			p.notFound(w)
			return
		}
	}
	switch action {
	case "checksum":
		p.checksum(w, r, c)
	case "download-config":
		p.download(w, r, c)
	case "update-info":
		p.updateInfo(w, r, c)
	case "report-status":
		p.reportStatus(w, r, c)
	default:
		p.register(w, r, c.Peer)
	}
}

func (p *Protocol) methodAllowed(w http.ResponseWriter, r *http.Request, polling bool) bool {
	allow := "POST, OPTIONS"
	if polling {
		allow = "GET, HEAD, OPTIONS"
	}
	switch {
	case polling && (r.Method == http.MethodGet || r.Method == http.MethodHead), !polling && r.Method == http.MethodPost:
		return true
	}
	h := w.Header()
	h.Set("Allow", allow)
	h["Content-Type"] = p.page
	h.Set("Content-Length", "0")
	if r.Method != http.MethodOptions {
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
	return false
}

// addSlash redirects to the spelling with the final slash. The path is made of
// what came, which cannot begin with two slashes here.
func (p *Protocol) addSlash(w http.ResponseWriter, r *http.Request) {
	to := r.URL.EscapedPath() + "/"
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	h := w.Header()
	h.Set("Location", to)
	h["Content-Type"] = p.page
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusMovedPermanently)
}

func (p *Protocol) notFound(w http.ResponseWriter) {
	p.send(w, http.StatusNotFound, p.page, "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>"+
		html.EscapeString("The requested resource was not found on this server.")+"</p>\n</body>\n</html>\n")
}

// text answers with a body of plain text, which never says its charset.
func (p *Protocol) text(w http.ResponseWriter, status int, body string) {
	p.send(w, status, p.plain, body)
}

func (p *Protocol) send(w http.ResponseWriter, status int, contentType []string, body string) {
	h := w.Header()
	h["Content-Type"] = contentType
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a device that went away hears nothing either way
}

// refuse turns an error of the concern into the answer the protocol has for it
// (§6.1, §10.3).
func (p *Protocol) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var missing *protocol.MissingParameterError
	switch {
	case errors.As(err, &missing):
		p.text(w, http.StatusBadRequest, "error: missing required parameter \""+missing.Name+"\"\n")
	case errors.Is(err, protocol.ErrWrongKey):
		p.text(w, http.StatusForbidden, "error: wrong key\n")
	case errors.Is(err, protocol.ErrWrongStatus):
		p.text(w, http.StatusForbidden, "error: wrong status\n")
	case errors.Is(err, protocol.ErrWrongBackend):
		p.text(w, http.StatusForbidden, "error: wrong backend\n")
	case errors.Is(err, protocol.ErrUnrecognizedSecret):
		p.text(w, http.StatusForbidden, "error: unrecognized secret")
	case errors.Is(err, protocol.ErrRegistrationDisabled):
		p.text(w, http.StatusForbidden, "error: registration disabled")
	case errors.Is(err, protocol.ErrDeactivated):
		p.text(w, http.StatusForbidden, "error: device deactivated")
	case errors.Is(err, protocol.ErrOrganizationDisabled):
		p.text(w, http.StatusForbidden, "error: organization disabled")
	case errors.Is(err, protocol.ErrWaiting): // no 403, on which agents give up: they ask again after all else
		p.text(w, http.StatusAccepted, "error: device waits for approval")
	case errors.Is(err, protocol.ErrRefused):
		p.text(w, http.StatusForbidden, "error: registration refused")
	case errors.Is(err, protocol.ErrSelfCreation):
		p.text(w, http.StatusNotFound, protocol.ErrSelfCreation.Error())
	case errors.Is(err, wispwright.ErrNotFound):
		p.notFound(w)
	case errors.Is(err, errTooLarge):
		w.Header().Set("Connection", "close")
		p.text(w, http.StatusRequestEntityTooLarge, "error: request body too large\n")
	case errors.Is(err, errBody):
		p.text(w, http.StatusBadRequest, "error: malformed request body\n")
	case errors.Is(err, wispwright.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		p.log.WarnContext(r.Context(), "device request not served", "method", r.Method, "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "10")
		p.text(w, http.StatusServiceUnavailable, "error: temporarily unavailable\n")
	default:
		if r.Context().Err() == nil {
			p.log.ErrorContext(r.Context(), "device request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		}
		p.text(w, http.StatusInternalServerError, "error: internal error\n")
	}
}

// tooMany answers an address that guesses secrets: never with 403, on which
// agents give up (§19.9).
func (p *Protocol) tooMany(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	p.text(w, http.StatusTooManyRequests, fmt.Sprintf("error: too many attempts, retry in %d seconds\n", int(wait/time.Second)+1))
}
