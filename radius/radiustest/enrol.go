package radiustest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/radius/enrol"
)

// Enrolment is what an EnrolmentHarness makes: empty stores and their transactor.
type Enrolment struct {
	Tx     wispwright.Transactor
	Stores enrol.Stores
}

// EnrolmentHarness makes an Enrolment. It is called once for every part of the suite.
type EnrolmentHarness func(t *testing.T) Enrolment

// RunEnrolment checks the stores of the package enrol.
func RunEnrolment(t *testing.T, h EnrolmentHarness) {
	organizations := []wispwright.ID{id(1), id(2)}
	t.Run("codes", func(t *testing.T) {
		s := h(t)
		type object = enrol.Code
		type filter = enrol.CodeFilter
		address := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }
		storetest.RunRepo(t, s.Stores.Codes, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(c *object) wispwright.ID { return c.ID }, Mutate: func(c *object) { c.Attempts++ }, Missing: id(9999), Organizations: organizations,
			New: func(n, organization int) *object {
				return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), UserID: id(100 + n), Phone: fmt.Sprintf("+3936612345%02d", n%100), Digits: wispwright.Secret(fmt.Sprint(123456 + n)),
					Day: fmt.Sprintf("2026-01-%02d", 1+n%28), Ordinal: int64(n), Address: address(n), ValidUntil: at(n + 30), Created: at(n), Modified: at(n + 1)}
			},
			Orders:  []string{"Created", "Ordinal"},
			Uniques: map[string]func(*object) *object{"radius_code_user_day": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"user":    {Filter: filter{UserID: id(102)}, Selects: func(c *object) bool { return c.UserID == id(102) }},
				"day":     {Filter: filter{Day: "2026-01-03"}, Selects: func(c *object) bool { return c.Day == "2026-01-03" }},
				"address": {Filter: filter{Address: address(2)}, Selects: func(c *object) bool { return c.Address == address(2) }},
				"older":   {Filter: filter{CreatedBefore: at(3)}, Selects: func(c *object) bool { return c.Created.Before(stored(3)) }},
			},
		})
	})
	batch := func(n, organization int) *enrol.Batch {
		return &enrol.Batch{ID: id(2000 + n), OrganizationID: id(1 + organization), Strategy: []enrol.Strategy{enrol.ByPrefix, enrol.ByFile}[n%2], Status: enrol.Waiting, Name: fmt.Sprint("batch ", n),
			Prefix: "guest", Number: int64(n), PasswordLength: 8, FileName: fmt.Sprintf("users_%d.csv", n), GroupID: id(7), ExpirationDate: time.Date(2030, 1, 1+n%28, 0, 0, 0, 0, time.UTC), Notes: "n",
			Created: at(n), Modified: at(n + 1)}
	}
	t.Run("batches", func(t *testing.T) {
		s := h(t)
		type object = enrol.Batch
		type filter = enrol.BatchFilter
		storetest.RunRepo(t, s.Stores.Batches, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(b *object) wispwright.ID { return b.ID }, Mutate: func(b *object) { b.Notes += "!" }, Missing: id(9999), Organizations: organizations, New: batch,
			Orders: []string{"Created", "Name", "ExpirationDate"},
			Search: &storetest.Search[object, filter]{Put: func(b *object, text string) { b.Name = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*object) *object{
				"radius_batch_name": func(first *object) *object {
					second := *first
					second.ID, second.FileName = id(3999), "other"
					return &second
				},
				"radius_batch_file": func(first *object) *object {
					second := *first
					second.ID, second.Name = id(3999), "other"
					return &second
				},
			},
			Filters: map[string]storetest.Filter[object, filter]{
				"strategy": {Filter: filter{Strategy: enrol.ByFile}, Selects: func(b *object) bool { return b.Strategy == enrol.ByFile }},
				"some":     {Filter: filter{IDs: wispwright.Only(id(2001), id(2003))}, Selects: func(b *object) bool { return b.ID == id(2001) || b.ID == id(2003) }},
				"status":   {Filter: filter{Status: enrol.Failed}, Selects: func(*object) bool { return false }},
				"file":     {Filter: filter{FileName: "users_2.csv"}, Selects: func(b *object) bool { return b.FileName == "users_2.csv" }},
			},
		})
	})
	t.Run("papers", func(t *testing.T) {
		s := h(t)
		ctx := context.Background()
		b := batch(1, 0)
		require.NoError(t, s.Stores.Batches.Insert(ctx, b))
		p := &enrol.Paper{ID: b.ID, OrganizationID: b.OrganizationID, File: "a,b\n", Credentials: `[["a","b"]]`}
		require.NoError(t, s.Stores.Papers.Insert(ctx, p))
		back, err := s.Stores.Papers.Get(ctx, wispwright.ScopeOf(b.OrganizationID), b.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"a,b\n", `[["a","b"]]`}, []string{back.File.Reveal(), back.Credentials.Reveal()})
		_, err = s.Stores.Papers.Get(ctx, wispwright.ScopeOf(id(2)), b.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.Error(t, s.Stores.Papers.Insert(ctx, &enrol.Paper{ID: id(9998), OrganizationID: b.OrganizationID}), "of no batch")
	})
	t.Run("users", func(t *testing.T) {
		s := h(t)
		require.NoError(t, s.Stores.Batches.Insert(context.Background(), batch(900, 0)))
		type object = enrol.Member
		type filter = enrol.MemberFilter
		yes := true
		member := func(n, organization int) *object {
			return &object{ID: id(4000 + n), OrganizationID: id(1 + organization), BatchID: id(2900), UserID: id(100 + n), IsNew: n%2 == 0, Place: int64(n)}
		}
		storetest.RunRepo(t, s.Stores.Members, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(m *object) wispwright.ID { return m.ID }, Mutate: func(m *object) { m.Place += 1000 }, Missing: id(9999), Organizations: organizations, New: member, Orders: []string{"Place"},
			Orphan:  func(n int) *object { o := member(n, 0); o.BatchID = id(9998); return o },
			Uniques: map[string]func(*object) *object{"radius_batch_user_pair": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"batch": {Filter: filter{BatchID: id(2900)}, Selects: func(*object) bool { return true }},
				"user":  {Filter: filter{UserID: id(103)}, Selects: func(m *object) bool { return m.UserID == id(103) }},
				"new":   {Filter: filter{IsNew: &yes}, Selects: func(m *object) bool { return m.IsNew }},
			},
		})
	})
}
