// Package notificationshttp puts the concern notifications on the wire: the
// REST API and the page that ends e-mails (spec: notifications §7, additions
// O-1, O-2, O-4).
package notificationshttp

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

// Base is where the API begins.
const Base = "/api/v1/notifications/"

// Options change what New makes.
type Options struct {
	// ContentTypes are the numbers that OpenWISP's clients know kinds of objects
	// by, such as "config.device". Only these can be silenced.
	ContentTypes map[string]int
	// LoginPath is where strangers are sent that follow a link. Default:
	// "/admin/login/".
	LoginPath string
	// Resend asks a user once more to confirm the account's address, if it is
	// unconfirmed. Errors: ErrLimit when that was done a moment ago. Default: the
	// page for it is left out.
	Resend func(ctx context.Context, user wispwright.ID) error
	// Log hears of what a WebSocket could not do. Default: slog.Default.
	Log *slog.Logger
}

// HTTP are the endpoints.
type HTTP struct {
	s       *notifications.Service
	people  notifications.People
	options Options
}

// New returns the endpoints of a service; people tell whom a user manages.
func New(s *notifications.Service, people notifications.People, o *Options) (*HTTP, error) {
	if s == nil || people == nil {
		return nil, errors.New("notificationshttp: a service and people are required")
	}
	h := &HTTP{s: s, people: people}
	if o != nil {
		h.options = *o
	}
	if h.options.LoginPath == "" {
		h.options.LoginPath = "/admin/login/"
	}
	if h.options.Log == nil {
		h.options.Log = slog.Default()
	}
	return h, nil
}

// log notes a fault inside; that something is not there is none.
func (h *HTTP) log(ctx context.Context, err error) {
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) && ctx.Err() == nil {
		h.options.Log.WarnContext(ctx, "a frame of a WebSocket could not be answered", "path", SocketPath, "error", err)
	}
}

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountNotifications(api)
	h.mountSilences(api)
	h.mountOwnSettings(api)
	h.mountSettingsOf(api)
	h.mountOrganization(api)
	h.mountUnsubscribe(api)
	h.mountResend(api)
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: notifications §1.4).
func Models() []wispwright.Model {
	const app = "openwisp_notifications"
	return []wispwright.Model{
		{App: app, Name: "notification", Label: "Notification", Operator: "ACD", Administrator: "ACD"},
		{App: app, Name: "notificationsetting", Label: "user notification settings", Operator: "C", Administrator: "C"},
		{App: app, Name: "organizationnotificationsettings", Label: "organization notification settings", Operator: "V", Administrator: "CV"},
	}
}

// view is a view of one's own, for everybody that has an account.
func (h *HTTP) view(path, name, noun string) *rest.View {
	return &rest.View{Path: Base + path, Name: name, Noun: noun, Tag: "notifications", Access: rest.Authenticated, StrictIDs: true}
}

// modelOf is the name of the model of a kind: "config.device" is a device.
func modelOf(kind string) *string {
	_, model, _ := strings.Cut(kind, ".")
	return rest.Null(model)
}

// mute answers without any body, as clients of the original expect it.
func mute(op rest.Op) rest.Op {
	handle := op.Handle
	op.Handle = func(r *rest.Request) (int, any, error) {
		status, _, err := handle(r)
		return status, rest.Raw{}, err
	}
	return op
}

func wish(o rest.Opt[bool]) notifications.Wish {
	w := notifications.Wish{Set: o.Set}
	if !o.Null {
		w.Value = &o.V
	}
	return w
}

// part is a page of rows that are all at hand.
func part[T any](rows []T, page wispwright.Page) []T {
	from := min(page.Offset, len(rows))
	to := len(rows)
	if page.Limit > 0 {
		to = min(from+page.Limit, len(rows))
	}
	return slices.Clone(rows[from:to])
}
