package radius

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/radius/counters"
)

// NewMemory returns stores that keep everything in memory. They look through all
// they have for most questions: they are for tests and small programs.
func NewMemory(m *memstore.Store) Stores {
	groups := memstore.NewRepo[wispwright.ID, Group, GroupFilter](m, memstore.Spec[Group]{Shape: Group{}.Shape()})
	s := memoryNames{
		store:         m,
		groupChecks:   memstore.NewRepo[wispwright.ID, GroupAttribute, GroupAttributeFilter](m, memstore.Spec[GroupAttribute]{Shape: GroupCheckShape()}),
		groupReplies:  memstore.NewRepo[wispwright.ID, GroupAttribute, GroupAttributeFilter](m, memstore.Spec[GroupAttribute]{Shape: GroupReplyShape()}),
		members:       memstore.NewRepo[wispwright.ID, Membership, MembershipFilter](m, memstore.Spec[Membership]{Shape: Membership{}.Shape()}),
		checks:        memstore.NewRepo[wispwright.ID, Attribute, AttributeFilter](m, memstore.Spec[Attribute]{Shape: CheckShape()}),
		replies:       memstore.NewRepo[wispwright.ID, Attribute, AttributeFilter](m, memstore.Spec[Attribute]{Shape: ReplyShape()}),
		tokens:        memstore.NewRepo[wispwright.ID, Token, TokenFilter](m, memstore.Spec[Token]{Shape: Token{}.Shape()}),
		registrations: memstore.NewRepo[wispwright.ID, Registration, RegistrationFilter](m, memstore.Spec[Registration]{Shape: Registration{}.Shape()}),
	}
	sessions := memstore.NewRepo[string, Session, SessionFilter](m, memstore.Spec[Session]{Shape: Session{}.Shape(), Match: map[string]func(context.Context, *Session, any) bool{
		"IsOpen":       func(_ context.Context, s *Session, v any) bool { return s.IsOpen() == v.(bool) },
		"NeverUpdated": func(_ context.Context, s *Session, v any) bool { return s.UpdateTime.IsZero() == v.(bool) },
		"StoppedUntil": func(_ context.Context, s *Session, v any) bool {
			return !s.StopTime.IsZero() && !s.StopTime.After(v.(time.Time))
		},
		"Called":  func(_ context.Context, s *Session, v any) bool { return sameStation(s.CalledStationID, v.(string)) },
		"Calling": func(_ context.Context, s *Session, v any) bool { return sameStation(s.CallingStationID, v.(string)) },
	}})
	return Stores{
		Groups: groups, GroupChecks: s.groupChecks, GroupReplies: s.groupReplies, Memberships: s.members, Checks: s.checks, Replies: s.replies,
		NASes:    memstore.NewRepo[wispwright.ID, NAS, NASFilter](m, memstore.Spec[NAS]{Shape: NAS{}.Shape()}),
		Sessions: &memorySessions{sessions, s.tokens}, Tokens: s.tokens, Registrations: s.registrations,
		PostAuths: &memoryPostAuths{memstore.NewRepo[wispwright.ID, PostAuth, PostAuthFilter](m, memstore.Spec[PostAuth]{Shape: PostAuth{}.Shape()})},
		Settings:  memstore.NewRepo[wispwright.ID, Settings, SettingsFilter](m, memstore.Spec[Settings]{Shape: Settings{}.Shape()}), Names: s,
	}
}

// sameStation reports whether a station id is a MAC address, given in small letters
// with colons.
func sameStation(id *string, mac string) bool {
	return slices.Contains(Spellings(mac), text(id))
}

type memorySessions struct {
	*memstore.Repo[string, Session, SessionFilter]
	tokens *memstore.Repo[wispwright.ID, Token, TokenFilter]
}

// Live implements SessionStore.
func (s *memorySessions) Live(ctx context.Context, q LiveQuery) (out Live, err error) {
	tokens, err := s.tokens.List(ctx, wispwright.ScopeAll(), TokenFilter{UserID: q.UserID, OrganizationID: q.OrganizationID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return out, err
	}
	out.Token = slices.ContainsFunc(tokens.Rows, func(t *Token) bool { return t.CanAuth })
	if q.Open {
		yes := true
		open, err := s.List(ctx, wispwright.ScopeAll(), SessionFilter{OrganizationID: q.OrganizationID, Username: q.Username, IsOpen: &yes}, wispwright.Page{NoTotal: true})
		if err != nil {
			return out, err
		}
		for _, r := range open.Rows {
			if q.CalledStationID == "" || q.CallingStationID == "" || text(r.CalledStationID) != q.CalledStationID || text(r.CallingStationID) != q.CallingStationID {
				out.Open++
			}
		}
	}
	for _, since := range q.Since {
		use, err := s.Use(ctx, q.OrganizationID, q.Username, since)
		if err != nil {
			return out, err
		}
		out.Used = append(out.Used, use)
	}
	return out, nil
}

// Beside implements SessionStore.
func (s *memorySessions) Beside(ctx context.Context, id, username, calling string) ([]*Session, error) {
	own, err := s.List(ctx, wispwright.ScopeAll(), SessionFilter{UniqueID: id}, wispwright.Page{NoTotal: true})
	if err != nil || username == "" || calling == "" {
		return own.Rows, err
	}
	yes := true
	others, err := s.List(ctx, wispwright.ScopeAll(), SessionFilter{Username: username, CallingStationID: calling, IsOpen: &yes}, wispwright.Page{NoTotal: true})
	return append(own.Rows, slices.DeleteFunc(others.Rows, func(r *Session) bool { return r.UniqueID == id })...), err
}

// Use implements SessionStore.
func (s *memorySessions) Use(ctx context.Context, organization wispwright.ID, username string, since int64) (use counters.Use, err error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), SessionFilter{OrganizationID: organization, Username: username}, wispwright.Page{NoTotal: true})
	for _, r := range found.Rows {
		if r.CountedUntil <= since {
			continue
		}
		use.Seconds += r.CountedUntil - max(r.CountedFrom, since)
		for _, n := range []*int64{r.InputOctets, r.OutputOctets} {
			if n != nil {
				use.Octets += *n
			}
		}
	}
	return use, err
}

