package firmwaretest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/rollout"
)

func batch(n, organization int) *firmware.Batch {
	b := &firmware.Batch{ID: id(5000 + n), OrganizationID: id(1 + organization), BuildID: id(2000 + n%2), Status: []firmware.Status{firmware.Idle, firmware.InProgress, firmware.Scheduled}[n%3],
		Options: `{"c":true, "ä":1}`, GroupID: id(600 + n%2), LocationID: id(700 + n%2), Devices: []wispwright.ID{id(8000)}, IsPersistent: n%2 == 0, Firmwareless: true, Parallel: 7,
		Problem: "p", Skipped: map[wispwright.ID]string{id(8001): "größer"}, Created: at(n), Modified: at(n)}
	if n%3 == 2 {
		b.ScheduledAt = pointer(at(n))
	}
	if n%2 == 1 {
		b.Strategy = &rollout.Strategy{Waves: []rollout.Wave{{Count: n, Pause: time.Minute}}, PerSite: 2, TimeZone: "Europe/Rome", Deadline: pointer(at(n))}
		b.RolloutID, b.ActorID, b.Actor = id(9500+n), id(9600), "näher"
	}
	return b
}

func runBatches(t *testing.T, s Storage) {
	builds(t, s)
	storetest.RunRepo(t, s.Stores.Batches, storetest.Sample[wispwright.ID, firmware.Batch, firmware.BatchFilter]{
		Tx: s.Tx, New: batch, Key: func(b *firmware.Batch) wispwright.ID { return b.ID }, Mutate: func(b *firmware.Batch) { b.Parallel++ },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Created"},
		Filters: map[string]storetest.Filter[firmware.Batch, firmware.BatchFilter]{
			"organization": {Filter: firmware.BatchFilter{OrganizationID: id(2)}, Selects: func(b *firmware.Batch) bool { return b.OrganizationID == id(2) }},
			"build":        {Filter: firmware.BatchFilter{BuildID: id(2001)}, Selects: func(b *firmware.Batch) bool { return b.BuildID == id(2001) }},
			"status":       {Filter: firmware.BatchFilter{Status: firmware.Idle}, Selects: func(b *firmware.Batch) bool { return b.Status == firmware.Idle }},
			"statuses":     {Filter: firmware.BatchFilter{Statuses: wispwright.Only(firmware.Idle, firmware.Scheduled)}, Selects: func(b *firmware.Batch) bool { return b.Status != firmware.InProgress }},
			"group":        {Filter: firmware.BatchFilter{GroupID: id(601)}, Selects: func(b *firmware.Batch) bool { return b.GroupID == id(601) }},
			"location":     {Filter: firmware.BatchFilter{LocationID: id(700)}, Selects: func(b *firmware.Batch) bool { return b.LocationID == id(700) }},
			"persistent":   {Filter: firmware.BatchFilter{IsPersistent: pointer(true)}, Selects: func(b *firmware.Batch) bool { return b.IsPersistent }},
			"due":          {Filter: firmware.BatchFilter{ScheduledAtBefore: at(3)}, Selects: func(b *firmware.Batch) bool { return b.ScheduledAt != nil && b.ScheduledAt.Before(at(3)) }},
			"created":      {Filter: firmware.BatchFilter{Created: at(2)}, Selects: func(b *firmware.Batch) bool { return b.Created.Equal(at(2)) }},
		},
		Orphan: func(n int) *firmware.Batch {
			b := batch(n, 0)
			b.BuildID = id(9000 + n)
			return b
		},
	})
}

func operation(n, organization int) *firmware.Operation {
	o := &firmware.Operation{ID: id(6000 + n), OrganizationID: id(1 + organization), DeviceID: id(8000 + n), ImageID: id(3000 + n%2), BatchID: id(5000 + n%2),
		Status: []firmware.Status{firmware.InProgress, firmware.Pending, firmware.Success}[n%3], Log: "größer\nline", Progress: n, Options: `{"c":true}`, IsPersistent: n%2 == 0,
		RetryCount: n, Created: at(n), Modified: at(n), Claimed: n%2 == 1, Attempts: n, Flashed: n%3 == 0, State: `{"boot":"x"}`}
	if n%2 == 0 {
		o.NextRetryAt = pointer(at(n))
	}
	if n%4 != 0 {
		o.Queued = pointer(at(n))
	}
	return o
}

func batches(t *testing.T, s Storage) {
	t.Helper()
	images(t, s)
	with(t, s.Stores.Batches, batch(0, 0), batch(1, 1))
}

