package notifications_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/notifications"
)

// people are the accounts of a test.
type people struct {
	superusers []notifications.Person
	managers   map[wispwright.ID][]notifications.Person
	others     []notifications.Person
	group      []notifications.Person
	orgs       map[wispwright.ID][]notifications.Organization
	proof      string
}

func (p *people) Audience(_ context.Context, organizations ...wispwright.ID) (map[wispwright.ID][]notifications.Person, error) {
	out := map[wispwright.ID][]notifications.Person{{}: p.superusers}
	for _, o := range organizations {
		out[o] = p.managers[o]
	}
	return out, nil
}

func (p *people) Persons(_ context.Context, ids ...wispwright.ID) (out []notifications.Person, _ error) {
	all := append([]notifications.Person{}, p.superusers...)
	for _, m := range p.managers {
		all = append(all, m...)
	}
	for _, one := range append(all, p.others...) {
		if wispwright.Only(ids...).Has(one.ID) {
			out = append(out, one)
		}
	}
	return out, nil
}

func (p *people) Members(context.Context, int64) ([]notifications.Person, error) { return p.group, nil }

func (p *people) Proof(_ context.Context, user wispwright.ID) (string, error) {
	if found, _ := p.Persons(context.Background(), user); len(found) == 0 {
		return "", wispwright.ErrNotFound
	}
	return p.proof, nil
}

func (p *people) Organizations(_ context.Context, user wispwright.ID) ([]notifications.Organization, error) {
	return p.orgs[user], nil
}

// fixture is the concern on a memory, with a superuser, a manager of each of
// two organizations and a device in each.
type fixture struct {
	t       *testing.T
	ctx     context.Context
	now     time.Time
	stores  notifications.Stores
	people  *people
	objects map[notifications.Ref]notifications.Object
	mails   []notifications.Mail
	ordered []wispwright.ID
	changes []notifications.Change
	*notifications.Service
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[8], out[14], out[15] = 0xab, 0x40, 0x80, byte(n>>8), byte(n)
	return out
}

const (
	root  = 1 // a superuser
	anna  = 2 // manages organization 101
	bert  = 3 // manages organizations 101 and 102
	plain = 4 // nothing
	orgA  = 101
	orgB  = 102
)

func person(n int) notifications.Person {
	return notifications.Person{ID: id(n), Email: strconv.Itoa(n) + "@example.org", Active: true, Joined: time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC)}
}

func device(n int) notifications.Ref {
	return notifications.Ref{Kind: "config.device", ID: id(n).String()}
}

func testTypes(t testing.TB) *notifications.Types {
	t.Helper()
	types, err := notifications.NewTypes(append(notifications.DefaultTypes(),
		notifications.Type{Name: "broken", Label: "Broken", Level: notifications.Error, Verb: "is broken", Subject: `[{site.name}] "{notification.target}" {notification.verb}`,
			Message: "Device [{notification.target}]({notification.target_link}) {notification.verb}. {notification.actor.reason}", TargetSuffix: "#status", Models: []string{"config.device"}},
		notifications.Type{Name: "quiet", Verb: "whispers", Subject: "quiet", Message: "quiet", NoEmail: true},
		notifications.Type{Name: "mute", Verb: "is mute", Subject: "mute", Message: "mute", NoWeb: true},
	)...)
	require.NoError(t, err)
	return types
}

func start(t *testing.T, tune func(*notifications.Options)) *fixture {
	t.Helper()
	m := memstore.New()
	a, b := notifications.Organization{ID: id(orgA), Name: "alpha", Slug: "alpha"}, notifications.Organization{ID: id(orgB), Name: "beta", Slug: "beta"}
	f := &fixture{t: t, ctx: t.Context(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), stores: notifications.NewMemory(m),
		people: &people{superusers: []notifications.Person{person(root)}, proof: "hash",
			managers: map[wispwright.ID][]notifications.Person{id(orgA): {person(bert), person(anna)}, id(orgB): {person(bert)}},
			others:   []notifications.Person{person(plain)},
			orgs:     map[wispwright.ID][]notifications.Organization{id(root): {a, b}, id(bert): {a, b}, id(anna): {a}}},
		objects: map[notifications.Ref]notifications.Object{
			device(1): {Label: "ap1", Path: "/admin/config/device/1/change/", OrganizationID: id(orgA), Attributes: map[string]string{"reason": "timed out"}},
			device(2): {Label: "ap2", Path: "/admin/config/device/2/change/", OrganizationID: id(orgB), Attributes: map[string]string{"reason": "no answer"}},
		}}
	o := notifications.Options{
		Types: testTypes(t), Site: notifications.Site{Name: "example.com", URL: "https://example.com"}, People: f.people, Defaults: notifications.Effective{Web: true, Email: true},
		Objects: notifications.Objects{"config.device": func(_ context.Context, ids []string) (map[string]notifications.Object, error) {
			out := map[string]notifications.Object{}
			for _, id := range ids {
				if o, ok := f.objects[notifications.Ref{Kind: "config.device", ID: id}]; ok {
					out[id] = o
				}
			}
			return out, nil
		}},
		Deliver: func(_ context.Context, events ...wispwright.ID) error {
			f.ordered = append(f.ordered, events...)
			return nil
		},
		Mail: func(_ context.Context, mails ...notifications.Mail) error {
			f.mails = append(f.mails, mails...)
			return nil
		},
		Key: "0123456789abcdef0123456789abcdef",
	}
	if tune != nil {
		tune(&o)
	}
	s, err := notifications.New(&entity.Base{Tx: m, Clock: func() time.Time { return f.now }}, f.stores, o)
	require.NoError(t, err)
	s.Changed.Subscribe("test", func(_ context.Context, c ...notifications.Change) { f.changes = append(f.changes, c...) })
	f.Service = s
	return f
}

func (f *fixture) broken(device notifications.Ref) notifications.Event {
	return notifications.Event{Type: "broken", Actor: device, Target: device}
}

func (f *fixture) notify(events ...notifications.Event) {
	f.t.Helper()
	require.NoError(f.t, f.Notify(f.ctx, events...))
}

func (f *fixture) deliver() {
	f.t.Helper()
	for _, event := range f.ordered {
		require.NoError(f.t, f.Deliver(f.ctx, event))
	}
	f.ordered = nil
}

// all are the notifications of a user.
func (f *fixture) all(user int) []*notifications.Shown {
	f.t.Helper()
	found, err := f.List(f.ctx, notifications.Filter{RecipientID: id(user)}, wispwright.Page{})
	require.NoError(f.t, err)
	return found.Rows
}

// told are the users that have been told of something, in the order of rows.
func (f *fixture) told() (users []wispwright.ID) {
	f.t.Helper()
	for _, user := range []int{root, anna, bert, plain} {
		if len(f.all(user)) > 0 {
			users = append(users, id(user))
		}
	}
	return users
}

func (f *fixture) mailed() (to []string) {
	for _, m := range f.mails {
		to = append(to, m.To)
	}
	return to
}

func jsonText(s string) wispwright.JSON { return wispwright.JSON(s) }
