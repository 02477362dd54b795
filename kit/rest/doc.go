// Package rest puts services on the wire with the conventions of the OpenWISP
// REST API (spec: rest-conventions): paths, authentication and its precedence,
// negotiation, JSON and form bodies, messages, pages, filters, OPTIONS,
// documentation. A vendor's own endpoints look like the product's.
//
// An entity is one Resource: a path, permissions, wire structs and the mapping
// between them, over the five methods of a Service. Input structs have an Opt
// in every field, whose tags say what is valid; output structs are plain:
//
//	type bookIn struct {
//		Title        rest.Opt[string]        `json:"title" required:"true" maxLength:"64"`
//		Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
//		Notes        rest.Opt[string]        `json:"notes" blank:"true"`
//		Config       rest.Opt[wispwright.JSON] `json:"config" object:"true"`
//	}
//
//	type bookOut struct {
//		ID           wispwright.ID   `json:"id"`
//		Title        string          `json:"title"`
//		Organization wispwright.ID   `json:"organization"`
//		Notes        string          `json:"notes"`
//		Config       wispwright.JSON `json:"config"`
//		Created      rest.Time       `json:"created"`
//	}
//
//	rest.Mount(api, rest.Resource[wispwright.ID, shop.Book, shop.BookFilter, bookIn, bookOut]{
//		Path: "/api/v1/shop/book/", Name: "Book", Noun: "Book", ID: "shop_book", Tag: "shop", Kind: "shop.book",
//		Service: books,
//		Out: rest.Each(func(b *shop.Book) bookOut { … }),
//		Apply: func(r *rest.Request, in *bookIn, b *shop.Book) error {
//			in.Title.Into(&b.Title)
//			in.Organization.Into(&b.OrganizationID)
//			in.Notes.Into(&b.Notes)
//			in.Config.Into(&b.Config)
//			return nil
//		},
//		Organization: func(b *shop.Book) wispwright.ID { return b.OrganizationID },
//		Filters: append(rest.FilterOrganization(func(f *shop.BookFilter, id wispwright.ID) { f.OrganizationID = id }),
//			rest.FilterText("title", func(f *shop.BookFilter, v string) { f.Title = v })),
//		Unique: map[string]error{"book_title": wispwright.Invalid("title", "book with this title already exists.")},
//	})
//
// The tags: json (the name), required, nullable (null is allowed; Into stores
// the zero value), blank ("" is allowed), trim:"false", maxLength, minLength,
// minimum, maximum, first:"true" (a list of
// objects stands for its first one), enum (comma separated, with enumLabels), format (email,
// url, slug, ip), pattern (a regular expression) with patternMessage, rel ("organization" is checked against the caller and the
// store, other names only change the messages), object:"true" (a JSON field
// must be an object), nonEmpty (lists), writeOnly, label, help, metaType (what a Wire is called; "-" leaves a field
// of an answer out of OPTIONS).
// Any other tag, and a value that cannot be read, is a panic of Mount.
// Types: string, bool, int, int64, float64, wispwright.ID, wispwright.JSON,
// time.Time, Date, File, slices and structs of them, and any Wire.
//
// An input struct may embed others: of two fields with one name the outer one
// wins, as in encoding/json, and stands where the inner one would. An entity
// whose objects look different at their own path has an Item as its Detail.
//
// What is not one of the five operations is an Op made by Action, or by hand
// with a Handler; it goes into Resource.ListOps or ItemOps, or onto a View of
// its own with API.Mount. A Raw body is sent as it is.
//
// Handlers return errors; only this package turns them into status codes:
// *wispwright.ValidationError 400 (dotted paths nest, "" is View.NonField),
// *wispwright.ConflictError through Unique or 409, *wispwright.ProtectedError
// 409, ErrNotFound 404, ErrForbidden 403, ErrUnauthenticated 401,
// ErrUnavailable 503, *Failure as it says, anything else 500 and a log line.
package rest
