package radius

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
)

// PostAuth is an answer that a RADIUS server gave (spec: radius §1.8).
type PostAuth struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; zero for rows that FreeRADIUS wrote itself and
	// that could not be attributed.
	OrganizationID wispwright.ID
	// Username has up to 64 characters.
	Username string
	// Password is what was tried, of answers that refused alone; FreeRADIUS may
	// write it too, so it is not sealed.
	Password string
	// Reply is "Access-Accept" or "Access-Reject".
	Reply string
	// CalledStationID and CallingStationID are access point and device.
	CalledStationID, CallingStationID *string
	// Date is when it was answered.
	Date time.Time
}

// PostAuthFilter selects answers; the zero value all.
type PostAuthFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Reply is one of the two, Username exactly one.
	Reply, Username string
	// DateFrom: then or later, DateBefore: earlier.
	DateFrom, DateBefore time.Time
	// Search is a part of username or station ids, in any letter case.
	Search string
}

// Shape is how storages keep answers.
func (PostAuth) Shape() store.Shape {
	return store.Shape{Table: "radpostauth", Org: "OrganizationID", Order: store.Newest("Date"), Search: []string{"Username", "CalledStationID", "CallingStationID"}}
}

// PostAuthStore keeps answers.
type PostAuthStore interface {
	wispwright.Repo[PostAuth, PostAuthFilter]
	// InsertMany stores new answers, all or none.
	InsertMany(ctx context.Context, list []*PostAuth) error
	// DeleteOf removes all of an organization and returns their number.
	DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error)
	// DeleteBefore removes those that are older, and returns their number.
	DeleteBefore(ctx context.Context, date time.Time) (int, error)
}

// PostAuths keeps what RADIUS servers answered, latest first.
type PostAuths struct {
	base      *entity.Base
	store     PostAuthStore
	forgetful bool
	together  *gathering[*PostAuth]
}

func newPostAuths(b *entity.Base, store PostAuthStore, o *Options) *PostAuths {
	if b.Tenants != nil {
		emptied.Subscribe(b.Tx, b.Tenants, "radius.PostAuths", func(ctx context.Context, organization wispwright.ID) (int, error) {
			found, err := store.List(ctx, wispwright.ScopeAll(), PostAuthFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
			return found.Total, err
		}, func(ctx context.Context, organization wispwright.ID) (int, error) {
			return store.DeleteOf(ctx, organization, atATime)
		})
	}
	s := &PostAuths{base: b, store: store, forgetful: o.NoRejectedPasswords}
	s.together = &gathering[*PostAuth]{insert: s.insert, workers: 1}
	return s
}

// Get returns an answer.
func (s *PostAuths) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*PostAuth, error) {
	return s.store.Get(ctx, scope, id)
}

// List returns a page of answers.
func (s *PostAuths) List(ctx context.Context, scope wispwright.Scope, f PostAuthFilter, p wispwright.Page) (wispwright.Items[PostAuth], error) {
	return s.store.List(ctx, scope, f, p)
}

// longestPassword is what is kept of one.
const longestPassword = 64

// Record stores an answer. The password of one that let somebody in is not kept, a
// long one is cut (spec: radius §3b).
func (s *PostAuths) Record(ctx context.Context, p *PostAuth) error {
	p.ID, p.Date = wispwright.NewID(), s.base.Now()
	if p.Reply == "Access-Accept" || s.forgetful {
		p.Password = ""
	}
	if utf8.RuneCountInString(p.Password) > longestPassword {
		p.Password = string([]rune(p.Password)[:longestPassword-1]) + "…"
	}
	if wispwright.Pending(ctx) {
		return s.insert(ctx, p)
	}
	return s.together.store(ctx, p)
}

// insert stores answers in one transaction.
func (s *PostAuths) insert(ctx context.Context, list ...*PostAuth) error {
	return s.base.Do(ctx, "radius.PostAuths.Record", func(ctx context.Context) error {
		var held []wispwright.ID
		for _, p := range list {
			if s.base.Tenants == nil || slices.Contains(held, p.OrganizationID) {
				continue
			}
			held = append(held, p.OrganizationID)
			if err := s.base.Tenants.Hold(ctx, p.OrganizationID); err != nil {
				return err
			}
		}
		if len(list) == 1 {
			return s.store.Insert(ctx, list[0])
		}
		return s.store.InsertMany(ctx, list)
	})
}

// Prune removes answers that are so old, and returns their number.
func (s *PostAuths) Prune(ctx context.Context, age time.Duration) (int, error) {
	return s.store.DeleteBefore(ctx, s.base.Now().Add(-age))
}
