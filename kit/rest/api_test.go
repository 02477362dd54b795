package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/store"
)

// Thing has a field of every kind.
type Thing struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Name           string
	Size           int
	Ratio          float64
	Active         bool
	Kind           string
	Email          string
	Address        string
	Born           time.Time
	Seen           time.Time
	Config         wispwright.JSON
	Tags           string
	Secret         wispwright.Secret
	Street         string
	City           string
	Created        time.Time
}

// ThingFilter selects things.
type ThingFilter struct {
	OrganizationID wispwright.ID
	Name           string
	Active         *bool
	Kind           string
	CreatedFrom    time.Time
}

// Things is the service of things.
type Things struct {
	*memstore.Repo[wispwright.ID, Thing, ThingFilter]
}

// Create stores a thing; "broken" fails inside.
func (s Things) Create(ctx context.Context, t *Thing) error {
	if t.Name == "broken" {
		return errors.New("the disk is on fire")
	}
	if t.Name == "home" && t.City == "" {
		return wispwright.Invalid("home.city", "A home needs a city.")
	}
	t.ID, t.Created = wispwright.NewID(), time.Date(2024, 11, 22, 7, 31, 37, 500_000_000, time.UTC)
	return s.Insert(ctx, t)
}

type thingIn struct {
	Name         rest.Opt[string]          `json:"name" required:"true" minLength:"2" maxLength:"8"`
	Size         rest.Opt[int]             `json:"size" minimum:"1" maximum:"10"`
	Ratio        rest.Opt[float64]         `json:"ratio"`
	Active       rest.Opt[bool]            `json:"active"`
	Maybe        rest.Opt[bool]            `json:"maybe" nullable:"true"`
	Kind         rest.Opt[string]          `json:"kind" enum:"a,b" enumLabels:"First,Second" blank:"true"`
	Email        rest.Opt[string]          `json:"email" blank:"true" format:"email"`
	Address      rest.Opt[string]          `json:"address" blank:"true" format:"ip"`
	Born         rest.Opt[rest.Date]       `json:"born" nullable:"true"`
	Seen         rest.Opt[time.Time]       `json:"seen" nullable:"true"`
	Config       rest.Opt[wispwright.JSON] `json:"config" object:"true"`
	Tags         rest.Opt[[]string]        `json:"tags" nonEmpty:"true"`
	Secret       rest.Opt[string]          `json:"secret" trim:"false" blank:"true" writeOnly:"true"`
	Home         rest.Opt[homeIn]          `json:"home" nullable:"true"`
	Rooms        rest.Opt[[]homeIn]        `json:"rooms"`
	Organization rest.Opt[wispwright.ID]   `json:"organization" nullable:"true" rel:"organization"`
}

type homeIn struct {
	Street rest.Opt[string] `json:"street" required:"true"`
	City   rest.Opt[string] `json:"city" blank:"true"`
}

type thingOut struct {
	ID           wispwright.ID   `json:"id"`
	Name         string          `json:"name"`
	Size         int             `json:"size"`
	Ratio        float64         `json:"ratio"`
	Active       bool            `json:"active"`
	Kind         string          `json:"kind"`
	Email        string          `json:"email"`
	Born         rest.Date       `json:"born"`
	Seen         rest.Time       `json:"seen"`
	Config       wispwright.JSON `json:"config"`
	Tags         []string        `json:"tags"`
	Home         *homeOut        `json:"home"`
	Organization wispwright.ID   `json:"organization"`
	Created      rest.Time       `json:"created"`
}

type homeOut struct {
	Street string `json:"street"`
	City   string `json:"city"`
}