// DeleteOf implements SessionStore.
func (s *memorySessions) DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error) {
	return s.DeleteWhere(ctx, upTo(most, func(r *Session) bool { return r.OrganizationID == organization }))
}

// upTo selects no more than some.
func upTo[T any](most int, selects func(*T) bool) func(*T) bool {
	return func(r *T) bool {
		if most == 0 || !selects(r) {
			return false
		}
		most--
		return true
	}
}

// DeleteBefore implements SessionStore.
func (s *memorySessions) DeleteBefore(ctx context.Context, ended time.Time) (int, error) {
	return s.DeleteWhere(ctx, func(r *Session) bool {
		return !r.StopTime.IsZero() && r.StopTime.Before(ended.Truncate(time.Microsecond))
	})
}

type memoryPostAuths struct {
	*memstore.Repo[wispwright.ID, PostAuth, PostAuthFilter]
}

// DeleteOf implements PostAuthStore.
func (s *memoryPostAuths) DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error) {
	return s.DeleteWhere(ctx, upTo(most, func(r *PostAuth) bool { return r.OrganizationID == organization }))
}

// DeleteBefore implements PostAuthStore.
func (s *memoryPostAuths) DeleteBefore(ctx context.Context, date time.Time) (int, error) {
	return s.DeleteWhere(ctx, func(r *PostAuth) bool { return r.Date.Before(date.Truncate(time.Microsecond)) })
}

type memoryNames struct {
	store                     *memstore.Store
	groupChecks, groupReplies *memstore.Repo[wispwright.ID, GroupAttribute, GroupAttributeFilter]
	members                   *memstore.Repo[wispwright.ID, Membership, MembershipFilter]
	checks, replies           *memstore.Repo[wispwright.ID, Attribute, AttributeFilter]
	tokens                    *memstore.Repo[wispwright.ID, Token, TokenFilter]
	registrations             *memstore.Repo[wispwright.ID, Registration, RegistrationFilter]
}

// each changes all objects of a filter.
func each[T, F any](ctx context.Context, repo *memstore.Repo[wispwright.ID, T, F], f F, id func(*T) wispwright.ID, change func(*T)) error {
	found, err := repo.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, row := range found.Rows {
		if _, err := repo.Update(ctx, wispwright.ScopeAll(), id(row), func(o *T) error { change(o); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// RenameGroup implements NameStore.
func (s memoryNames) RenameGroup(ctx context.Context, group, organization wispwright.ID, name string) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, repo := range []*memstore.Repo[wispwright.ID, GroupAttribute, GroupAttributeFilter]{s.groupChecks, s.groupReplies} {
			err := each(ctx, repo, GroupAttributeFilter{GroupID: group}, func(a *GroupAttribute) wispwright.ID { return a.ID },
				func(a *GroupAttribute) { a.GroupName, a.OrganizationID = name, organization })
			if err != nil {
				return err
			}
		}
		return each(ctx, s.members, MembershipFilter{GroupID: group}, func(m *Membership) wispwright.ID { return m.ID },
			func(m *Membership) { m.GroupName, m.OrganizationID = name, organization })
	})
}

// RenameUser implements NameStore.
func (s memoryNames) RenameUser(ctx context.Context, user wispwright.ID, name string) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, repo := range []*memstore.Repo[wispwright.ID, Attribute, AttributeFilter]{s.checks, s.replies} {
			err := each(ctx, repo, AttributeFilter{UserID: user}, func(a *Attribute) wispwright.ID { return a.ID }, func(a *Attribute) { a.Username = name })
			if err != nil {
				return err
			}
		}
		return each(ctx, s.members, MembershipFilter{UserID: user}, func(m *Membership) wispwright.ID { return m.ID }, func(m *Membership) { m.Username = name })
	})
}

// ForgetUser implements NameStore.
func (s memoryNames) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, gone := range []func() (int, error){
			func() (int, error) {
				return s.checks.DeleteWhere(ctx, func(a *Attribute) bool { return a.UserID == user })
			},
			func() (int, error) {
				return s.replies.DeleteWhere(ctx, func(a *Attribute) bool { return a.UserID == user })
			},
			func() (int, error) {
				return s.members.DeleteWhere(ctx, func(m *Membership) bool { return m.UserID == user })
			},
			func() (int, error) {
				return s.tokens.DeleteWhere(ctx, func(t *Token) bool { return t.UserID == user })
			},
			func() (int, error) {
				return s.registrations.DeleteWhere(ctx, func(r *Registration) bool { return r.UserID == user })
			},
		} {
			if _, err := gone(); err != nil {
				return err
			}
		}
		return nil
	})
}
