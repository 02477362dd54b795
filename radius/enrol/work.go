package enrol

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"sync"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// legible leaves out what is mistaken for something else on paper
	legible = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
)

// random is a text that nobody can foresee.
func random(n int, alphabet string) string {
	out := make([]byte, n)
	for i := range out {
		d, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "" // never: crypto/rand aborts the program instead
		}
		out[i] = alphabet[d.Int64()]
	}
	return string(out)
}

// Work makes a batch that waits. It may be called again after a crash: it begins anew
// then. A batch that cannot be made is marked as failed and has no users; the error is
// one of the storage, after which it may be tried again.
func (s *Batches) Work(ctx context.Context, id wispwright.ID) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("creation of a batch of users"))
	b, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil || b.Status == Completed || b.Status == Failed {
		return err
	}
	if err := s.undo(ctx, id); err != nil {
		return err
	}
	if _, err = s.mark(ctx, id, Working); err != nil {
		return err
	}
	_, err = s.work(ctx, id)
	if err == nil || ctx.Err() != nil || errors.Is(err, wispwright.ErrUnavailable) {
		return err
	}
	s.e.options.Log.ErrorContext(ctx, "a batch of users failed", "batch", id.String(), "error", err)
	if err := s.undo(ctx, id); err != nil {
		return err
	}
	_, err = s.mark(ctx, id, Failed)
	return err
}

// mark notes how far a batch is, and tells when it has ended.
func (s *Batches) mark(ctx context.Context, id wispwright.ID, state State) (b *Batch, err error) {
	err = s.base.Do(ctx, "enrol.Batches.mark", func(ctx context.Context) error {
		background := false
		b, err = s.Update(ctx, wispwright.ScopeAll(), id, func(b *Batch) error {
			background = b.Status == Working
			b.Status = state
			return nil
		})
		if err == nil && background && (state == Completed || state == Failed) {
			s.Ended.Publish(ctx, b)
		}
		return err
	})
	return b, err
}

// wanted is an account of a batch: to be made, or there already.
type wanted struct {
	row
	// shown is a random password that somebody is told
	shown string
	hash  string
}

