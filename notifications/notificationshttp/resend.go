package notificationshttp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// ResendPath sends somebody the e-mail that asks to confirm the address again,
// since unconfirmed ones are not written to (spec: additions O-4).
const ResendPath = "/notifications/resend-verification-email/"

// mountResend adds the page. Who follows it twice within a short time gets one
// e-mail; everybody ends at the page of the parameter next.
func (h *HTTP) mountResend(api *rest.API) {
	if h.options.Resend == nil {
		return
	}
	api.Handle(ResendPath, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		c, err := api.Caller(r)
		if err != nil || c == nil || c.ID.IsZero() || c.Restricted != "" {
			http.Redirect(w, r, h.options.LoginPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
			return
		}
		err = h.options.Resend(r.Context(), c.ID)
		if err != nil && !errors.Is(err, wispwright.ErrLimit) && !errors.Is(err, wispwright.ErrNotFound) {
			api.Log().ErrorContext(r.Context(), "an address is not asked to be confirmed", "error", err)
			http.Error(w, http.StatusText(failed(err)), failed(err))
			return
		}
		http.Redirect(w, r, ownPath(r.URL.Query().Get("next")), http.StatusFound)
	}))
}

// ownPath is a path of this server, else the web admin: a link must not lead
// people to somebody else's page.
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || next == "" || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/admin/"
	}
	return next
}