func applyThing(_ *rest.Request, in *thingIn, t *Thing) error {
	in.Name.Into(&t.Name)
	in.Size.Into(&t.Size)
	in.Ratio.Into(&t.Ratio)
	in.Active.Into(&t.Active)
	in.Kind.Into(&t.Kind)
	in.Email.Into(&t.Email)
	in.Address.Into(&t.Address)
	in.Seen.Into(&t.Seen)
	in.Config.Into(&t.Config)
	in.Organization.Into(&t.OrganizationID)
	if in.Born.Set {
		t.Born = time.Time(in.Born.Or(rest.Date{}))
	}
	if in.Tags.Set {
		t.Tags = strings.Join(in.Tags.V, " ")
	}
	if in.Secret.Set {
		t.Secret = wispwright.Secret(in.Secret.V)
	}
	if in.Home.Set {
		in.Home.V.Street.Into(&t.Street)
		in.Home.V.City.Into(&t.City)
	}
	return nil
}

func thingToOut(t *Thing) thingOut {
	out := thingOut{ID: t.ID, Name: t.Name, Size: t.Size, Ratio: t.Ratio, Active: t.Active, Kind: t.Kind, Email: t.Email, Born: rest.Date(t.Born),
		Seen: rest.Time(t.Seen), Config: t.Config, Tags: strings.Fields(t.Tags), Organization: t.OrganizationID, Created: rest.Time(t.Created)}
	if t.Street != "" {
		out.Home = &homeOut{t.Street, t.City}
	}
	return out
}

// bench is an API with things on it and callers to use it.
type bench struct {
	http.Handler
	api        *rest.API
	things     Things
	alpha      wispwright.ID
	beta       wispwright.ID
	log        *strings.Builder
	exists     map[wispwright.ID]bool
	throttle   *rest.Throttle
	now        time.Time
	callers    map[string]*wispwright.Caller
	unrecorded http.Handler
}

// OrganizationExists implements rest.Organizations.
func (b *bench) OrganizationExists(_ context.Context, id wispwright.ID) (bool, error) {
	return b.exists[id], nil
}

// OrganizationBySlug implements rest.Organizations.
func (b *bench) OrganizationBySlug(_ context.Context, slug string) (wispwright.ID, error) {
	switch slug {
	case "alpha":
		return b.alpha, nil
	case "beta":
		return b.beta, nil
	}
	return wispwright.ID{}, wispwright.ErrNotFound
}

func newBench(t testing.TB, options rest.Options) *bench {
	b := &bench{alpha: wispwright.NewID(), beta: wispwright.NewID(), log: &strings.Builder{}, now: time.Unix(1_700_000_000, 0)}
	b.exists = map[wispwright.ID]bool{b.alpha: true, b.beta: true}
	b.callers = map[string]*wispwright.Caller{
		"super":   {ID: wispwright.NewID(), Name: "super", Superuser: true},
		"manager": {ID: wispwright.NewID(), Name: "manager", Managed: []wispwright.ID{b.alpha}, Permissions: []wispwright.Permission{"t.add_thing", "t.change_thing", "t.delete_thing", "t.view_thing"}},
		"viewer":  {ID: wispwright.NewID(), Name: "viewer", Managed: []wispwright.ID{b.alpha}, Permissions: []wispwright.Permission{"t.view_thing"}},
		"changer": {ID: wispwright.NewID(), Name: "changer", Managed: []wispwright.ID{b.alpha}, Permissions: []wispwright.Permission{"t.change_thing"}},
		"member":  {ID: wispwright.NewID(), Name: "member", Member: []wispwright.ID{b.alpha}, Permissions: []wispwright.Permission{"t.view_thing"}},
	}
	b.things = Things{memstore.NewRepo[wispwright.ID, Thing, ThingFilter](memstore.New(), memstore.Spec[Thing]{Shape: store.Shape{Org: "OrganizationID", Order: []wispwright.Order{{Field: "Created"}, {Field: "Name"}},
		Unique: []store.Unique{{Name: "thing_name", Fields: []string{"Name"}}},
	}})}
	options.Schemes = []rest.Scheme{{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		if err != nil || token == "" {
			return nil, err
		}
		if b.callers[token] == nil {
			return nil, rest.Unauthenticated("Invalid token.")
		}
		return b.callers[token], nil
	}}, {Cookies: true, Authenticate: func(*rest.Request) (*wispwright.Caller, error) { return nil, nil }}}
	options.Organizations = b
	options.Log = slog.New(slog.NewTextHandler(b.log, nil))
	b.api = rest.New(&options)
	b.mount(t)
	b.api.MountDocs()
	b.unrecorded = b.api
	b.Handler = resttest.Record(t, b.api)
	return b
}

