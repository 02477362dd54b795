package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/store"
)

// Leaf is numbered and belongs to a tree, which is the parent in its path.
type Leaf struct {
	ID             int64
	TreeID         wispwright.ID
	OrganizationID wispwright.ID
	Colour         string
}

// LeafFilter selects leaves.
type LeafFilter struct{ TreeID wispwright.ID }

type leafIn struct {
	Colour rest.Opt[string] `json:"colour" required:"true"`
}

type leafOut struct {
	ID     int64  `json:"id"`
	Colour string `json:"colour"`
}

// grove is an API of leaves on two trees, one per organization.
type grove struct {
	http.Handler
	trees   map[wispwright.ID]wispwright.ID // to organization
	mine    wispwright.ID
	theirs  wispwright.ID
	leaves  *memstore.Repo[int64, Leaf, LeafFilter]
	callers map[string]*wispwright.Caller
}

func newGrove(t *testing.T, change func(*grove, *rest.Resource[int64, Leaf, LeafFilter, leafIn, leafOut])) *grove {
	one, two := wispwright.NewID(), wispwright.NewID()
	g := &grove{mine: wispwright.NewID(), theirs: wispwright.NewID(),
		leaves: memstore.NewRepo[int64, Leaf, LeafFilter](memstore.New(), memstore.Spec[Leaf]{Shape: store.Shape{Org: "OrganizationID", Serial: true}})}
	g.trees = map[wispwright.ID]wispwright.ID{g.mine: one, g.theirs: two}
	g.callers = map[string]*wispwright.Caller{
		"manager": {Name: "manager", Managed: []wispwright.ID{one}, Member: []wispwright.ID{one}},
		"member":  {Name: "member", Member: []wispwright.ID{one}},
		"owner":   {Name: "owner", Managed: []wispwright.ID{one}, Member: []wispwright.ID{one}, Owned: []wispwright.ID{one}},
	}
	api := rest.New(&rest.Options{Schemes: []rest.Scheme{{Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		return g.callers[r.HTTP.Header.Get("X-User")], nil
	}}}})
	res := rest.Resource[int64, Leaf, LeafFilter, leafIn, leafOut]{
		Path: "/tree/{tree}/leaf/", Name: "Leaf", Noun: "Leaf", ID: "leaf", Service: g.leaves,
		Out: rest.Each(func(l *Leaf) leafOut { return leafOut{l.ID, l.Colour} }),
		Prepare: func(r *rest.Request) error {
			if organization, known := g.trees[r.ID("tree")]; !known || !r.ReadScope().Allows(organization) {
				return rest.Fail(http.StatusNotFound, "Not found.")
			}
			return nil
		},
		Within:  func(r *rest.Request, f *LeafFilter) error { f.TreeID = r.ID("tree"); return nil },
		Belongs: func(r *rest.Request, l *Leaf) bool { return l.TreeID == r.ID("tree") },
		Create: func(r *rest.Request, in *leafIn) (*Leaf, error) {
			l := &Leaf{TreeID: r.ID("tree"), OrganizationID: g.trees[r.ID("tree")], Colour: in.Colour.V}
			return l, g.leaves.Insert(r.Context(), l)
		},
		Apply:    func(_ *rest.Request, in *leafIn, l *Leaf) error { in.Colour.Into(&l.Colour); return nil },
		Location: func(o *leafOut) string { return "/leaves/" + o.Colour },
	}
	change(g, &res)
	rest.Mount(api, res)
	api.Mount(&rest.View{Path: "/count/", Access: rest.Everyone}, rest.Documented[rest.None, rest.Page[leafOut]](200, rest.Op{Method: "GET", ID: "count", Handle: func(r *rest.Request) (int, any, error) {
		body, err := r.Paginate(2, 3, func(p wispwright.Page) (any, int, error) {
			all := []leafOut{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}, {ID: 5}, {ID: 6}, {ID: 7}}
			return all[min(p.Offset, 7):min(p.Offset+p.Limit, 7)], 7, nil
		})
		return 200, body, err
	}}))
	document, err := api.Document()
	require.NoError(t, err)
	require.Contains(t, string(document), `"PageRest_testLeaf":{`)
	g.Handler = api
	if res.Unpaged || res.Access == rest.Managers {
		g.Handler = resttest.Record(t, api)
	}
	for tree, organization := range g.trees {
		require.NoError(t, g.leaves.Insert(context.Background(), &Leaf{TreeID: tree, OrganizationID: organization, Colour: "old"}))
	}
	return g
}

