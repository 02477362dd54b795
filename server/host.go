package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/files"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/server/mail"
	"github.com/wispwright/wispwright/tenancy"
)

// Host is what a concern is mounted on: everything of the server that concerns
// share. Mistakes in what is added, such as two handlers of one path, are errors of
// New.
type Host struct {
	server *Server
	raw    []rawPath
	start  []func(ctx context.Context) error
	stop   []func(ctx context.Context) error
	wires  []Wire
	wrong  []error
	// images are origins that pages of the admin may show pictures of
	images []string
	// changes tells pages of objects that changed
	changes *changes
	// otherwise gets paths that nobody else has
	otherwise interface {
		http.Handler
		Takes(ctx context.Context, path string) bool
	}
	// mounted are the concerns that stand ready
	mounted []Concern
	// ready is done when all concerns are mounted
	ready []func() error
}

// rawPath is a handler in front of the API.
type rawPath struct {
	prefix  string
	handler http.Handler
	areas   []string
}

// covers reports whether the handler serves a path.
func (r rawPath) covers(path string) bool {
	begin, end, starred := strings.Cut(r.prefix, "*")
	if !starred {
		return strings.HasPrefix(path, r.prefix) || path+"/" == r.prefix && strings.HasSuffix(path, ".json")
	}
	part, ok := strings.CutPrefix(strings.TrimSuffix(path, "/")+"/", begin)
	if !ok {
		return false
	}
	part, ok = strings.CutSuffix(part, end)
	return ok && part != "" && !strings.Contains(part, "/")
}

// DB is the database, and the Transactor of every store.
func (h *Host) DB() *sqlstore.DB { return h.server.db }

// Config is what the administrator set for the server as a whole; it must not
// be changed.
func (h *Host) Config() *Config { return h.server.config }

// Log is where the server logs to.
func (h *Host) Log() *slog.Logger { return h.server.log }

// Build names the version of the program.
func (h *Host) Build() string { return h.server.build }

// API is what endpoints are mounted on.
func (h *Host) API() *rest.API { return h.server.api }

// Jobs is the queue of background work.
func (h *Host) Jobs() *jobs.Queue { return h.server.jobs }

// Metrics takes what is measured; /metrics shows it.
func (h *Host) Metrics() prometheus.Registerer { return h.server.metrics.registry }

// files opens the files in a folder, or in own where that is set; nil within another
// program that keeps none.
func (h *Host) files(own, folder string) (blob.Store, error) {
	s, err := files.Open(h.Lifetime(), &h.Config().Storage, h.Config().Data, own, folder)
	if err != nil || s == nil {
		return nil, err
	}
	h.AtStop(func(context.Context) error { return s.Close() })
	return s, nil
}

// Lifetime ends when the server is stopped: what listens to other nodes ends
// then.
func (h *Host) Lifetime() context.Context { return h.server.lifetime }

// Models are the kinds of objects of all concerns of the list.
func (h *Host) Models() (all []wispwright.Model) {
	for _, c := range h.server.concerns {
		if m, ok := c.(WithModels); ok {
			all = append(all, m.Models()...)
		}
	}
	return all
}

// Mounted returns an error unless the concern is in the list and stands ready:
// for what a concern depends on. A nil pointer is in no list.
func (h *Host) Mounted(needed Concern) error {
	if slices.Contains(h.mounted, needed) {
		return nil
	}
	return fmt.Errorf("%w: a %T must be in the list of concerns before it", errDependence, needed)
}

var errDependence = errors.New("a concern that this one depends on is missing")

