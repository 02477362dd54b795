package entity_test

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Book is an entity of the example.
type Book struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Name           string
}

// BookFilter selects books; zero fields select all.
type BookFilter struct{ Name string }

// Books is the service of books: its rules are all there is to write.
type Books struct {
	*entity.Service[wispwright.ID, Book, BookFilter]
}

// NewBooks returns the service over a store.
func NewBooks(b *entity.Base, store wispwright.Repo[Book, BookFilter]) *Books {
	return &Books{entity.New(b, store, entity.Kind[wispwright.ID, Book]{
		Name: "shop.Books", Model: "shop.book",
		Validate: func(_ context.Context, c entity.Change[Book]) error {
			var v wispwright.ValidationError
			valid.Text(&v, "name", c.After.Name, valid.Required, valid.Max(80))
			return v.Err()
		},
		Unique: map[string]error{"book_name": wispwright.Invalid("name", valid.Taken("book", "name"))},
	})}
}

// printed is a history that is printed.
type printed struct{}

func (printed) Record(_ context.Context, changes ...wispwright.Change) error {
	for _, c := range changes {
		fmt.Println(c.Action, c.Kind, c.Label)
	}
	return nil
}

func Example() {
	memory := memstore.New()
	books := NewBooks(&entity.Base{Tx: memory, Recorder: printed{}, Tenants: entity.NoTenants{}},
		memstore.NewRepo[wispwright.ID, Book, BookFilter](memory, memstore.Spec[Book]{Shape: store.Shape{Org: "OrganizationID", Unique: []store.Unique{{Name: "book_name", Fields: []string{"Name"}}}}}))
	books.Changed.Subscribe("example", func(_ context.Context, changes ...entity.Change[Book]) {
		fmt.Println(len(changes), "committed")
	})
	ctx := context.Background()
	emma := &Book{Name: "Emma"}
	fmt.Println(books.Create(ctx, emma))
	fmt.Println(books.Create(ctx, &Book{Name: "Emma"}))
	_, err := books.Update(ctx, wispwright.ScopeAll(), emma.ID, func(b *Book) error { b.Name = "Persuasion"; return nil })
	fmt.Println(err)
	// Output:
	// add shop.book Emma
	// 1 committed
	// <nil>
	// shop.Books.Create: invalid: name: book with this name already exists.
	// change shop.book Persuasion
	// 1 committed
	// <nil>
}
