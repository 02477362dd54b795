package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

// Batches is the service of batches, newest first.
type Batches struct {
	*entity.Service[wispwright.ID, Batch, BatchFilter]
	// Ended is published when a batch that was made in the background is complete, or
	// has failed.
	Ended event.Topic[*Batch]

	base   *entity.Base
	e      *Enrolment
	stores Stores
	hasher Hasher
}

func newBatches(e *Enrolment, stores Stores, hasher Hasher) *Batches {
	s := &Batches{base: e.base, e: e, stores: stores, hasher: hasher}
	s.Service = entity.New(e.base, stores.Batches, entity.Kind[wispwright.ID, Batch]{
		Name: "enrol.Batches", Model: "openwisp_radius.radiusbatch", Label: func(b *Batch) string { return b.Name }, Validate: s.validate,
		Unique: map[string]error{
			uniqueBatch: wispwright.Invalid("", valid.Taken("batch user creation", "Name", "Organization")),
			uniqueFile:  wispwright.Invalid("csvfile", "There is a file of this name already."),
		},
	})
	s.Deleting.Subscribe("enrol: files and lists of users of batches", func(ctx context.Context, list ...*Batch) error {
		for _, b := range list {
			if err := s.forget(ctx, b.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

// forget removes what belongs to a batch but accounts.
func (s *Batches) forget(ctx context.Context, batch wispwright.ID) error {
	if err := s.stores.Papers.Delete(ctx, wispwright.ScopeAll(), batch); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return err
	}
	_, err := s.eachMember(ctx, MemberFilter{BatchID: batch}, func(*Member) error { return nil })
	return err
}

// eachMember does something with the users of a filter and removes them from their
// batches.
func (s *Batches) eachMember(ctx context.Context, f MemberFilter, do func(*Member) error) (n int, err error) {
	for {
		found, err := s.stores.Members.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 500, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return n, err
		}
		for _, m := range found.Rows {
			if err := s.stores.Members.Delete(ctx, wispwright.ScopeAll(), m.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return n, err
			}
			if err := do(m); err != nil {
				return n, err
			}
			n++
		}
	}
}

// leave takes a deleted user out of all batches.
func (s *Batches) leave(ctx context.Context, user wispwright.ID) error {
	_, err := s.eachMember(ctx, MemberFilter{UserID: user}, func(*Member) error { return nil })
	return err
}

var prefixPattern = regexp.MustCompile(`^[\pL\pN_.@+-]+$`)

// The sentences about batches.
const (
	wrongChars  = "This value may contain only                         letters, numbers, and @/./+/-/_ characters."
	mixed       = "Mixing fields of different strategies"
	pastDate    = "Expiration date cannot be in the past."
	stillActive = "The batch is still being processed."
	noNumber    = "The field number_of_users cannot be empty"
)

// maxUsers bounds a batch.
const maxUsers = 100_000

func (s *Batches) validate(ctx context.Context, c entity.Change[Batch]) error {
	b := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", b.Name, valid.Required, valid.Max(128))
	valid.Text(&v, "strategy", string(b.Strategy), valid.OneOf(ByPrefix, ByFile))
	if b.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	}
	switch b.Strategy {
	case ByPrefix:
		valid.Text(&v, "prefix", b.Prefix, valid.Required, valid.Max(20), valid.Matching(prefixPattern, wrongChars))
		if b.FileName != "" {
			v.Add("", mixed)
		}
		if b.Number < 1 {
			v.Add("number_of_users", noNumber)
		} else if b.Number > maxUsers {
			v.Add("number_of_users", "Ensure this value is less than or equal to 100000.")
		}
	case ByFile:
		if b.FileName == "" {
			v.Add("csvfile", valid.Blank)
		}
		if b.Prefix != "" {
			v.Add("", mixed)
		}
	}
	if b.PasswordLength < 4 || b.PasswordLength > 64 {
		v.Add("password_length", "Ensure this value is between 4 and 64.")
	}
	if c.Before == nil && !b.ExpirationDate.IsZero() && b.ExpirationDate.Before(s.today()) {
		v.Add("expiration_date", pastDate)
	}
	if c.Before != nil && c.Before.GroupID != b.GroupID && c.Before.Status == b.Status {
		v.Add("group", "The group of a batch cannot be changed.")
	}
	if !b.GroupID.IsZero() && c.Before == nil {
		g, err := s.e.radius.Groups.Get(ctx, wispwright.ScopeAll(), b.GroupID)
		if err != nil {
			if err := valid.Reference(err, "group", b.GroupID); err != nil {
				return err
			}
		} else if g.OrganizationID != b.OrganizationID {
			v.Add("group", valid.UnknownPK(b.GroupID))
		}
	}
	return v.Err()
}

// today is the beginning of the day as dates are kept.
func (s *Batches) today() time.Time {
	y, m, d := s.base.Now().In(s.e.options.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Order is a batch that is to be made.
type Order struct {
	Batch
	// File is the CSV file, nil without one.
	File []byte
	// Here makes the batch at once, however large it is.
	Here bool
}

// Make makes a batch: at once if it is small, and in the background otherwise; its
// status tells which. What is made at once is made whole or not at all.
func (s *Batches) Make(ctx context.Context, o Order) (*Batch, error) {
	b := o.Batch
	b.Status = Waiting
	if b.PasswordLength == 0 {
		b.PasswordLength = int64(s.e.options.PasswordLength)
	}
	if b.Strategy == ByFile && o.File != nil {
		if int64(len(o.File)) > s.e.options.MaxFile {
			return nil, wispwright.Invalid("csvfile", "The file is too large.")
		}
		rows, err := readCSV(o.File, s.hasher)
		if err != nil {
			return nil, err
		}
		b.Number = int64(len(rows))
	}
	later := !o.Here && s.e.options.MakeBatch != nil && s.e.options.Background >= 0 && b.Number >= int64(s.e.options.Background)
	err := s.base.Do(ctx, "enrol.Batches.Make", func(ctx context.Context) error {
		if err := s.nameFile(ctx, &b); err != nil {
			return err
		}
		if err := s.Create(ctx, &b); err != nil {
			return err
		}
		if err := s.stores.Papers.Insert(ctx, &Paper{ID: b.ID, OrganizationID: b.OrganizationID, File: wispwright.Secret(o.File)}); err != nil {
			return err
		}
		if later {
			return s.e.options.MakeBatch(ctx, b.ID)
		}
		return nil
	})
	if err != nil || later {
		return &b, err
	}
	done, err := s.work(ctx, b.ID)
	if err != nil {
		return nil, errors.Join(err, s.remove(context.WithoutCancel(ctx), b.ID))
	}
	return done, nil
}

// nameFile finds a name that no other file of the organization has.
func (s *Batches) nameFile(ctx context.Context, b *Batch) error {
	if b.FileName == "" {
		return nil
	}
	name := []rune(strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r < ' ' || r == '"' {
			return '_'
		}
		return r
	}, b.FileName))
	b.FileName = strings.TrimLeft(string(name[max(0, len(name)-100):]), ".")
	if b.FileName == "" {
		b.FileName = "users.csv"
	}
	found, err := s.stores.Batches.List(ctx, wispwright.ScopeAll(), BatchFilter{OrganizationID: b.OrganizationID, FileName: b.FileName}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	stem, ending := b.FileName, ""
	if dot := strings.LastIndexByte(stem, '.'); dot > 0 {
		stem, ending = stem[:dot], stem[dot:]
	}
	b.FileName = stem + "_" + random(7, letters) + ending
	return nil
}

// Users are the accounts of a batch, up to limit of them, and their number.
func (s *Batches) Users(ctx context.Context, batch wispwright.ID, limit int) (ids []wispwright.ID, total int, err error) {
	found, err := s.stores.Members.List(ctx, wispwright.ScopeAll(), MemberFilter{BatchID: batch}, wispwright.Page{Limit: limit})
	for _, m := range found.Rows {
		ids = append(ids, m.UserID)
	}
	return ids, found.Total, err
}

// File is the CSV file of a batch, or wispwright.ErrNotFound.
func (s *Batches) File(ctx context.Context, b *Batch) ([]byte, error) {
	p, err := s.stores.Papers.Get(ctx, wispwright.ScopeAll(), b.ID)
	if err != nil {
		return nil, err
	}
	if b.Strategy != ByFile {
		return nil, wispwright.ErrNotFound
	}
	return []byte(p.File.Reveal()), nil
}

// Credentials are usernames and passwords of a batch that made them, nil before it is
// complete.
func (s *Batches) Credentials(ctx context.Context, b *Batch) (pairs [][2]string, err error) {
	if b.Strategy != ByPrefix || b.Status != Completed {
		return nil, nil
	}
	p, err := s.stores.Papers.Get(ctx, wispwright.ScopeAll(), b.ID)
	if err != nil || p.Credentials == "" {
		return nil, err
	}
	return pairs, json.Unmarshal([]byte(p.Credentials.Reveal()), &pairs)
}

// Delete removes a batch with the accounts that were made for it.
func (s *Batches) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	b, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if b.Status == Working || b.Status == Waiting {
		return &wispwright.ForbiddenError{Message: stillActive}
	}
	return s.remove(ctx, id)
}

// remove is Delete whatever the state.
func (s *Batches) remove(ctx context.Context, id wispwright.ID) error {
	if err := s.undo(ctx, id); err != nil {
		return err
	}
	err := s.Service.Delete(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// perStep is how many accounts are made or removed in one transaction, so that nobody
// waits long.
const perStep = 100

// undo removes the accounts that were made for a batch.
func (s *Batches) undo(ctx context.Context, batch wispwright.ID) error {
	yes := true
	for {
		n := 0
		err := s.base.Do(ctx, "enrol.Batches.undo", func(ctx context.Context) error {
			n = 0
			found, err := s.stores.Members.List(ctx, wispwright.ScopeAll(), MemberFilter{BatchID: batch, IsNew: &yes}, wispwright.Page{Limit: perStep, NoTotal: true})
			if err != nil {
				return err
			}
			for _, m := range found.Rows {
				// the pair first: it goes with the account otherwise
				if err := s.stores.Members.Delete(ctx, wispwright.ScopeAll(), m.ID); err != nil {
					return err
				}
				if _, err := s.e.people.Get(ctx, m.UserID); errors.Is(err, wispwright.ErrNotFound) {
					n++
					continue
				}
				if err := s.e.people.Remove(ctx, m.UserID); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// Prune removes accounts of batches that ended so long ago, and then batches without
// users (additions: R-12).
func (s *Batches) Prune(ctx context.Context, age time.Duration) error {
	before := s.today().Add(-age)
	for offset := 0; ; {
		found, err := s.List(ctx, wispwright.ScopeAll(), BatchFilter{Status: Completed}, wispwright.Page{Offset: offset, Limit: perStep, NoTotal: true})
		if err != nil {
			return err
		}
		for _, b := range found.Rows {
			if b.ExpirationDate.IsZero() || !b.ExpirationDate.Before(before) {
				offset++
				continue
			}
			left, err := s.prune(ctx, b, before)
			if err != nil {
				return err
			}
			if left > 0 {
				offset++
			}
		}
		if len(found.Rows) < perStep {
			return nil
		}
	}
}

// prune removes the accounts of one batch whose own end is past, and the batch when
// none is left.
func (s *Batches) prune(ctx context.Context, b *Batch, before time.Time) (left int, err error) {
	err = s.base.Do(ctx, "enrol.Batches.Prune", func(ctx context.Context) error {
		left = 0
		found, err := s.stores.Members.List(ctx, wispwright.ScopeAll(), MemberFilter{BatchID: b.ID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, m := range found.Rows {
			a, err := s.e.people.Get(ctx, m.UserID)
			if errors.Is(err, wispwright.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if !m.IsNew || a.Expires.IsZero() || !a.Expires.Before(before) {
				left++
				continue
			}
			if err := s.e.people.Remove(ctx, m.UserID); err != nil {
				return err
			}
		}
		if left > 0 {
			return nil
		}
		return s.Service.Delete(ctx, wispwright.ScopeAll(), b.ID)
	})
	return left, err
}

// groupOf is the group of an account in the batch's organization.
func (s *Batches) groupOf(ctx context.Context, b *Batch, a *radius.Account) error {
	if b.GroupID.IsZero() {
		return nil
	}
	m, err := s.e.radius.Memberships.Of(ctx, a.ID, b.OrganizationID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return s.e.radius.Memberships.Create(ctx, &radius.Membership{UserID: a.ID, GroupID: b.GroupID, Priority: 1})
	}
	if err != nil || m.GroupID == b.GroupID {
		return err
	}
	g, err := s.e.radius.Groups.Default(ctx, b.OrganizationID)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && g.ID != m.GroupID {
		return nil // somebody chose that group
	}
	if err != nil {
		return err
	}
	_, err = s.e.radius.Memberships.Update(ctx, wispwright.ScopeAll(), m.ID, func(m *radius.Membership) error { m.GroupID = b.GroupID; return nil })
	return err
}