// Handle serves the paths below a prefix in front of the API, with the exact
// bytes that the handler writes and no header added but X-Request-Id: for
// protocols that are no REST. The prefix begins and ends with a slash; one in which a star
// stands for a part of the path covers that path only, with the slash and without. Areas are
// beginnings of paths that the metrics tell apart; others count as "other".
func (h *Host) Handle(prefix string, handler http.Handler, areas ...string) {
	switch {
	case handler == nil:
		h.fail("the handler of %s is nil", prefix)
	case len(prefix) < 3 || !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/"):
		h.fail("%q cannot be a prefix: it must begin and end with a slash", prefix)
	case slices.ContainsFunc([]string{"/admin/", "/healthz/", "/readyz/", "/metrics/", "/api/v1/"}, func(own string) bool { return strings.HasPrefix(own, prefix) }):
		h.fail("the paths below %s are the server's own", prefix)
	case slices.ContainsFunc(h.raw, func(r rawPath) bool { return r.prefix == prefix }):
		h.fail("two handlers for %s", prefix)
	}
	h.raw = append(h.raw, rawPath{prefix, handler, areas})
}

// Images lets the pages of the web admin show pictures of another origin, such as
// "https://tile.example.org": a background of maps.
func (h *Host) Images(origin string) { h.images = append(h.images, origin) }

// Recognise adds ways to recognise callers. Without any concern that does,
// everybody is anonymous.
func (h *Host) Recognise(c rest.Callers) { h.server.api.Recognise(c) }

// AtStart is done when the server begins to serve, before the background work.
func (h *Host) AtStart(fn func(ctx context.Context) error) { h.start = append(h.start, fn) }

// AtStop is done when the server stops, after the requests and the background
// work under way: for what was begun and must not be lost. The last one that
// was added is done first; the context ends with the time that stopping may
// take.
func (h *Host) AtStop(fn func(ctx context.Context) error) { h.stop = append(h.stop, fn) }

// Daily is done once a day by one of the nodes. The name is the job's, such as
// "tenancy.clean".
func (h *Host) Daily(name string, fn func(ctx context.Context) error) {
	daily, err := jobs.Kind[struct{}]{Name: name}.Every(24*time.Hour, struct{}{}, func(ctx context.Context, _ struct{}) error { return fn(ctx) })
	if err != nil {
		h.wrong = append(h.wrong, err)
		return
	}
	h.server.jobs.AddPeriodic(daily)
}

// WhenChanged runs fn in one transaction with remembering a value, if another
// one, or none, was remembered under the name before, by whichever node.
func (h *Host) WhenChanged(ctx context.Context, name, value string, fn func(ctx context.Context) error) error {
	return h.server.whenChanged(ctx, name, value, fn)
}

// SecretKey signs links. It is empty where there is no data folder yet, for
// servers within other programs.
func (h *Host) SecretKey() (wispwright.Secret, error) { return signingSecret(h.server.config) }

// Mailer sends e-mails as the section mail says.
func (h *Host) Mailer() (tenancy.Mailer, error) {
	c := h.server.config.Mail
	if c.Host != "" {
		return mail.NewSMTP(c.Host, c.From, &mail.SMTPOptions{Port: c.Port, User: c.User, Password: c.Password, TLS: c.TLS})
	}
	dir := c.Outbox
	if dir == "" {
		dir = filepath.Join(h.server.config.Data, "outbox")
	}
	return mail.NewOutbox(dir, c.From)
}

// OrganizationData are the concerns that keep something of every organization:
// for a concern that loads and dumps organizations.
func (h *Host) OrganizationData() (all []WithOrganizationData) {
	for _, c := range h.server.concerns {
		if d, ok := c.(WithOrganizationData); ok {
			all = append(all, d)
		}
	}
	return all
}

// wire connects a subscriber, one line of wiring.go.
func (h *Host) wire(list ...Wire) { h.wires = append(h.wires, list...) }

func (h *Host) fail(format string, args ...any) {
	h.wrong = append(h.wrong, fmt.Errorf(format, args...))
}

// own returns the keys of an object that are in the list.
func own(part map[string]json.RawMessage, keys []string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, k := range keys {
		if v, ok := part[k]; ok {
			out[k] = v
		}
	}
	return out
}