func (g *grove) ask(user, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-User", user)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func same(*grove, *rest.Resource[int64, Leaf, LeafFilter, leafIn, leafOut]) {}

func TestChildrenOfAParent(t *testing.T) {
	g := newGrove(t, same)
	mine, theirs := "/tree/"+g.mine.String()+"/leaf/", "/tree/"+g.theirs.String()+"/leaf/"
	w := g.ask("manager", "POST", mine, `{"colour":"red"}`)
	require.Equal(t, 201, w.Code)
	require.Equal(t, `{"id":3,"colour":"red"}`, w.Body.String())
	require.Equal(t, "/leaves/red", w.Header().Get("Location"))
	require.Contains(t, g.ask("manager", "GET", mine, "").Body.String(), `"count":2`)
	require.Equal(t, `{"id":3,"colour":"blue"}`, g.ask("manager", "PATCH", mine+"3/", `{"colour":"blue"}`).Body.String())
	for _, path := range []string{theirs, theirs + "3/", mine + "99/", mine + "x/", "/tree/" + wispwright.NewID().String() + "/leaf/"} {
		require.Equal(t, 404, g.ask("manager", "GET", path, "").Code, path)
	}
	g.callers["manager"].Managed = append(g.callers["manager"].Managed, g.trees[g.theirs])
	require.Equal(t, 404, g.ask("manager", "GET", theirs+"3/", "").Code, "visible, but another tree's leaf")
	require.Equal(t, 404, g.ask("manager", "DELETE", theirs+"3/", "").Code)
	require.Equal(t, 204, g.ask("manager", "DELETE", mine+"3/", "").Code)
	require.Equal(t, 403, g.ask("nobody", "GET", mine, "").Code, "no scheme has a challenge: 403, not 401")
}

func TestUnpagedList(t *testing.T) {
	g := newGrove(t, func(_ *grove, r *rest.Resource[int64, Leaf, LeafFilter, leafIn, leafOut]) { r.Unpaged = true })
	w := g.ask("manager", "GET", "/tree/"+g.mine.String()+"/leaf/?page=7", "")
	require.Equal(t, 200, w.Code)
	require.Regexp(t, `^\[\{"id":\d,"colour":"old"\}\]$`, w.Body.String())
}

func TestWhoMayComeIn(t *testing.T) {
	for _, c := range []struct {
		access  rest.Access
		allowed string
		message string
	}{
		{rest.Managers, "manager owner", "User is not a manager of the organization to which the requested resource belongs."},
		{rest.Owners, "owner", "User is not a owner of the organization to which the requested resource belongs."},
		{rest.Members, "manager owner member", ""},
	} {
		g := newGrove(t, func(_ *grove, r *rest.Resource[int64, Leaf, LeafFilter, leafIn, leafOut]) { r.Access = c.access })
		for _, user := range []string{"manager", "owner", "member"} {
			w := g.ask(user, "GET", "/tree/"+g.mine.String()+"/leaf/", "")
			if strings.Contains(c.allowed, user) {
				require.Equal(t, 200, w.Code, user)
				require.Contains(t, w.Body.String(), `"count":1`)
				continue
			}
			require.Equal(t, 403, w.Code, user)
			require.JSONEq(t, `{"detail":"`+c.message+`"}`, w.Body.String())
		}
	}
}

func TestListsThatAreNoResource(t *testing.T) {
	g := newGrove(t, same)
	for query, want := range map[string]string{
		"":                    `{"count":7,"next":"http://example.com/count/?page=2","previous":null,"results":[{"id":1,"colour":""},{"id":2,"colour":""}]}`,
		"?page=last":          `{"count":7,"next":null,"previous":"http://example.com/count/?page=3","results":[{"id":7,"colour":""}]}`,
		"?page_size=9&page=2": `{"count":7,"next":"http://example.com/count/?page=3&page_size=9","previous":"http://example.com/count/?page_size=9","results":[{"id":4,"colour":""},{"id":5,"colour":""},{"id":6,"colour":""}]}`,
		"?page=5":             `{"detail":"Invalid page."}`,
		"?page=x":             `{"detail":"Invalid page."}`,
	} {
		require.Equal(t, want, g.ask("", "GET", "/count/"+query, "").Body.String(), query)
	}
}
