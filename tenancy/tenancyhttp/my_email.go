package tenancyhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type myEmailIn struct {
	Email rest.Opt[string] `json:"email" required:"true" maxLength:"254" format:"email" label:"Email address"`
}

// mountMyEmails adds one's own addresses. They are worth something once they
// are confirmed; the primary one is not removed.
func (h *HTTP) mountMyEmails(api *rest.API) {
	everything := func(*rest.Request) (wispwright.Scope, wispwright.Scope) {
		return wispwright.ScopeAll(), wispwright.ScopeAll()
	}
	rest.Mount(api, rest.Resource[int64, tenancy.Email, tenancy.EmailFilter, myEmailIn, emailOut]{
		Path: "/api/v1/users/me/email/", Only: rest.List | rest.Create | rest.Read | rest.Delete, Name: "My Email", Noun: "EmailAddress", ID: "users_me_email", Tag: "users",
		Description: "One's own e-mail addresses. A new one is sent a link to confirm it.",
		Access:      rest.Authenticated, Prepare: inPerson,
		Service: h.t.Emails, Scopes: everything,
		Within: func(r *rest.Request, f *tenancy.EmailFilter) error {
			f.UserID = r.Caller.ID
			return nil
		},
		Belongs: func(r *rest.Request, e *tenancy.Email) bool { return e.UserID == r.Caller.ID },
		Create: func(r *rest.Request, in *myEmailIn) (*tenancy.Email, error) {
			e := &tenancy.Email{UserID: r.Caller.ID, Address: in.Email.V}
			return e, h.tx.InTx(r.Context(), func(ctx context.Context) error {
				if err := h.t.Emails.Create(ctx, e); err != nil {
					return err
				}
				// the address is kept; the link can be asked for again
				err := h.t.Letters.SendVerification(ctx, e.ID)
				if errors.Is(err, wispwright.ErrLimit) {
					err = nil
				}
				return err
			})
		},
		Delete: func(r *rest.Request, id int64) error {
			e, err := h.t.Emails.Get(r.Context(), wispwright.ScopeAll(), id)
			if err != nil {
				return err
			}
			if e.IsPrimary {
				return wispwright.Invalid("", "The primary address cannot be removed.")
			}
			return h.t.Emails.Delete(r.Context(), wispwright.ScopeAll(), id)
		},
		Out: rest.Each(mapEmail),
	})
	own := func(path, name, description string) *rest.View {
		return &rest.View{Path: "/api/v1/users/me/email/{id:int}/" + path, Name: name, Noun: "EmailAddress", Tag: "users", Access: rest.Authenticated,
			Description: description, Prepare: func(r *rest.Request) error {
				if err := inPerson(r); err != nil {
					return err
				}
				_, err := h.myEmail(r)
				return err
			}}
	}
	api.Mount(own("primary/", "Make Email Primary", "Makes a confirmed address the primary one, which the account then has."),
		rest.Action("POST", "users_me_email_primary_create", http.StatusOK, func(r *rest.Request, _ *rest.None) (emailOut, error) {
			e, err := h.t.Emails.MakePrimary(r.Context(), r.Int("id"))
			if err != nil {
				return emailOut{}, err
			}
			return mapEmail(e), nil
		}))
	api.Mount(own("confirmation/", "Confirm My Email", "Sends the e-mail that asks to confirm an address once more."),
		rest.Action("POST", "users_me_email_confirmation_create", http.StatusOK, func(r *rest.Request, _ *rest.None) (rest.Detail, error) {
			err := h.t.Letters.SendVerification(r.Context(), r.Int("id"))
			if errors.Is(err, wispwright.ErrLimit) {
				return rest.Detail{}, rest.Throttled(tenancy.LetterPause)
			}
			return rest.Detail{Detail: verifySent}, err
		}, http.StatusTooManyRequests))
}

// myEmail is the address of the path, when it is the caller's.
func (h *HTTP) myEmail(r *rest.Request) (*tenancy.Email, error) {
	e, err := h.t.Emails.Get(r.Context(), wispwright.ScopeAll(), r.Int("id"))
	if err == nil && e.UserID != r.Caller.ID {
		err = wispwright.ErrNotFound
	}
	return e, err
}
