package rest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/store"
)

// Book is the example's entity.
type Book struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Title          string
	Created        time.Time
}

// BookFilter selects books.
type BookFilter struct {
	OrganizationID wispwright.ID
	Title          string
}

// Books is the example's service; real ones also validate.
type Books struct {
	*memstore.Repo[wispwright.ID, Book, BookFilter]
}

// Create stores a new book.
func (s Books) Create(ctx context.Context, b *Book) error {
	b.ID, b.Created = wispwright.NewID(), time.Date(2024, 11, 22, 0, 0, 0, 0, time.UTC)
	return s.Insert(ctx, b)
}

type bookIn struct {
	Title        rest.Opt[string]        `json:"title" required:"true" maxLength:"12"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
}

type bookOut struct {
	Title   string    `json:"title"`
	Created rest.Time `json:"created"`
}

func Example() {
	memory := memstore.New()
	organization := wispwright.NewID()
	books := Books{memstore.NewRepo[wispwright.ID, Book, BookFilter](memory, memstore.Spec[Book]{Shape: store.Shape{Org: "OrganizationID", Order: []wispwright.Order{{Field: "Created"}},
		Unique: []store.Unique{{Name: "book_title", Fields: []string{"Title"}}},
	}})}

	librarian := &wispwright.Caller{Name: "ann", Managed: []wispwright.ID{organization},
		Permissions: []wispwright.Permission{"shop.add_book", "shop.view_book"}}
	api := rest.New(&rest.Options{Schemes: []rest.Scheme{{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		if err != nil || token == "" {
			return nil, err
		}
		return librarian, nil
	}}}})

	rest.Mount(api, rest.Resource[wispwright.ID, Book, BookFilter, bookIn, bookOut]{
		Path: "/api/v1/shop/book/", Name: "Book", Noun: "Book", ID: "shop_book", Tag: "shop", Kind: "shop.book",
		Service: books,
		Out:     rest.Each(func(b *Book) bookOut { return bookOut{b.Title, rest.Time(b.Created)} }),
		Apply: func(_ *rest.Request, in *bookIn, b *Book) error {
			in.Title.Into(&b.Title)
			in.Organization.Into(&b.OrganizationID)
			return nil
		},
		Organization: func(b *Book) wispwright.ID { return b.OrganizationID },
		Filters:      []rest.Filter[BookFilter]{rest.FilterText("title", func(f *BookFilter, v string) { f.Title = v })},
		Unique:       map[string]error{"book_title": wispwright.Invalid("title", "book with this title already exists.")},
	})

	ask := func(method, path, body string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	ask("POST", "/api/v1/shop/book/", `{"title":"Emma","organization":"`+organization.String()+`"}`)
	ask("POST", "/api/v1/shop/book/", `{"title":"Emma","organization":"`+organization.String()+`"}`)
	ask("POST", "/api/v1/shop/book/", `{"title":"A title too long","organization":null}`)
	ask("GET", "/api/v1/shop/book/?title=Emma", "")
	ask("DELETE", "/api/v1/shop/book/"+organization.String()+"/", "")
	// Output:
	// 201 {"title":"Emma","created":"2024-11-22T00:00:00Z"}
	// 400 {"title":["book with this title already exists."]}
	// 400 {"title":["Ensure this field has no more than 12 characters."],"organization":["This field may not be null."]}
	// 200 {"count":1,"next":null,"previous":null,"results":[{"title":"Emma","created":"2024-11-22T00:00:00Z"}]}
	// 403 {"detail":"You do not have permission to perform this action."}
}