func (b *bench) mount(t testing.TB) {
	var err error
	b.throttle, err = rest.NewThrottle("2/minute", func() time.Time { return b.now })
	require.NoError(t, err)
	rest.Mount(b.api, rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{
		Path: "/api/v1/t/thing/", Name: "Thing", Noun: "Thing", ID: "t_thing", Tag: "t", Kind: "t.thing", Description: "Things.",
		Service: b.things, Apply: applyThing, Out: rest.Each(thingToOut),
		Organization: func(t *Thing) wispwright.ID { return t.OrganizationID },
		Version:      func(t *Thing) []any { return []any{t.Name, t.OrganizationID, t.Size, t.Config} },
		Unique:       map[string]error{"thing_name": wispwright.Invalid("name", "thing with this name already exists.")},
		Filters: append(rest.FilterOrganization(func(f *ThingFilter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterText("name", func(f *ThingFilter, v string) { f.Name = v }),
			rest.FilterBool("active", func(f *ThingFilter, v bool) { f.Active = &v }),
			rest.FilterChoice("kind", []string{"a", "b"}, func(f *ThingFilter, v string) { f.Kind = v }),
			rest.FilterTime("created__gte", func(f *ThingFilter, v time.Time) { f.CreatedFrom = v })),
		Ordering: map[string]string{"name": "Name", "size": "Size"},
		ItemOps: []rest.Op{rest.Action("POST", "t_thing_shout", http.StatusOK, func(r *rest.Request, in *homeIn) (homeOut, error) {
			return homeOut{strings.ToUpper(in.Street.V), r.ID("id").String()}, nil
		})},
	})
	b.api.Mount(&rest.View{Path: "/api/v1/t/{n:int}/raw/{name:text}/", Name: "Raw", Access: rest.Anonymous, StrictIDs: true, Throttle: b.throttle},
		rest.Op{Method: "GET", ID: "t_raw", Doc: rest.DocRaw("text/plain", "A text."), Handle: func(r *rest.Request) (int, any, error) {
			return 200, rest.Raw{ContentType: "text/plain", Body: fmt.Appendf(nil, "%d %s", r.Int("n"), r.Text("name"))}, nil
		}})
	b.api.Mount(&rest.View{Path: "/api/v1/t/fail/{how:text}/", Name: "Fail", Access: rest.Authenticated},
		rest.Op{Method: "GET", ID: "t_fail", Handle: func(r *rest.Request) (int, any, error) {
			switch r.Text("how") {
			case "panic":
				panic("oh")
			case "encode":
				return 200, func() {}, nil
			case "unavailable":
				return 0, nil, fmt.Errorf("ask the disk: %w", wispwright.ErrUnavailable)
			case "protected":
				return 0, nil, &wispwright.ProtectedError{By: "devices", Count: 3}
			case "missing":
				return 0, nil, fmt.Errorf("insert: %w", &wispwright.MissingError{Field: "OrganizationID", Key: "7", Of: "tenancy_organization"})
			case "missing something":
				return 0, nil, &wispwright.MissingError{}
			case "conflict":
				return 0, nil, &wispwright.ConflictError{Unique: "unknown_rule"}
			case "limit":
				return 0, nil, wispwright.ErrLimit
			case "forbidden":
				return 0, nil, wispwright.Forbidden("Not today.")
			}
			return 0, nil, errors.New("secret inside")
		}})
}

func (b *bench) ask(t testing.TB, method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *bench) add(t testing.TB, name string, organization wispwright.ID) string {
	t.Helper()
	o := "null"
	if !organization.IsZero() {
		o = `"` + organization.String() + `"`
	}
	w := b.ask(t, "POST", "/api/v1/t/thing/", "super", `{"name":"`+name+`","organization":`+o+`}`)
	require.Equal(t, 201, w.Code, w.Body)
	var out struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out.ID
}
