package memstore_test

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Book is an entity of the example.
type Book struct {
	ID    wispwright.ID
	Title string
}

// BookFilter selects books.
type BookFilter struct{ TitleContains string }

// A repository in memory behaves like the one in SQL; a transaction that fails
// leaves nothing behind.
func ExampleNewRepo() {
	ctx, memory := context.Background(), memstore.New()
	books := memstore.NewRepo[wispwright.ID, Book, BookFilter](memory, memstore.Spec[Book]{Shape: store.Shape{Order: []wispwright.Order{{Field: "Title"}},
		Unique: []store.Unique{{Name: "book_title", Fields: []string{"Title"}}},
	}})
	err := memory.InTx(ctx, func(ctx context.Context) error {
		for _, title := range []string{"Emma", "Persuasion", "Emma"} {
			if err := books.Insert(ctx, &Book{ID: wispwright.NewID(), Title: title}); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(err)
	items, err := books.List(ctx, wispwright.ScopeAll(), BookFilter{}, wispwright.Page{})
	fmt.Println(items.Total, err)
	// Output:
	// conflict: unique rule book_title
	// 0 <nil>
}
