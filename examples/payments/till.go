package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/loginpages"
	"github.com/wispwright/wispwright/server"
)

// currency is what the till takes.
const currency = "EUR"

// Price is a plan and the RADIUS group that a person who paid for it comes into.
type Price struct{ Plan, Name, Description, Amount, Group string }

// Till sells plans through a bank that people are led to. It keeps nothing: the bank
// knows each payment with a reference that says who buys what.
type Till struct {
	// Bank is the address of the bank's API, Key what it knows the till by.
	Bank, Key string
	// Prices are what there is to buy.
	Prices []Price
	// Radius has the groups.
	Radius *server.RadiusConcern
}

var (
	_ loginpages.Payments = (*Till)(nil)
	_ server.Concern      = (*Till)(nil)
)

// Name implements server.Concern.
func (t *Till) Name() string { return "till" }

// Migrations implements server.Concern.
func (t *Till) Migrations() []sqlstore.Migrations { return nil }

// Mount implements server.Concern: the bank tells here of payments, for people who
// paid and never came back.
func (t *Till) Mount(_ context.Context, h *server.Host) error {
	if err := h.Mounted(t.Radius); err != nil {
		return err
	}
	h.Handle("/till/", http.HandlerFunc(t.notice))
	return nil
}

// Plans implements loginpages.Payments.
func (t *Till) Plans(context.Context, wispwright.ID) ([]loginpages.Plan, error) {
	out := make([]loginpages.Plan, len(t.Prices))
	for i, p := range t.Prices {
		out[i] = loginpages.Plan{ID: p.Plan, Name: p.Name, Description: p.Description, Price: p.Amount, Currency: currency}
	}
	return out, nil
}

func (t *Till) price(plan string) (Price, bool) {
	for _, p := range t.Prices {
		if p.Plan == plan {
			return p, true
		}
	}
	return Price{}, false
}

// order is what the bank is asked for, and how it says a payment stands.
type order struct {
	ID        string `json:"id,omitempty"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reference string `json:"reference"`
	Return    string `json:"return,omitempty"`
	URL       string `json:"url,omitempty"`
	State     string `json:"state,omitempty"`
}

// Begin implements loginpages.Payments.
func (t *Till) Begin(ctx context.Context, o loginpages.Order) (loginpages.Payment, error) {
	p, ok := t.price(o.Plan)
	if !ok {
		return loginpages.Payment{}, wispwright.ErrNotFound
	}
	made, err := t.ask(ctx, http.MethodPost, "/payment", order{Amount: p.Amount, Currency: currency, Return: o.Return, Reference: strings.Join([]string{o.OrganizationID.String(), o.UserID.String(), p.Plan}, " ")})
	return loginpages.Payment{ID: made.ID, URL: made.URL}, err
}

// Check implements loginpages.Payments: the bank is asked, whatever people came back
// with, and a payment of somebody else's does not exist.
func (t *Till) Check(ctx context.Context, organization, user wispwright.ID, payment string) (loginpages.PaymentState, error) {
	o, org, buyer, p, err := t.find(ctx, payment)
	if err != nil {
		return "", err
	}
	if org != organization || buyer != user {
		return "", wispwright.ErrNotFound
	}
	return t.settle(ctx, o, org, buyer, p)
}

// find asks the bank for a payment of the till's.
func (t *Till) find(ctx context.Context, payment string) (o order, organization, user wispwright.ID, p Price, err error) {
	if o, err = t.ask(ctx, http.MethodGet, "/payment/"+url.PathEscape(payment), order{}); err != nil {
		return o, organization, user, p, err
	}
	parts := strings.Fields(o.Reference)
	if len(parts) != 3 {
		return o, organization, user, p, wispwright.ErrNotFound
	}
	var known bool
	if p, known = t.price(parts[2]); !known || o.Amount != p.Amount || o.Currency != currency {
		return o, organization, user, p, wispwright.ErrNotFound
	}
	organization, err1 := wispwright.ParseID(parts[0])
	user, err2 := wispwright.ParseID(parts[1])
	if errors.Join(err1, err2) != nil {
		return o, organization, user, p, wispwright.ErrNotFound
	}
	return o, organization, user, p, nil
}

// settle gives what was paid for. It may be called again for one payment.
func (t *Till) settle(ctx context.Context, o order, organization, user wispwright.ID, p Price) (loginpages.PaymentState, error) {
	switch o.State {
	case "paid":
	case "refused":
		return loginpages.PaymentFailed, nil
	default:
		return loginpages.PaymentWaiting, nil
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("the till"))
	all := wispwright.ScopeAll()
	group, err := t.group(ctx, organization, p.Group)
	if err != nil {
		return "", err
	}
	now, err := t.Radius.Memberships.Of(ctx, user, organization)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		err = t.Radius.Memberships.Create(ctx, &radius.Membership{UserID: user, GroupID: group.ID, Priority: 1})
	case err == nil && now.GroupID != group.ID:
		_, err = t.Radius.Memberships.Update(ctx, all, now.ID, func(m *radius.Membership) error { m.GroupID = group.ID; return nil })
	}
	if err != nil {
		return "", fmt.Errorf("payment %s: %w", o.ID, err)
	}
	return loginpages.PaymentDone, nil
}

// group is the organization's group of a plan; its name begins with the organization's
// slug.
func (t *Till) group(ctx context.Context, organization wispwright.ID, name string) (*radius.Group, error) {
	found, err := t.Radius.Groups.List(ctx, wispwright.ScopeOf(organization), radius.GroupFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, g := range found.Rows {
		if strings.HasSuffix(g.Name, "-"+name) {
			return g, nil
		}
	}
	return nil, fmt.Errorf("there is no group %q", name)
}

// notice is called by the bank. It believes nothing of it but the number of the payment.
func (t *Till) notice(w http.ResponseWriter, r *http.Request) {
	o, organization, user, p, err := t.find(r.Context(), strings.TrimPrefix(r.URL.Path, "/till/"))
	if err == nil {
		_, err = t.settle(r.Context(), o, organization, user, p)
	}
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		http.NotFound(w, r)
	case err != nil:
		http.Error(w, "Try again.", http.StatusServiceUnavailable) // the bank does
	}
}

// ask asks the bank.
func (t *Till) ask(ctx context.Context, method, path string, in order) (out order, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	q, err := http.NewRequestWithContext(ctx, method, t.Bank+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	q.Header.Set("Authorization", "Bearer "+t.Key)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return out, err
	}
	defer func() { _ = a.Body.Close() }() // it was read
	raw, err := io.ReadAll(io.LimitReader(a.Body, 1<<16))
	switch {
	case err != nil:
		return out, err
	case a.StatusCode == http.StatusNotFound:
		return out, wispwright.ErrNotFound
	case a.StatusCode >= http.StatusBadRequest:
		return out, fmt.Errorf("the bank says %s", a.Status)
	}
	return out, json.Unmarshal(raw, &out)
}
