package notificationshttp

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

type silenceIn struct {
	ValidTill rest.Opt[time.Time] `json:"valid_till" nullable:"true" label:"Valid till"`
}

type silenceOut struct {
	ID          wispwright.ID `json:"id"`
	ObjectID    string        `json:"object_id"`
	ValidTill   *rest.Time    `json:"valid_till"`
	ContentType int           `json:"object_content_type"`
}

func (h *HTTP) silenceOf(s *notifications.Silence) silenceOut {
	out := silenceOut{ID: s.ID, ObjectID: s.ObjectID, ContentType: h.options.ContentTypes[s.ObjectKind]}
	if s.ValidTill != nil {
		till := rest.Time(*s.ValidTill)
		out.ValidTill = &till
	}
	return out
}

// mountSilences adds the objects that one does not want to hear of.
func (h *HTTP) mountSilences(api *rest.API) {
	api.Mount(h.view("notification/ignore/", "Ignore Object Notification List", "IgnoreObjectNotification"),
		rest.Documented[rest.None, rest.Page[silenceOut]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_ignore_list", Handle: func(r *rest.Request) (int, any, error) {
			body, err := r.Paginate(20, 100, func(page wispwright.Page) (any, int, error) {
				found, err := h.s.Silences(r.Context(), r.Caller.ID, page)
				rows := make([]silenceOut, 0, len(found.Rows))
				for _, s := range found.Rows {
					rows = append(rows, h.silenceOf(s))
				}
				return rows, found.Total, err
			})
			return http.StatusOK, body, err
		}}))
	object := func(r *rest.Request) notifications.Ref {
		return notifications.Ref{Kind: r.Text("app_label") + "." + r.Text("model_name"), ID: r.Text("object_id")}
	}
	one := h.view("notification/ignore/{app_label:text}/{model_name:text}/{object_id:text}/", "Ignore Object Notification", "IgnoreObjectNotification")
	one.Prepare = func(r *rest.Request) error {
		ref := object(r)
		if _, known := h.options.ContentTypes[ref.Kind]; !known || len(ref.ID) > 255 {
			return wispwright.ErrNotFound
		}
		if !canonicalID(ref.ID) {
			return wispwright.ErrNotFound
		}
		return nil
	}
	api.Mount(one,
		rest.Action("GET", "notifications_ignore_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (silenceOut, error) {
			s, err := h.s.Silence(r.Context(), r.Caller.ID, object(r))
			if err != nil {
				return silenceOut{}, err
			}
			return h.silenceOf(s), nil
		}),
		rest.Documented[silenceIn, silenceOut](http.StatusOK, rest.Op{Method: "PUT", ID: "notifications_ignore_update", Handle: func(r *rest.Request) (int, any, error) {
			in, err := rest.Decode[silenceIn](r, false)
			if err != nil {
				return 0, nil, err
			}
			var till *time.Time
			in.ValidTill.IntoPtr(&till)
			s, created, err := h.s.SetSilence(r.Context(), r.Caller.ID, object(r), till, in.ValidTill.Set)
			if err != nil {
				return 0, nil, err
			}
			status := http.StatusOK
			if created {
				status = http.StatusCreated
			}
			return status, h.silenceOf(s), nil
		}, Also: []int{http.StatusCreated}}),
		rest.Action("DELETE", "notifications_ignore_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			return rest.None{}, h.s.EndSilence(r.Context(), r.Caller.ID, object(r))
		}))
}

// canonicalID reports whether a text is how the API writes an id: a UUID in
// lower case, or a number as certificates have. Another spelling would make a
// second silence of the same object.
func canonicalID(text string) bool {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n > 0 && strconv.FormatInt(n, 10) == text
	}
	_, err := wispwright.ParseID(text)
	return err == nil && len(text) == 36 && strings.ToLower(text) == text
}