func runOperations(t *testing.T, h Harness) {
	s := h(t)
	batches(t, s)
	type filter = firmware.OperationFilter
	type operations = storetest.Filter[firmware.Operation, filter]
	storetest.RunRepo(t, s.Stores.Operations, storetest.Sample[wispwright.ID, firmware.Operation, filter]{
		Tx: s.Tx, New: operation, Key: func(o *firmware.Operation) wispwright.ID { return o.ID }, Mutate: func(o *firmware.Operation) { o.Log += "!" },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Created", "DeviceID"},
		Uniques: map[string]func(*firmware.Operation) *firmware.Operation{
			"firmware_operation_target": func(first *firmware.Operation) *firmware.Operation {
				o := *first
				o.ID, o.Claimed = id(6900), false
				return &o
			},
		},
		Filters: map[string]operations{
			"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(o *firmware.Operation) bool { return o.OrganizationID == id(2) }},
			"device":       {Filter: filter{DeviceID: id(8002)}, Selects: func(o *firmware.Operation) bool { return o.DeviceID == id(8002) }},
			"devices":      {Filter: filter{DeviceIDs: wispwright.Only(id(8001), id(8002))}, Selects: func(o *firmware.Operation) bool { return o.DeviceID == id(8001) || o.DeviceID == id(8002) }},
			"image":        {Filter: filter{ImageID: id(3001)}, Selects: func(o *firmware.Operation) bool { return o.ImageID == id(3001) }},
			"batch":        {Filter: filter{BatchID: id(5001)}, Selects: func(o *firmware.Operation) bool { return o.BatchID == id(5001) }},
			"status":       {Filter: filter{Status: firmware.Pending}, Selects: func(o *firmware.Operation) bool { return o.Status == firmware.Pending }},
			"statuses":     {Filter: filter{Statuses: wispwright.Only(firmware.Pending, firmware.Success)}, Selects: func(o *firmware.Operation) bool { return o.Status != firmware.InProgress }},
			"persistent":   {Filter: filter{IsPersistent: pointer(true)}, Selects: func(o *firmware.Operation) bool { return o.IsPersistent }},
			"claimed":      {Filter: filter{Claimed: pointer(true)}, Selects: func(o *firmware.Operation) bool { return o.Claimed }},
			"not flashed":  {Filter: filter{Flashed: pointer(false)}, Selects: func(o *firmware.Operation) bool { return !o.Flashed }},
			"waiting":      {Filter: filter{Waiting: pointer(true)}, Selects: func(o *firmware.Operation) bool { return o.Queued == nil }},
			"not waiting":  {Filter: filter{Waiting: pointer(false)}, Selects: func(o *firmware.Operation) bool { return o.Queued != nil }},
			"due":          {Filter: filter{NextRetryAtBefore: at(3)}, Selects: func(o *firmware.Operation) bool { return o.NextRetryAt != nil && o.NextRetryAt.Before(at(3)) }},
			"idle":         {Filter: filter{ModifiedBefore: at(3)}, Selects: func(o *firmware.Operation) bool { return o.Modified.Before(at(3)) }},
			"later":        {Filter: filter{CreatedFrom: at(3)}, Selects: func(o *firmware.Operation) bool { return !o.Created.Before(at(3)) }},
		},
		Orphan: func(n int) *firmware.Operation {
			o := operation(n, 0)
			o.BatchID = id(9000 + n)
			return o
		},
	})
	t.Run("one at a time works on a device", func(t *testing.T) { runClaim(t, h(t)) })
	t.Run("operations are counted", func(t *testing.T) { runCount(t, h(t)) })
	t.Run("devices move and leave", func(t *testing.T) { runLeave(t, h(t)) })
}

func runClaim(t *testing.T, s Storage) {
	ctx := context.Background()
	batches(t, s)
	first, second := operation(0, 0), operation(1, 0)
	second.DeviceID, first.Claimed, second.Claimed = first.DeviceID, false, false
	with(t, s.Stores.Operations, first, second)
	claim := func(o *firmware.Operation, claimed bool) error {
		_, err := s.Stores.Operations.Update(ctx, all(), o.ID, func(o *firmware.Operation) error { o.Claimed = claimed; return nil })
		return err
	}
	require.NoError(t, claim(first, true))
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, claim(second, true), &conflict)
	require.Equal(t, firmware.UniqueClaim, conflict.Unique)
	require.NoError(t, claim(first, false))
	require.NoError(t, claim(second, true))
}

func runCount(t *testing.T, s Storage) {
	ctx := context.Background()
	batches(t, s)
	var list []*firmware.Operation
	for n := range 240 {
		list = append(list, operation(n, 0))
	}
	require.NoError(t, s.Stores.Operations.InsertMany(ctx, list))
	require.Error(t, s.Stores.Operations.InsertMany(ctx, []*firmware.Operation{operation(1300, 0), list[0]}))
	_, err := s.Stores.Operations.Get(ctx, all(), id(7300))
	require.ErrorIs(t, err, wispwright.ErrNotFound, "all or none")
	counts, err := s.Stores.Operations.Count(ctx, id(5000), id(5001), id(5999))
	require.NoError(t, err)
	for b, got := range map[int]firmware.Counts{0: counts[id(5000)], 1: counts[id(5001)]} {
		want := firmware.Counts{By: map[firmware.Status]int{}}
		for n := b; n < 240; n += 2 {
			want.Total++
			want.By[list[n].Status]++
			if list[n].Status == firmware.InProgress && list[n].Queued == nil {
				want.Waiting++
			}
		}
		require.Equal(t, want, got)
	}
	require.Zero(t, counts[id(5999)].Total)
}