// work makes the accounts of a batch, some at a time, and marks it as complete.
func (s *Batches) work(ctx context.Context, id wispwright.ID) (*Batch, error) {
	ctx = wispwright.WithCaller(ctx, wispwright.System("creation of a batch of users"))
	b, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	in, err := s.e.radius.Settings.Effective(ctx, b.OrganizationID)
	if err != nil {
		return nil, err
	}
	paper, err := s.stores.Papers.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	list := make([]wanted, b.Number)
	if b.Strategy == ByFile {
		rows, err := readCSV([]byte(paper.File.Reveal()), s.hasher)
		if err != nil {
			return nil, err
		}
		list = make([]wanted, len(rows))
		for i, r := range rows {
			list[i].row = r
		}
	}
	if b.Strategy == ByPrefix {
		pairs, err := s.numbered(ctx, b, in, list)
		if err != nil {
			return nil, err
		}
		return s.finish(ctx, b, pairs)
	}
	pairs := make([][2]string, 0, len(list))
	for start := 0; start < len(list); start += perStep {
		some := list[start:min(start+perStep, len(list))]
		if err := s.hash(ctx, b, some); err != nil {
			return nil, err
		}
		known := len(pairs)
		err := s.base.Do(ctx, "enrol.Batches.work", func(ctx context.Context) error {
			pairs = pairs[:known]
			for i := range some {
				name, err := s.one(ctx, b, in, &some[i], int64(start+i))
				if err != nil {
					return err
				}
				if name != "" && some[i].shown != "" {
					pairs = append(pairs, [2]string{name, some[i].shown})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return s.finish(ctx, b, pairs)
}

// finish keeps the passwords that were made, orders the letters that tell people of
// them, and marks the batch as complete.
func (s *Batches) finish(ctx context.Context, b *Batch, pairs [][2]string) (done *Batch, err error) {
	text, err := json.Marshal(pairs)
	if err != nil {
		return nil, fmt.Errorf("credentials of a batch: %w", err)
	}
	err = s.base.Do(ctx, "enrol.Batches.finish", func(ctx context.Context) error {
		_, err := s.stores.Papers.Update(ctx, wispwright.ScopeAll(), b.ID, func(p *Paper) error { p.Credentials = wispwright.Secret(text); return nil })
		if err == nil && b.Strategy == ByFile && len(pairs) > 0 && s.e.options.SendPasswords != nil {
			names := make([]string, len(pairs))
			for i, p := range pairs {
				names[i] = p[0]
			}
			err = s.e.options.SendPasswords(ctx, b.ID, names...)
		}
		if err == nil {
			done, err = s.mark(ctx, b.ID, Completed)
		}
		return err
	})
	return done, err
}

// Password is the random password of a user of a batch with the account, nil when
// there is none any more.
func (s *Batches) Password(ctx context.Context, batch wispwright.ID, username string) (a *radius.Account, password string, err error) {
	p, err := s.stores.Papers.Get(ctx, wispwright.ScopeAll(), batch)
	if err == nil {
		a, err = s.e.people.Named(ctx, username)
	}
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, "", nil
	}
	var pairs [][2]string
	if err != nil || p.Credentials == "" {
		return nil, "", err
	}
	if err := json.Unmarshal([]byte(p.Credentials.Reveal()), &pairs); err != nil {
		return nil, "", fmt.Errorf("credentials of a batch: %w", err)
	}
	for _, pair := range pairs {
		if pair[0] == username {
			return a, pair[1], nil
		}
	}
	return nil, "", nil
}

// hash makes and hashes the passwords of some accounts on all processors.
func (s *Batches) hash(ctx context.Context, b *Batch, some []wanted) error {
	var wait sync.WaitGroup
	errs := make([]error, len(some))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range some {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer func() { <-slots; wait.Done() }()
			w := &some[i]
			switch plain, clear := strings.CutPrefix(w.password, clearPrefix); {
			case w.password == "":
				w.shown = random(int(b.PasswordLength), legible)
				w.hash, errs[i] = s.hasher.HashRandom(w.shown)
			case clear:
				w.hash, errs[i] = s.hasher.Hash(plain)
			default:
				w.hash = w.password
			}
		}()
	}
	wait.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// free is the first name of a prefix from a number on that nobody has.
func (s *Batches) free(ctx context.Context, prefix string, from int) (name string, next int, err error) {
	for n := from; ; n++ {
		name := fmt.Sprint(prefix, n)
		h, err := s.e.people.Holders(ctx, name, "", "")
		if err != nil || h.Username == nil {
			return name, n + 1, err
		}
	}
}

// one makes an account, or takes the one that has the address. The name is that of
// an account that was made.
func (s *Batches) one(ctx context.Context, b *Batch, in radius.InForce, w *wanted, place int64) (name string, err error) {
	a, made, err := s.account(ctx, b, w)
	if err != nil {
		return "", err
	}
	if err := s.e.people.Join(ctx, a.ID, b.OrganizationID); err != nil {
		return "", err
	}
	if err := s.groupOf(ctx, b, a); err != nil {
		return "", err
	}
	known, err := s.e.registration(ctx, a.ID, b.OrganizationID)
	if err != nil {
		return "", err
	}
	if known == nil {
		r := &radius.Registration{UserID: a.ID, OrganizationID: b.OrganizationID, Method: "manual", IsVerified: in.NeedsVerification}
		if err := s.e.radius.Registrations.Create(ctx, r); err != nil {
			return "", err
		}
	}
	m := &Member{ID: wispwright.NewID(), OrganizationID: b.OrganizationID, BatchID: b.ID, UserID: a.ID, IsNew: made, Place: place}
	if made {
		return a.Username, s.stores.Members.Insert(ctx, m)
	}
	there, err := s.stores.Members.List(ctx, wispwright.ScopeAll(), MemberFilter{BatchID: b.ID, UserID: a.ID}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(there.Rows) > 0 {
		return "", err // the file has the address twice
	}
	return "", s.stores.Members.Insert(ctx, m)
}

func (s *Batches) account(ctx context.Context, b *Batch, w *wanted) (a *radius.Account, made bool, err error) {
	if w.email != "" {
		h, err := s.e.people.Holders(ctx, "", w.email, "")
		if err != nil || h.Email != nil {
			return h.Email, false, err
		}
	}
	name := w.username
	if b.Strategy == ByFile {
		if name == "" {
			name, _, _ = strings.Cut(w.email, "@")
		}
		h, err := s.e.people.Holders(ctx, name, "", "")
		if err != nil {
			return nil, false, err
		}
		if h.Username != nil {
			if name, _, err = s.free(ctx, name, 1); err != nil {
				return nil, false, err
			}
		}
	}
	a, err = s.e.people.Create(ctx, &Person{Username: name, Email: w.email, FirstName: w.first, LastName: w.last, Hash: w.hash, Verified: true, Expires: b.ExpirationDate})
	var fault *wispwright.ValidationError
	if errors.As(err, &fault) && b.Strategy == ByFile {
		return nil, false, lineFault(w.line, strings.Join(fault.Messages(), " "))
	}
	return a, true, err
}
