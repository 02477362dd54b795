package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Book is a vendor's own entity: columns, conditions and orders follow from
// the names of its fields.
type Book struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Title          string
	Tags           []string
	Created        time.Time
}

// Shape is how storages keep books.
func (Book) Shape() store.Shape {
	return store.Shape{
		Table: "book", Org: "OrganizationID",
		Unique: []store.Unique{{Name: "book_title", Fields: []string{"OrganizationID", "Title"}}},
	}
}

// BookFilter selects books; zero fields select all.
type BookFilter struct {
	Title         string
	TitleContains string
	CreatedFrom   time.Time
}

// One table of one's own: a migration, a repository, the rules of scopes and
// uniqueness for nothing.
func ExampleNewRepo() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the example is over
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "shop.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }() // the example is over

	// a program embeds its migrations; PostgreSQL's are in the folder "pg"
	if err := db.Migrate(ctx, sqlstore.Migrations{Concern: "shop", FS: fstest.MapFS{"sqlite/00001_book.sql": {Data: []byte(`-- +goose Up
		CREATE TABLE book (id TEXT PRIMARY KEY, organization_id TEXT, title TEXT NOT NULL, tags TEXT, created TIMESTAMP NOT NULL);
		CREATE UNIQUE INDEX book_title ON book (organization_id, title);`)}}}); err != nil {
		log.Fatal(err)
	}
	books, err := sqlstore.NewRepo[wispwright.ID, Book, BookFilter](db, sqlstore.Spec{Shape: Book{}.Shape()})
	if err != nil {
		log.Fatal(err)
	}

	acme, other := wispwright.NewID(), wispwright.NewID()
	emma := &Book{ID: wispwright.NewID(), OrganizationID: acme, Title: "Emma", Tags: []string{"novel"}, Created: time.Now()}
	if err := books.Insert(ctx, emma); err != nil {
		log.Fatal(err)
	}
	found, err := books.List(ctx, wispwright.ScopeOf(acme), BookFilter{TitleContains: "EMM"}, wispwright.Page{Limit: 10})
	fmt.Println(found.Total, found.Rows[0].Title, found.Rows[0].Tags, err)

	_, err = books.Get(ctx, wispwright.ScopeOf(other), emma.ID)
	fmt.Println("for others:", err)

	err = db.InTx(ctx, func(ctx context.Context) error {
		return books.Insert(ctx, &Book{ID: wispwright.NewID(), OrganizationID: acme, Title: "Emma", Created: time.Now()})
	})
	var conflict *wispwright.ConflictError
	fmt.Println(errors.As(err, &conflict), conflict.Unique)
	// Output:
	// 1 Emma [novel] <nil>
	// for others: not found
	// true book_title
}
