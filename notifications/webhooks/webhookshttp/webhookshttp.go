// Package webhookshttp puts webhooks and their log on the wire.
package webhookshttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// Base is where the API begins.
const Base = "/api/v1/notifications/webhook/"

const (
	kind   = "openwisp_notifications.webhook"
	change = wispwright.Permission("openwisp_notifications.change_webhook")
)

// Models are the kinds of objects permissions exist for, with what the default
// groups may do.
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "openwisp_notifications", Name: "webhook", Label: "Webhook", Operator: "V", Administrator: "ACDV"}}
}

// HTTP are the endpoints.
type HTTP struct{ s *webhooks.Service }

// New returns the endpoints of a service.
func New(s *webhooks.Service) (*HTTP, error) {
	if s == nil {
		return nil, errors.New("webhookshttp: a service is required")
	}
	return &HTTP{s}, nil
}

type hookIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization" help:"Null: events of all organizations; only superusers may."`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	URL          rest.Opt[string]        `json:"url" required:"true" maxLength:"2000" label:"URL" help:"Answers show its host only; that short form sent back changes nothing."`
	Format       rest.Opt[string]        `json:"format" enum:"cloudevents,slack,teams,matrix,telegram" enumLabels:"CloudEvents 1.0,Slack,Microsoft Teams,Matrix,Telegram"`
	Room         rest.Opt[string]        `json:"room" blank:"true" maxLength:"255" help:"Matrix: id of the room. Telegram: id of the chat."`
	Token        rest.Opt[string]        `json:"token" blank:"true" maxLength:"500" writeOnly:"true" help:"Sent as bearer token; of the bot for Telegram. Empty removes it."`
	Events       rest.Opt[[]string]      `json:"events" required:"true" nonEmpty:"true" help:"Names of events, or * for all."`
	Enabled      rest.Opt[bool]          `json:"enabled"`
}

// hookOut is a webhook. Its secret is shown once: where it was made.
type hookOut struct {
	ID           wispwright.ID  `json:"id"`
	Organization *wispwright.ID `json:"organization"`
	Name         string         `json:"name"`
	URL          string         `json:"url"`
	Format       string         `json:"format"`
	Room         string         `json:"room"`
	HasToken     bool           `json:"has_token"`
	Events       []string       `json:"events"`
	Enabled      bool           `json:"enabled"`
	Failures     int            `json:"failures"`
	Paused       *rest.Time     `json:"paused"`
	PauseReason  *string        `json:"pause_reason"`
	Secret       *string        `json:"secret"`
	OldUntil     *rest.Time     `json:"old_secret_until"`
	Created      rest.Time      `json:"created"`
	Modified     rest.Time      `json:"modified"`
}

func hookOf(w *webhooks.Webhook) hookOut {
	out := hookOut{
		ID: w.ID, Organization: rest.Null(w.OrganizationID), Name: w.Name, URL: webhooks.ShownURL(w.URL), Format: string(w.Format), Room: w.Room, HasToken: w.Token != "",
		Events: w.Events, Enabled: w.Enabled, Failures: w.Failures, PauseReason: rest.Null(w.PauseReason), Created: rest.Time(w.Created), Modified: rest.Time(w.Modified),
	}
	if w.Paused != nil {
		at := rest.Time(*w.Paused)
		out.Paused = &at
	}
	if w.OldSecretUntil != nil {
		until := rest.Time(*w.OldSecretUntil)
		out.OldUntil = &until
	}
	return out
}

// deliveryOut is a line of the log.
type deliveryOut struct {
	ID       wispwright.ID `json:"id"`
	EventID  wispwright.ID `json:"event_id"`
	Event    string        `json:"event"`
	State    string        `json:"state"`
	Attempts int           `json:"attempts"`
	NextAt   *rest.Time    `json:"next_at"`
	Status   *int          `json:"status"`
	Took     float64       `json:"took"`
	Request  string        `json:"request"`
	Answer   string        `json:"answer"`
	Error    *string       `json:"error"`
	Created  rest.Time     `json:"created"`
	Finished *rest.Time    `json:"finished"`
}