func runLeave(t *testing.T, s Storage) {
	ctx := context.Background()
	batches(t, s)
	with(t, s.Stores.Operations, operation(0, 0), operation(1, 0), operation(2, 0))
	require.NoError(t, s.Stores.Operations.Move(ctx, id(8001), id(2)))
	got, err := s.Stores.Operations.Get(ctx, wispwright.ScopeOf(id(2)), id(6001))
	require.NoError(t, err)
	require.Equal(t, id(8001), got.DeviceID)
	_, err = s.Stores.Operations.Get(ctx, wispwright.ScopeOf(id(1)), id(6000))
	require.NoError(t, err)
	require.NoError(t, s.Stores.Operations.Leave(ctx, id(8001), id(8002)))
	left, err := s.Stores.Operations.List(ctx, all(), firmware.OperationFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, left.Total)
	require.Equal(t, id(6000), left.Rows[0].ID)
	require.NoError(t, s.Stores.Operations.Leave(ctx))
}

func runUploads(t *testing.T, s Storage) {
	builds(t, s)
	upload := func(n, organization int) *firmware.Upload {
		return &firmware.Upload{ID: id(7000 + n), OrganizationID: id(1 + organization), BuildID: id(2000 + n%2), Name: "näher.bin", Type: "t", Size: 5 << 30, Received: int64(n), Parts: []string{"größer", "b"}, Checksum: "ab", Created: at(n), Modified: at(n)}
	}
	storetest.RunRepo(t, s.Stores.Uploads, storetest.Sample[wispwright.ID, firmware.Upload, firmware.UploadFilter]{
		Tx: s.Tx, New: upload, Key: func(u *firmware.Upload) wispwright.ID { return u.ID }, Mutate: func(u *firmware.Upload) { u.Received++ },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Created"},
		Filters: map[string]storetest.Filter[firmware.Upload, firmware.UploadFilter]{
			"build": {Filter: firmware.UploadFilter{BuildID: id(2001)}, Selects: func(u *firmware.Upload) bool { return u.BuildID == id(2001) }},
			"idle":  {Filter: firmware.UploadFilter{ModifiedBefore: at(3)}, Selects: func(u *firmware.Upload) bool { return u.Modified.Before(at(3)) }},
		},
		Orphan: func(n int) *firmware.Upload {
			u := upload(n, 0)
			u.BuildID = id(9000 + n)
			return u
		},
	})
}

func runCascades(t *testing.T, s Storage) {
	ctx := context.Background()
	batches(t, s)
	with(t, s.Stores.Devices, device(0, 0), device(1, 1))
	with(t, s.Stores.Operations, operation(0, 0), operation(1, 1))
	with(t, s.Stores.Uploads, &firmware.Upload{ID: id(7000), OrganizationID: id(1), BuildID: id(2000), Created: at(0), Modified: at(0)})
	require.NoError(t, s.Stores.Images.Delete(ctx, all(), id(3001)))
	_, err := s.Stores.Devices.Get(ctx, all(), id(4001))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	kept, err := s.Stores.Operations.Get(ctx, all(), id(6001))
	require.NoError(t, err)
	want := operation(1, 1)
	want.ImageID = wispwright.ID{}
	require.Equal(t, want, kept, "operations outlive their image")
	require.NoError(t, s.Stores.Batches.Delete(ctx, all(), id(5001)))
	_, err = s.Stores.Operations.Get(ctx, all(), id(6001))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, s.Stores.Categories.Delete(ctx, all(), id(1000)))
	left := 0
	for _, err := range []error{
		second(s.Stores.Builds.Get(ctx, all(), id(2000))), second(s.Stores.Images.Get(ctx, all(), id(3000))), second(s.Stores.Devices.Get(ctx, all(), id(4000))),
		second(s.Stores.Batches.Get(ctx, all(), id(5000))), second(s.Stores.Operations.Get(ctx, all(), id(6000))), second(s.Stores.Uploads.Get(ctx, all(), id(7000))),
	} {
		if err == nil {
			left++
		}
	}
	require.Zero(t, left, "everything goes with its category")
	_, err = s.Stores.Builds.Get(ctx, all(), id(2001))
	require.NoError(t, err, "what is of another stays")
}

func second[T any](_ T, err error) error { return err }
