package controllerhttp

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// ServerAgent is what the protocol of VPN servers' hosts needs; vpn.Agents is one.
type ServerAgent interface {
	// Checksum answers a poll.
	Checksum(ctx context.Context, server wispwright.ID, key string) (string, error)
	// Download answers a download.
	Download(ctx context.Context, server wispwright.ID, key string) (*render.Archive, error)
}

// ServerPrefix is where the hosts of VPN servers ask.
const ServerPrefix = "/controller/vpn/"

// ServerProtocol answers the hosts of VPN servers below ServerPrefix, with the rules of
// Protocol (spec: controller-config §10.1 to §10.5).
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
	if !ok || action != "checksum" && action != "download-config" || id == "" || strings.Contains(id, "/") {
		p.notFound(w)
		return
	}
	if !slash {
		p.addSlash(w, r)
		return
	}
	if !p.methodAllowed(w, r, true) {
		return
	}
	server, err := wispwright.ParseID(id)
	if err != nil {
		p.notFound(w)
		return
	}
	key, _ := pollParameters(r.URL.RawQuery)
	if action == "checksum" {
		sum, err := p.agent.Checksum(r.Context(), server, key)
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		h["Content-Type"] = p.plain
		h.Set("Content-Length", strconv.Itoa(len(sum)))
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, sum) // a host that went away hears nothing either way
		}
		return
	}
	archive, err := p.agent.Download(r.Context(), server, key)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.sendArchive(w, r, archive)
}
