package storetest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/storetest"
)

type book struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	ShelfID        wispwright.ID
	Title          string
	Pages          int64
}

type bookFilter struct{ Search string }

type shelf struct{ ID wispwright.ID }

type books = wispwright.KeyedRepo[wispwright.ID, book, bookFilter]

// inMemory makes a storage that keeps its promises.
func inMemory(t *testing.T) (wispwright.Transactor, books) {
	m := memstore.New()
	shelves := memstore.NewRepo[wispwright.ID, shelf, struct{}](m, memstore.Spec[shelf]{Shape: store.Shape{Table: "shelf"}})
	require.NoError(t, shelves.Insert(context.Background(), &shelf{wispwright.ID{15: 77}}))
	return m, memstore.NewRepo[wispwright.ID, book, bookFilter](m, memstore.Spec[book]{Shape: store.Shape{Table: "book", Org: "OrganizationID", Search: []string{"Title"},
		Order:   []wispwright.Order{{Field: "Title"}},
		Unique:  []store.Unique{{Name: "book_title", Fields: []string{"OrganizationID", "Title"}}},
		Parents: []store.Parent{{Field: "ShelfID", Table: "shelf"}}}})
}

func run(t *testing.T, tx wispwright.Transactor, repo books) {
	orgs := []wispwright.ID{{0: 7}, {0: 8}}
	storetest.RunRepo(t, repo, storetest.Sample[wispwright.ID, book, bookFilter]{
		Tx: tx, Organizations: orgs, Missing: wispwright.ID{0: 9},
		New: func(n, org int) *book {
			return &book{ID: wispwright.ID{14: byte(n >> 8), 15: byte(n), 0: 1}, OrganizationID: orgs[org], ShelfID: wispwright.ID{15: 77}, Title: fmt.Sprintf("Book %c%d", 'f'-n%6, n/6), Pages: int64(n * 3 % 5)}
		},
		Key:    func(b *book) wispwright.ID { return b.ID },
		Mutate: func(b *book) { b.Pages += 10 },
		Uniques: map[string]func(*book) *book{"book_title": func(first *book) *book {
			return &book{ID: wispwright.ID{0: 3}, OrganizationID: first.OrganizationID, ShelfID: first.ShelfID, Title: first.Title}
		}},
		Filters: map[string]storetest.Filter[book, bookFilter]{"search": {Filter: bookFilter{Search: "OOK E"}, Selects: func(b *book) bool { return b.Title == "Book e0" }}},
		Orders:  []string{"Title", "Pages"},
		Search:  &storetest.Search[book, bookFilter]{Put: func(b *book, s string) { b.Title = s }, Filter: func(s string) bookFilter { return bookFilter{s} }},
		Orphan: func(n int) *book {
			return &book{ID: wispwright.ID{15: byte(n), 0: 4}, OrganizationID: orgs[0], ShelfID: wispwright.ID{15: 78}, Title: "orphan"}
		},
	})
}

func TestMemory(t *testing.T) {
	tx, repo := inMemory(t)
	run(t, tx, repo)
}

// lossy reads, and overwrites whatever was stored in between.
type lossy struct{ books }

func (s lossy) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*book) error) (*book, error) {
	b, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if err := change(b); err != nil {
		return nil, err
	}
	return s.books.Update(ctx, scope, id, func(o *book) error { *o = *b; return nil })
}

// scopeBlind shows and changes the objects of every organization.
type scopeBlind struct{ books }

func (s scopeBlind) Get(ctx context.Context, _ wispwright.Scope, id wispwright.ID) (*book, error) {
	return s.books.Get(ctx, wispwright.ScopeAll(), id)
}

// caseSensitive finds only what is spelt the same.
type caseSensitive struct{ books }

func (s caseSensitive) List(ctx context.Context, scope wispwright.Scope, f bookFilter, p wispwright.Page) (wispwright.Items[book], error) {
	items, err := s.books.List(ctx, scope, bookFilter{}, p)
	var found []*book
	for _, b := range items.Rows {
		if strings.Contains(b.Title, f.Search) {
			found = append(found, b)
		}
	}
	if f.Search != "" {
		items = wispwright.Items[book]{Rows: found, Total: len(found)}
	}
	return items, err
}

// asciiOnly knows the letter case of ASCII alone, as lower of SQLite does.
type asciiOnly struct{ books }

func (s asciiOnly) List(ctx context.Context, scope wispwright.Scope, f bookFilter, p wispwright.Page) (wispwright.Items[book], error) {
	if strings.Contains(f.Search, "é") {
		return wispwright.Items[book]{}, nil
	}
	return s.books.List(ctx, scope, f, p)
}

// orderIgnoring sorts in its own way only.
type orderIgnoring struct{ books }

func (s orderIgnoring) List(ctx context.Context, scope wispwright.Scope, f bookFilter, p wispwright.Page) (wispwright.Items[book], error) {
	p.Order = nil
	return s.books.List(ctx, scope, f, p)
}

// adopting stores what belongs to no parent.
type adopting struct{ books }

func (s adopting) Insert(ctx context.Context, b *book) error {
	if b.Title == "orphan" {
		b.ShelfID = wispwright.ID{15: 77}
	}
	return s.books.Insert(ctx, b)
}

// The suite fails for storages that break a promise, in the part that is about
// it: a suite that everybody passes proves nothing.
func TestBrokenStoragesFail(t *testing.T) {
	for name, b := range map[string]struct {
		storage func(books) books
		part    string
	}{
		"lossy":          {func(r books) books { return lossy{r} }, "writers_wait_for_each_other"},
		"scope-blind":    {func(r books) books { return scopeBlind{r} }, "scopes"},
		"case-sensitive": {func(r books) books { return caseSensitive{r} }, "letter_case"},
		"ascii-only":     {func(r books) books { return asciiOnly{r} }, "letter_case"},
		"order-ignoring": {func(r books) books { return orderIgnoring{r} }, "order"},
		"adopting":       {func(r books) books { return adopting{r} }, "unknown_parent"},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("STORETEST_BROKEN") == name {
				tx, repo := inMemory(t)
				run(t, tx, b.storage(repo))
				return
			}
			if os.Getenv("STORETEST_BROKEN") != "" {
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestBrokenStoragesFail$/^"+name+"$", "-test.v")
			cmd.Env = append(os.Environ(), "STORETEST_BROKEN="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passed a %s storage:\n%s", name, out)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStoragesFail/"+name+"/"+b.part+" ", "the suite failed elsewhere:\n%s", out)
		})
	}
}
