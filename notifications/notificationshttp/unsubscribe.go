package notificationshttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

// pathPart is a parameter of a path outside of views.
func pathPart(r *http.Request, name string) string { return chi.URLParam(r, name) }

// mostUnsubscribe bounds what is sent to the page.
const mostUnsubscribe = 16 << 10

// unsubscribed is the answer to programs.
type unsubscribed struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// mountUnsubscribe adds the page that e-mails end at. It needs no log-in and no
// CSRF token: the link is the proof, and programs for e-mail follow it by
// themselves (RFC 8058).
func (h *HTTP) mountUnsubscribe(api *rest.API) {
	api.Handle("/notifications/unsubscribe/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			h.unsubscribePage(w, r)
		case http.MethodPost:
			status, answer := h.unsubscribe(w, r)
			switch status {
			case http.StatusServiceUnavailable:
				w.Header().Set("Retry-After", "10")
				answer.Message = "Temporarily unavailable, try again later."
			case http.StatusInternalServerError:
				api.Log().ErrorContext(r.Context(), "somebody could not unsubscribe", "error", answer.Message)
				answer.Message = "internal error"
			}
			text, err := json.Marshal(answer)
			if err != nil {
				http.Error(w, "internal error", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(status)
			_, _ = w.Write(text) // the client is gone: nobody is left to tell
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		}
	}))
}

func (h *HTTP) unsubscribe(w http.ResponseWriter, r *http.Request) (int, unsubscribed) {
	refuse := func(why string) (int, unsubscribed) { return http.StatusBadRequest, unsubscribed{false, why} }
	token := r.URL.Query().Get("token")
	if token == "" {
		return refuse("No token provided")
	}
	user, err := h.s.Subscriber(r.Context(), token)
	if errors.Is(err, notifications.ErrToken) {
		return refuse(notifications.ErrToken.Error())
	}
	if err != nil {
		return failed(err), unsubscribed{false, err.Error()}
	}
	on := false
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		var in struct {
			Subscribe bool `json:"subscribe"`
		}
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostUnsubscribe))
		if err != nil || json.Unmarshal(text, &in) != nil {
			return refuse("Invalid JSON data")
		}
		on = in.Subscribe
	}
	if err := h.s.Subscribe(r.Context(), user, on); err != nil {
		return failed(err), unsubscribed{false, err.Error()}
	}
	if on {
		return http.StatusOK, unsubscribed{true, "Successfully subscribed"}
	}
	return http.StatusOK, unsubscribed{true, "Successfully unsubscribed"}
}

// failed is the status of an error that is not the link's.
func failed(err error) int {
	if errors.Is(err, wispwright.ErrUnavailable) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (h *HTTP) unsubscribePage(w http.ResponseWriter, r *http.Request) {
	token, status := r.URL.Query().Get("token"), http.StatusOK
	page := struct{ Title, Text string }{"Stop these e-mails", "You will no longer receive notifications by e-mail. They remain in the web admin."}
	switch _, err := h.s.Subscriber(r.Context(), token); {
	case err != nil && !errors.Is(err, notifications.ErrToken):
		page.Title, page.Text, status = "Try again later", "The server cannot look this link up at the moment. Nothing was changed.", failed(err)
	case err != nil:
		page.Title, page.Text, status = "Invalid link", "This link is not valid or no longer so. Log in to change what you are told of.", http.StatusBadRequest
	}
	var b bytes.Buffer
	if err := unsubscribeText.Execute(&b, map[string]any{"Title": page.Title, "Text": page.Text, "Form": status == http.StatusOK}); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the client is gone: nobody is left to tell
	}
}

// The form posts to the page's own address, which has the token.
var unsubscribeText = template.Must(template.New("unsubscribe").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{margin:0;background:#F4F7F7;color:#0E252D;font:16px/24px Inter,Helvetica,Arial,sans-serif}main{max-width:30rem;margin:10vh auto;padding:2rem;background:#fff;border:1px solid #DDE5E7;border-radius:10px}
button{background:#0B6E78;color:#fff;border:0;border-radius:6px;padding:.5rem 1rem;font:inherit;cursor:pointer}</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Form}}<form method="post"><button type="submit">Unsubscribe</button></form>{{end}}</main></body></html>
`))