func deliveryOf(d *webhooks.Delivery) deliveryOut {
	out := deliveryOut{ID: d.ID, EventID: d.EventID, Event: d.Event, State: string(d.State), Attempts: d.Attempts, Status: rest.Null(d.Status), Took: d.Took.Seconds(),
		Request: d.Request, Answer: d.Answer, Error: rest.Null(d.Error), Created: rest.Time(d.Created)}
	if d.NextAt != nil {
		at := rest.Time(*d.NextAt)
		out.NextAt = &at
	}
	if d.Finished != nil {
		at := rest.Time(*d.Finished)
		out.Finished = &at
	}
	return out
}

// scopes: a webhook without an organization is no shared object: it is told of
// everybody's events, so only superusers see it.
func scopes(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountEvents(api)
	rest.Mount(api, rest.Resource[wispwright.ID, webhooks.Webhook, webhooks.Filter, hookIn, hookOut]{
		Path: Base, Name: "Webhook", Noun: "Webhook", ID: "notifications_webhook", Tag: "notifications", Kind: kind,
		Description: "Where programs and chat services are told of events. The secret is answered once, when a webhook is made or its secret rotated.",
		Service:     h.s, Out: shown, Apply: apply, Scopes: scopes,
		New:          func(*rest.Request) (*webhooks.Webhook, error) { return &webhooks.Webhook{Enabled: true}, nil },
		Organization: func(w *webhooks.Webhook) wispwright.ID { return w.OrganizationID },
		Version:      func(w *webhooks.Webhook) []any { return []any{w.Modified} },
		Filters: append(rest.FilterOrganization(func(f *webhooks.Filter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterBool("enabled", func(f *webhooks.Filter, v bool) { f.Enabled = &v }),
			rest.FilterChoice("format", []string{"cloudevents", "slack", "teams", "matrix", "telegram"}, func(f *webhooks.Filter, v string) { f.Format = webhooks.Format(v) }),
			rest.FilterText("search", func(f *webhooks.Filter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "created": "Created"},
	})
	h.mountActions(api)
	h.mountDeliveries(api)
}

func apply(r *rest.Request, in *hookIn, w *webhooks.Webhook) error {
	in.Organization.Into(&w.OrganizationID)
	if w.OrganizationID.IsZero() && !r.Caller.Superuser {
		return wispwright.Invalid("organization", "This field may not be null.")
	}
	in.Name.Into(&w.Name)
	if in.URL.Set && (w.URL == "" || in.URL.V != webhooks.ShownURL(w.URL)) {
		w.URL = wispwright.Secret(in.URL.V)
	}
	if in.Format.Set {
		w.Format = webhooks.Format(in.Format.V)
	}
	in.Room.Into(&w.Room)
	if in.Token.Set {
		w.Token = wispwright.Secret(in.Token.V)
	}
	in.Events.Into(&w.Events)
	in.Enabled.Into(&w.Enabled)
	return nil
}

type eventOut struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

func (h *HTTP) mountEvents(api *rest.API) {
	v := &rest.View{Path: "/api/v1/notifications/webhook-event/", Name: "Webhook Event List", Tag: "notifications", Kind: kind,
		Description: "What webhooks can subscribe to."}
	api.Mount(v, rest.Action("GET", "notifications_webhook_event_list", http.StatusOK, func(*rest.Request, *rest.None) ([]eventOut, error) {
		out := []eventOut{}
		for _, e := range h.s.Events() {
			out = append(out, eventOut(e))
		}
		return out, nil
	}))
}

// view is a view of one webhook.
func view(path, name, noun string) *rest.View {
	return &rest.View{Path: Base + path, Name: name, Noun: noun, Tag: "notifications", Kind: kind}
}

func (h *HTTP) mountActions(api *rest.API) {
	test := rest.Action("POST", "notifications_webhook_test", http.StatusCreated, func(r *rest.Request, _ *rest.None) (deliveryOut, error) {
		d, err := h.s.Test(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return deliveryOut{}, err
		}
		return deliveryOf(d), nil
	})
	test.Permission, test.Summary = change, "Send a test event"
	api.Mount(view("{id}/test/", "Webhook Test", "Webhook"), test)
	rotate := rest.Action("POST", "notifications_webhook_rotate", http.StatusOK, func(r *rest.Request, _ *rest.None) (hookOut, error) {
		w, err := h.s.Rotate(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return hookOut{}, err
		}
		return withSecret(w), nil
	})
	rotate.Permission, rotate.Summary = change, "Give it a new secret, which is answered here only; the old one signs too for a day"
	api.Mount(view("{id}/rotate/", "Webhook Rotate Secret", "Webhook"), rotate)
	resume := rest.Action("POST", "notifications_webhook_resume", http.StatusOK, func(r *rest.Request, _ *rest.None) (hookOut, error) {
		w, err := h.s.Resume(r.Context(), r.WriteScope(), r.ID("id"))
		if err != nil {
			return hookOut{}, err
		}
		return hookOf(w), nil
	})
	resume.Permission, resume.Summary = change, "End its pause: it is told of events again"
	api.Mount(view("{id}/resume/", "Webhook Resume", "Webhook"), resume)
}

// shown are webhooks as answers have them: one that was just made with its
// secret.
func shown(r *rest.Request, rows []*webhooks.Webhook) ([]hookOut, error) {
	out := make([]hookOut, len(rows))
	for i, w := range rows {
		if out[i] = hookOf(w); r.HTTP.Method == http.MethodPost {
			out[i] = withSecret(w)
		}
	}
	return out, nil
}

// withSecret shows the secret, this once.
func withSecret(w *webhooks.Webhook) hookOut {
	out, plain := hookOf(w), w.Secret.Reveal()
	out.Secret = &plain
	return out
}

// mountDeliveries adds the log of a webhook, which can be read and repeated.
func (h *HTTP) mountDeliveries(api *rest.API) {
	within := func(r *rest.Request) error {
		_, err := h.s.Get(r.Context(), r.WriteScope(), r.ID("id"))
		return err
	}
	list := view("{id}/delivery/", "Webhook Delivery List", "Webhook")
	list.Prepare = within
	api.Mount(list, rest.Documented[rest.None, rest.Page[deliveryOut]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_webhook_delivery_list",
		Doc: rest.Doc{Query: map[string]string{"state": "waiting, delivered or failed", "event": "name of an event", "page": "number of the page", "page_size": "up to 100"}},
		Handle: func(r *rest.Request) (int, any, error) {
			f := webhooks.DeliveryFilter{WebhookID: r.ID("id"), Event: r.Query().Get("event"), State: webhooks.State(r.Query().Get("state"))}
			switch f.State {
			case "", webhooks.Waiting, webhooks.Delivered, webhooks.Failed:
			default:
				return 0, nil, wispwright.Invalid("state", "Select a valid choice. "+string(f.State)+" is not one of the available choices.")
			}
			page, err := r.Paginate(20, 100, func(p wispwright.Page) (any, int, error) {
				found, err := h.s.Deliveries(r.Context(), r.WriteScope(), f, p)
				rows := make([]deliveryOut, 0, len(found.Rows))
				for _, d := range found.Rows {
					rows = append(rows, deliveryOf(d))
				}
				return rows, found.Total, err
			})
			return http.StatusOK, page, err
		}}))
	one := view("{id}/delivery/{delivery}/", "Webhook Delivery Detail", "Delivery")
	api.Mount(one, rest.Action("GET", "notifications_webhook_delivery_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (deliveryOut, error) {
		d, err := h.s.Delivery(r.Context(), r.WriteScope(), r.ID("delivery"))
		if err == nil && d.WebhookID != r.ID("id") {
			err = wispwright.ErrNotFound
		}
		if err != nil {
			return deliveryOut{}, err
		}
		return deliveryOf(d), nil
	}))
	again := rest.Action("POST", "notifications_webhook_delivery_redeliver", http.StatusCreated, func(r *rest.Request, _ *rest.None) (deliveryOut, error) {
		d, err := h.s.Redeliver(r.Context(), r.WriteScope(), r.ID("id"), r.ID("delivery"))
		if err != nil {
			return deliveryOut{}, err
		}
		return deliveryOf(d), nil
	})
	again.Permission, again.Summary = change, "Send the event once more"
	api.Mount(view("{id}/delivery/{delivery}/redeliver/", "Webhook Redeliver", "Delivery"), again)
}
