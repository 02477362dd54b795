package resttest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/store"
)

// Note is what the tests put on the wire.
type Note struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Text           string
}

// NoteFilter selects notes.
type NoteFilter struct{ Text string }

type notes struct {
	*memstore.Repo[wispwright.ID, Note, NoteFilter]
}

func (n notes) Create(ctx context.Context, note *Note) error {
	note.ID = wispwright.NewID()
	return n.Insert(ctx, note)
}

type noteIn struct {
	Text         rest.Opt[string]        `json:"text"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
}

type noteOut struct {
	ID   wispwright.ID `json:"id"`
	Text string        `json:"text"`
}

// newNotes makes an API with a note of ann's; bob manages another
// organization.
func newNotes(t testing.TB, change func(*rest.Resource[wispwright.ID, Note, NoteFilter, noteIn, noteOut])) (*rest.API, wispwright.ID, *Note) {
	one, two := wispwright.NewID(), wispwright.NewID()
	may := []wispwright.Permission{"n.add_note", "n.change_note", "n.delete_note", "n.view_note"}
	callers := map[string]*wispwright.Caller{
		"ann": {Name: "ann", Managed: []wispwright.ID{one}, Permissions: may},
		"bob": {Name: "bob", Managed: []wispwright.ID{two}, Permissions: may},
	}
	api := rest.New(&rest.Options{Schemes: []rest.Scheme{{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		return callers[token], err
	}}}})
	service := notes{memstore.NewRepo[wispwright.ID, Note, NoteFilter](memstore.New(), memstore.Spec[Note]{Shape: store.Shape{Org: "OrganizationID"}})}
	res := rest.Resource[wispwright.ID, Note, NoteFilter, noteIn, noteOut]{
		Path: "/n/", Name: "Note", ID: "note", Kind: "n.note", Service: service,
		Out: rest.Each(func(n *Note) noteOut { return noteOut{n.ID, n.Text} }),
		Apply: func(_ *rest.Request, in *noteIn, n *Note) error {
			in.Text.Into(&n.Text)
			in.Organization.Into(&n.OrganizationID)
			return nil
		},
		Organization: func(n *Note) wispwright.ID { return n.OrganizationID },
		Filters:      []rest.Filter[NoteFilter]{rest.FilterText("text", func(f *NoteFilter, v string) { f.Text = v })},
	}
	change(&res)
	rest.Mount(api, res)
	note := &Note{OrganizationID: one, Text: "ann's-secret"}
	require.NoError(t, service.Create(context.Background(), note))
	return api, one, note
}

func unchanged(*rest.Resource[wispwright.ID, Note, NoteFilter, noteIn, noteOut]) {}

func TestWalkFindsNoHole(t *testing.T) {
	api, one, note := newNotes(t, unchanged)
	(&resttest.Walk{API: api, Owner: "Bearer ann", Stranger: "Bearer bob", Marks: []string{"secret"},
		IDs: []string{one.String(), note.ID.String()}, Objects: map[string]string{"/n/{id}/": "/n/" + note.ID.String() + "/"}}).Run(t)
}

// TestRecorderFindsWhatIsNotDocumented plays the part of a careless handler.
func TestRecorderFindsWhatIsNotDocumented(t *testing.T) {
	api, _, _ := newNotes(t, unchanged)
	api.Mount(&rest.View{Path: "/wrong/{how:text}/", Access: rest.Anonymous}, rest.Op{Method: "GET", ID: "wrong", Handle: func(r *rest.Request) (int, any, error) {
		if r.Text("how") == "status" {
			return http.StatusTeapot, rest.Detail{Detail: "x"}, nil
		}
		return http.StatusOK, map[string]int{"detail": 1}, nil
	}})
	for path, failures := range map[string]int{"/n/": 0, "/wrong/status/": 1, "/wrong/body/": 1} {
		counted := &counter{TB: t}
		rec := resttest.Record(counted, api)
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer ann")
		rec.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, failures, counted.failures, path)
	}
}

// counter counts failures instead of failing.
type counter struct {
	testing.TB
	failures int
}

func (c *counter) Errorf(string, ...any) { c.failures++ }
