package notificationshttp

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

// Item is a notification in lists and in the frames of the WebSocket.
type Item struct {
	ID           wispwright.ID `json:"id"`
	Message      string        `json:"message"`
	Description  *string       `json:"description"`
	Unread       bool          `json:"unread"`
	TargetURL    string        `json:"target_url"`
	EmailSubject string        `json:"email_subject"`
	Timestamp    rest.Time     `json:"timestamp"`
	Level        string        `json:"level"`
}

// ItemOf is a notification as lists show it.
func ItemOf(n *notifications.Shown) Item {
	return Item{n.ID, n.Message, rest.Null(n.Rendered.Description), n.Unread, n.TargetURL, n.Subject, rest.Time(n.Timestamp), string(n.Level)}
}

// detail is a notification at its own path.
type detail struct {
	ID           wispwright.ID   `json:"id"`
	ActorType    *string         `json:"actor_content_type"`
	TargetType   *string         `json:"target_content_type"`
	ActionType   *string         `json:"action_object_content_type"`
	Level        string          `json:"level"`
	Unread       bool            `json:"unread"`
	ActorID      *string         `json:"actor_object_id"`
	Verb         string          `json:"verb"`
	TargetID     *string         `json:"target_object_id"`
	ActionID     *string         `json:"action_object_object_id"`
	Timestamp    rest.Time       `json:"timestamp"`
	Emailed      bool            `json:"emailed"`
	Data         wispwright.JSON `json:"data"`
	Type         *string         `json:"type"`
	Recipient    wispwright.ID   `json:"recipient"`
	Message      string          `json:"message"`
	EmailSubject string          `json:"email_subject"`
	TargetURL    string          `json:"target_url"`
}

func detailOf(n *notifications.Shown) detail {
	return detail{
		ID: n.ID, ActorType: modelOf(n.ActorKind), TargetType: modelOf(n.TargetKind), ActionType: modelOf(n.ActionKind), Level: string(n.Level), Unread: n.Unread,
		ActorID: rest.Null(n.ActorID), Verb: n.Verb, TargetID: rest.Null(n.TargetID), ActionID: rest.Null(n.ActionID), Timestamp: rest.Time(n.Timestamp),
		Emailed: n.Emailed, Data: n.Data, Type: rest.Null(n.Type), Recipient: n.RecipientID, Message: n.Message, EmailSubject: n.Subject, TargetURL: n.TargetURL,
	}
}

// mountNotifications adds one's own notifications.
func (h *HTTP) mountNotifications(api *rest.API) {
	list := h.view("notification/", "Notification List", "Notification")
	list.Description = "One's own notifications, newest first; ?unread=true leaves out those that were read. The other filters are Wispwright's."
	api.Mount(list, rest.Documented[rest.None, rest.Page[Item]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_notification_list", Handle: h.list,
		Doc: rest.Doc{Query: map[string]string{
			"unread": "true or false", "level": "success, info, warning or error", "type": "name of a type", "organization": "a UUID",
			"timestamp__gte": "RFC 3339: from then on", "timestamp__lt": "RFC 3339: before then", "page": "number of the page", "page_size": "up to 100",
		}}}))
	api.Mount(h.view("notification/read/", "Notification Read All", "Notification"),
		mute(rest.Action("POST", "notifications_notification_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			_, err := h.s.MarkRead(r.Context(), r.Caller.ID, wispwright.Among[wispwright.ID]{})
			return rest.None{}, err
		})))
	api.Mount(h.view("notification/{id}/", "Notification Detail", "Notification"),
		rest.Action("GET", "notifications_notification_read_one", http.StatusOK, func(r *rest.Request, _ *rest.None) (detail, error) {
			n, err := h.s.Get(r.Context(), r.Caller.ID, r.ID("id"))
			if err != nil {
				return detail{}, err
			}
			return detailOf(n), nil
		}),
		mute(rest.Action("PATCH", "notifications_notification_partial_update", http.StatusOK, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			_, err := h.read(r)
			return rest.None{}, err
		})),
		rest.Action("DELETE", "notifications_notification_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			return rest.None{}, h.s.Delete(r.Context(), r.Caller.ID, r.ID("id"))
		}))
	api.Handle(Base+"notification/{id}/redirect/", h.redirect(api))
}

func (h *HTTP) list(r *rest.Request) (int, any, error) {
	f, err := filterOf(r)
	if err != nil {
		return 0, nil, err
	}
	body, err := r.Paginate(20, 100, func(page wispwright.Page) (any, int, error) {
		found, err := h.s.List(r.Context(), f, page)
		rows := make([]Item, 0, len(found.Rows))
		for _, n := range found.Rows {
			rows = append(rows, ItemOf(n))
		}
		return rows, found.Total, err
	})
	return http.StatusOK, body, err
}

// filterOf is what the query asks for, of the caller's own. Other values of
// unread are ignored, as clients of the original expect (spec: notifications
// §7); the further filters name what is wrong with them.
func filterOf(r *rest.Request) (notifications.Filter, error) {
	q := r.Query()
	f := notifications.Filter{RecipientID: r.Caller.ID, Type: q.Get("type"), Level: notifications.Level(q.Get("level"))}
	switch v := q.Get("unread"); v {
	case "true", "false":
		unread := v == "true"
		f.Unread = &unread
	}
	var wrong wispwright.ValidationError
	if v := q.Get("organization"); v != "" {
		id, err := wispwright.ParseID(v)
		if err != nil {
			wrong.Add("organization", "“"+v+"” is not a valid UUID.")
		}
		f.OrganizationID = id
	}
	for name, into := range map[string]*time.Time{"timestamp__gte": &f.TimestampFrom, "timestamp__lt": &f.TimestampBefore} {
		v := q.Get(name)
		if v == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			wrong.Add(name, "Enter a valid date/time.")
		}
		*into = at
	}
	return f, wrong.Err()
}

// read marks the notification of the path as read.
func (h *HTTP) read(r *rest.Request) (*notifications.Shown, error) {
	n, err := h.s.Get(r.Context(), r.Caller.ID, r.ID("id"))
	if err != nil {
		return nil, err
	}
	_, err = h.s.MarkRead(r.Context(), r.Caller.ID, wispwright.Only(n.ID))
	return n, err
}

// redirect leads to the target of a notification and marks it as read; it is
// what the links of e-mails lead to, so strangers are asked to log in.
func (h *HTTP) redirect(api *rest.API) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, `{"detail":"Method not allowed."}`, http.StatusMethodNotAllowed)
			return
		}
		c, err := api.Caller(r)
		if err != nil || c == nil || c.ID.IsZero() || c.Restricted != "" {
			http.Redirect(w, r, h.options.LoginPath+"?next="+url.QueryEscape(r.URL.Path), http.StatusFound)
			return
		}
		id, err := wispwright.ParseID(pathPart(r, "id"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		n, err := h.s.Get(r.Context(), c.ID, id)
		if err == nil && r.Method == http.MethodGet {
			_, err = h.s.MarkRead(r.Context(), c.ID, wispwright.Only(id))
		}
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			http.NotFound(w, r)
		case err != nil:
			api.Log().ErrorContext(r.Context(), "a link of a notification was not followed", "error", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
		default:
			target := n.TargetURL
			if target == "#" {
				target = "/admin/"
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Location", target) // as it is: http.Redirect would escape it anew
			w.WriteHeader(http.StatusFound)
		}
	})
}
