package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright/tenancy"
)

// proofElsewhere says that a provider vouched for the user.
const proofElsewhere = "elsewhere"

// OpenSession begins a session of a user for whom somebody else vouched, such as a
// provider of OpenID Connect, and adds its cookies to the header of an answer.
func (h *HTTP) OpenSession(header http.Header, r *http.Request, u *tenancy.User) error {
	if err := h.t.Login.LoggedIn(r.Context(), u.ID); err != nil {
		return err
	}
	return h.startSession(header, r, u, proofElsewhere)
}
