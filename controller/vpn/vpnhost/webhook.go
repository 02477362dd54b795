package vpnhost

import (
	"net/http"

	"github.com/wispwright/wispwright"
)

// Webhook answers the installation that tells of something new: a POST to any path with
// the token of the server in the parameter key (spec: controller-config §9.5).
func (h *Host) Webhook(token wispwright.Secret) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "want POST", http.StatusMethodNotAllowed)
		case token == "" || !token.Equal(r.URL.Query().Get("key")):
			http.Error(w, "wrong key", http.StatusForbidden)
		default:
			h.Wake()
		}
	})
}
