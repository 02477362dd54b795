package loginpages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
)

// Payments sells plans: a seam for anybody who has something to sell. The program has no
// driver of its own; examples/payments is one.
type Payments interface {
	// Plans are what may be bought at an organization's page.
	Plans(ctx context.Context, organization wispwright.ID) ([]Plan, error)
	// Begin begins a payment and returns where people pay. It is called once for each
	// time somebody presses the button.
	Begin(ctx context.Context, o Order) (Payment, error)
	// Check says how a payment of a user stands, or wispwright.ErrNotFound. What people
	// come back with proves nothing: the driver asks the one that takes the money.
	Check(ctx context.Context, organization, user wispwright.ID, payment string) (PaymentState, error)
}

// Plan is something to buy.
type Plan struct {
	// ID identifies it within the driver.
	ID string
	// Name and Description are shown to people.
	Name, Description string
	// Price is an amount with two decimals, Currency the code of ISO 4217.
	Price, Currency string
}

// Order is a plan that somebody wants.
type Order struct {
	// OrganizationID is whose page it is, User who pays.
	OrganizationID, UserID wispwright.ID
	// Plan is what is bought.
	Plan string
	// Return is where people go after they have paid or not; the driver adds the
	// payment's id as the last part of its path.
	Return string
}

// Payment is one that was begun.
type Payment struct {
	// ID identifies it within the driver.
	ID string
	// URL is where people pay.
	URL string
}

// PaymentState is how a payment stands.
type PaymentState string

// The states of payments.
const (
	PaymentWaiting PaymentState = "waiting"
	PaymentDone    PaymentState = "success"
	PaymentFailed  PaymentState = "failed"
)

// sells reports whether the page has something to sell.
func (v *visit) sells() bool { return v.cfg.Settings.Subscriptions && v.p.o.Payments != nil }

// plans shows what may be bought.
func (v *visit) plans(string) {
	if !v.sells() {
		v.notFound()
		return
	}
	if v.enter() == nil {
		return
	}
	list, err := v.p.o.Payments.Plans(v.r.Context(), v.in.Organization.ID)
	if err != nil {
		v.broken(err)
		return
	}
	v.show(http.StatusOK, "plans", v.T("plans_title"), list)
}

// buy leads to where people pay.
func (v *visit) buy(string) {
	if !v.sells() {
		v.notFound()
		return
	}
	e := v.enter()
	if e == nil {
		return
	}
	p, err := v.p.o.Payments.Begin(v.r.Context(), Order{OrganizationID: v.in.Organization.ID, UserID: e.User.ID, Plan: v.value("plan"),
		Return: (&url.URL{Scheme: v.scheme(), Host: v.r.Host, Path: v.Base() + "/payment/"}).String()})
	if errors.Is(err, wispwright.ErrNotFound) {
		v.tell(flash{Bad: v.T("plan_gone")})
		v.to("plan")
		return
	}
	if err == nil && !absolute(p.URL) {
		err = errors.New("the driver of payments leads nowhere")
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.keep("payment", p.ID, time.Hour)
	http.Redirect(v.w, v.r, p.URL, http.StatusSeeOther)
}

// payment is where people come back to.
func (v *visit) payment(id string) {
	if !v.sells() {
		v.notFound()
		return
	}
	e := v.enter()
	if e == nil {
		return
	}
	if id == "" {
		id = v.cookie("payment")
	}
	state, err := v.p.o.Payments.Check(v.r.Context(), v.in.Organization.ID, e.User.ID, id)
	if errors.Is(err, wispwright.ErrNotFound) {
		v.notFound()
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	if state == PaymentDone {
		v.drop("payment")
		v.tell(flash{Good: v.T("payment_success"), MustLogIn: true})
		v.to("status")
		return
	}
	title := v.T("payment_waiting")
	if state == PaymentFailed {
		title = v.T("payment_failed")
	}
	v.show(http.StatusOK, "payment", title, struct {
		Failed bool
		Every  int
	}{state == PaymentFailed, 5})
}
