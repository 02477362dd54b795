package controllerhttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
	"github.com/wispwright/wispwright/controller/render"
)

// ServerAgent is what the protocol of VPN servers' hosts needs; vpn.Agents is one.
type ServerAgent interface {
	// Checksum answers a poll.
	Checksum(ctx context.Context, server wispwright.ID, key string) (string, error)
	// Download answers a download.
	Download(ctx context.Context, server wispwright.ID, key string) (*render.Archive, error)
	// Versions answers a poll that waits for something new.
	Versions(ctx context.Context, server wispwright.ID, key string, known hostwire.Versions, wait time.Duration) (hostwire.Versions, error)
	// Revocations answers the question for revoked certificates.
	Revocations(ctx context.Context, server wispwright.ID, key string) (*hostwire.Revocations, error)
	// Report stores how a server fares.
	Report(ctx context.Context, server wispwright.ID, key string, r *hostwire.Report) (*hostwire.Answer, error)
}

// ServerPrefix is where the hosts of VPN servers ask.
const ServerPrefix = "/controller/vpn/"

// largestReport is that of a server with a hundred thousand peers.
const largestReport = 32 << 20

// ServerProtocol answers the hosts of VPN servers below ServerPrefix, with the rules of
// Protocol (spec: controller-config §10.1 to §10.5). Beyond OpenWISP, checksum takes the
// parameters wait (seconds), checksum and revocations, and answers when there is
// something else than that; revocations answers the list of revoked certificates, and
// report takes a hostwire.Report.
type ServerProtocol struct {
	agent ServerAgent
	*Protocol
}

// NewServerProtocol returns the handler.
func NewServerProtocol(agent ServerAgent, options *ProtocolOptions) *ServerProtocol {
	return &ServerProtocol{agent, NewProtocol(nil, options)}
}

// ServeHTTP answers a host.
func (p *ServerProtocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Openwisp-Controller"] = p.yes
	path, ok := strings.CutPrefix(r.URL.Path, ServerPrefix)
	path, slash := strings.CutSuffix(path, "/")
	action, id, _ := strings.Cut(path, "/")
	var answer func(http.ResponseWriter, *http.Request, wispwright.ID, string)
	switch action {
	case "checksum":
		answer = p.checksum
	case "download-config":
		answer = p.download
	case "revocations":
		answer = p.revocations
	case "report":
		answer = p.report
	}
	if !ok || answer == nil || id == "" || strings.Contains(id, "/") {
		p.notFound(w)
		return
	}
	if !slash {
		p.addSlash(w, r)
		return
	}
	if !p.methodAllowed(w, r, action != "report") {
		return
	}
	server, err := wispwright.ParseID(id)
	if err != nil {
		p.notFound(w)
		return
	}
	key, _ := pollParameters(r.URL.RawQuery)
	answer(w, r, server, key)
}

func (p *ServerProtocol) checksum(w http.ResponseWriter, r *http.Request, server wispwright.ID, key string) {
	h := w.Header()
	var v hostwire.Versions
	var err error
	if q := r.URL.RawQuery; strings.Contains(q, "wait=") {
		values, _ := url.ParseQuery(q) // malformed ones are not there
		seconds, bad := strconv.Atoi(values.Get("wait"))
		if bad != nil || seconds < 0 {
			p.text(w, http.StatusBadRequest, "error: wait: want a number of seconds\n")
			return
		}
		wait := time.Duration(min(seconds, 3600)) * time.Second
		v, err = p.agent.Versions(r.Context(), server, key, hostwire.Versions{Archive: values.Get("checksum"), Revocations: values.Get("revocations")}, wait)
	} else {
		v.Archive, err = p.agent.Checksum(r.Context(), server, key)
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	if v.Revocations != "" {
		h.Set(hostwire.RevocationsHeader, v.Revocations)
	}
	h["Content-Type"] = p.plain
	h.Set("Content-Length", strconv.Itoa(len(v.Archive)))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, v.Archive) // a host that went away hears nothing either way
	}
}

func (p *ServerProtocol) download(w http.ResponseWriter, r *http.Request, server wispwright.ID, key string) {
	archive, err := p.agent.Download(r.Context(), server, key)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.sendArchive(w, r, archive)
}

func (p *ServerProtocol) revocations(w http.ResponseWriter, r *http.Request, server wispwright.ID, key string) {
	list, err := p.agent.Revocations(r.Context(), server, key)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-pem-file")
	h.Set(hostwire.RevocationsHeader, list.Checksum)
	h.Set("Content-Length", strconv.Itoa(len(list.PEM)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(list.PEM) // as above
	}
}

func (p *ServerProtocol) report(w http.ResponseWriter, r *http.Request, server wispwright.ID, key string) {
	hostwire.Understand(w.Header())
	var in hostwire.Report
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, largestReport)).Decode(&in); err != nil {
		// a caller that may not speak is not told about the words
		if _, refused := p.agent.Checksum(r.Context(), server, key); refused != nil {
			p.refuse(w, r, refused)
			return
		}
		p.text(w, http.StatusBadRequest, "error: the report is no JSON object of the known form\n")
		return
	}
	answer, err := p.agent.Report(r.Context(), server, key, &in)
	if invalid := (*wispwright.ValidationError)(nil); errors.As(err, &invalid) {
		p.text(w, http.StatusBadRequest, "error: "+invalid.Error()+"\n")
		return
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // as above
}
