package enrol

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
)

// numberedStep is how many accounts of one prefix are made in one transaction: they
// take a few statements together.
const numberedStep = 250

// numbered makes the accounts of a batch by prefix and returns names and passwords.
// While some are stored, the passwords of the next are hashed.
func (s *Batches) numbered(ctx context.Context, b *Batch, in radius.InForce, list []wanted) ([][2]string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hashed := make(chan error)
	go func() {
		defer close(hashed)
		for start := 0; start < len(list); start += numberedStep {
			err := s.hash(ctx, b, list[start:min(start+numberedStep, len(list))])
			select {
			case hashed <- err:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	pairs := make([][2]string, 0, len(list))
	next := 1
	for start := 0; start < len(list); start += numberedStep {
		if err, ok := <-hashed; err != nil || !ok {
			return nil, fmt.Errorf("hash passwords: %w", cause(err, ctx.Err()))
		}
		some := list[start:min(start+numberedStep, len(list))]
		number := next
		err := s.base.Do(ctx, "enrol.Batches.work", func(ctx context.Context) (err error) {
			next, err = s.some(ctx, b, in, some, int64(start), number)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, w := range some {
			pairs = append(pairs, [2]string{w.username, w.shown})
		}
	}
	return pairs, nil
}

// cause is the first of two errors that there is.
func cause(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// some makes accounts whose passwords are hashed, named from a number on.
func (s *Batches) some(ctx context.Context, b *Batch, in radius.InForce, list []wanted, place int64, from int) (next int, err error) {
	if next, err = s.names(ctx, b.Prefix, from, list); err != nil {
		return next, err
	}
	people := make([]*Person, len(list))
	for i, w := range list {
		people[i] = &Person{Username: w.username, Hash: w.hash, Verified: true, Expires: b.ExpirationDate}
	}
	made, err := s.e.people.CreateMembers(radius.Joining(ctx, b.GroupID), b.OrganizationID, people...)
	if err != nil {
		return next, err
	}
	registrations, members := make([]*radius.Registration, len(made)), make([]*Member, len(made))
	for i, a := range made {
		registrations[i] = &radius.Registration{UserID: a.ID, OrganizationID: b.OrganizationID, Method: "manual", IsVerified: in.NeedsVerification}
		members[i] = &Member{ID: wispwright.NewID(), OrganizationID: b.OrganizationID, BatchID: b.ID, UserID: a.ID, IsNew: true, Place: place + int64(i)}
	}
	if err := s.e.radius.Registrations.CreateMany(ctx, registrations); err != nil {
		return next, err
	}
	return next, s.stores.Members.InsertMany(ctx, members)
}

// names gives accounts the next names of a prefix that nobody has.
func (s *Batches) names(ctx context.Context, prefix string, from int, list []wanted) (next int, err error) {
	for named := 0; named < len(list); {
		tried := make([]string, len(list)-named)
		for i := range tried {
			tried[i] = fmt.Sprint(prefix, from+i)
		}
		from += len(tried)
		free, err := s.e.people.Free(ctx, tried...)
		if err != nil {
			return from, err
		}
		for _, name := range free {
			list[named].username = name
			named++
		}
	}
	return from, nil
}
