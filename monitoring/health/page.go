package health

import (
	"context"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
)

// Page is a status page of an organization that everybody may read who knows its link.
type Page struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose devices it shows.
	OrganizationID wispwright.ID
	// Title is its heading.
	Title string
	// Token is the secret part of the link.
	Token wispwright.Secret
	// Digest finds it by the token.
	Digest string
	// ShowNames shows the names of devices that are ill; else only how many there are.
	ShowNames bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniquePage is the rule that a token belongs to one page.
const UniquePage = "monitoring_statuspage_digest"

// PageShape is how storages keep status pages.
func PageShape() store.Shape {
	return store.Shape{Table: "monitoring_statuspage", Org: "OrganizationID", Order: store.Oldest("Title"), Search: []string{"Title"},
		Unique: []store.Unique{{Name: UniquePage, Fields: []string{"Digest"}}}}
}

// PageFilter selects status pages; zero fields select all.
type PageFilter struct {
	// OrganizationID limits to an organization.
	OrganizationID wispwright.ID
	// Digest finds one by its token.
	Digest string
	// Search finds a part of the title.
	Search string
}

func validPage(_ context.Context, c entity.Change[Page]) error {
	p := c.After
	e := &wispwright.ValidationError{}
	if p.Title = strings.TrimSpace(p.Title); p.Title == "" {
		e.Add("title", "This field may not be blank.")
	}
	if p.OrganizationID.IsZero() {
		e.Add("organization", "This field may not be null.")
	}
	if p.Token == "" {
		p.Token = newToken()
	}
	p.Digest = digest(p.Token.Reveal())
	return e.Err()
}
