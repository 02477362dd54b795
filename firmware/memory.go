package firmware

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory. They look through all
// they have for most questions: they are for tests and small programs.
func NewMemory(m *memstore.Store) Stores {
	s := &memory{store: m}
	s.categories = memstore.NewRepo[wispwright.ID, Category, CategoryFilter](m, memstore.Spec[Category]{Shape: Category{}.Shape()})
	s.builds = memstore.NewRepo[wispwright.ID, Build, BuildFilter](m, memstore.Spec[Build]{Shape: Build{}.Shape(), Search: func(ctx context.Context, b *Build, text string) bool {
		c, err := s.categories.Get(ctx, wispwright.ScopeAll(), b.CategoryID)
		return err == nil && memstore.Contains(c.Name, text)
	}})
	s.images = memstore.NewRepo[wispwright.ID, Image, ImageFilter](m, memstore.Spec[Image]{Shape: Image{}.Shape()})
	s.batches = memstore.NewRepo[wispwright.ID, Batch, BatchFilter](m, memstore.Spec[Batch]{Shape: Batch{}.Shape()})
	s.devices = memstore.NewRepo[wispwright.ID, DeviceFirmware, DeviceFirmwareFilter](m, memstore.Spec[DeviceFirmware]{Shape: DeviceFirmware{}.Shape()})
	s.uploads = memstore.NewRepo[wispwright.ID, Upload, UploadFilter](m, memstore.Spec[Upload]{Shape: Upload{}.Shape()})
	s.operations = memstore.NewRepo[wispwright.ID, Operation, OperationFilter](m, memstore.Spec[Operation]{Shape: Operation{}.Shape(), Match: map[string]func(context.Context, *Operation, any) bool{
		"Waiting": func(_ context.Context, o *Operation, v any) bool { return (o.Queued == nil) == v.(bool) },
	}})
	return Stores{
		Categories: memoryRepo[Category, CategoryFilter]{s.categories, s, s.dropCategory}, Builds: memoryRepo[Build, BuildFilter]{s.builds, s, s.dropBuild},
		Images: memoryRepo[Image, ImageFilter]{s.images, s, s.dropImage}, Batches: memoryRepo[Batch, BatchFilter]{s.batches, s, s.dropBatch},
		Devices: memoryDevices{s.devices, s}, Operations: memoryOperations{s.operations, s}, Uploads: s.uploads,
	}
}

type memory struct {
	store      *memstore.Store
	categories *memstore.Repo[wispwright.ID, Category, CategoryFilter]
	builds     *memstore.Repo[wispwright.ID, Build, BuildFilter]
	images     *memstore.Repo[wispwright.ID, Image, ImageFilter]
	batches    *memstore.Repo[wispwright.ID, Batch, BatchFilter]
	devices    *memstore.Repo[wispwright.ID, DeviceFirmware, DeviceFirmwareFilter]
	operations *memstore.Repo[wispwright.ID, Operation, OperationFilter]
	uploads    *memstore.Repo[wispwright.ID, Upload, UploadFilter]
}

// memoryRepo also removes what belongs to what it deletes.
type memoryRepo[T, F any] struct {
	*memstore.Repo[wispwright.ID, T, F]
	m    *memory
	drop func(ctx context.Context, id wispwright.ID) error
}

// Delete removes the object and what belongs to it.
func (r memoryRepo[T, F]) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return r.m.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		return r.drop(ctx, id)
	})
}

func (m *memory) dropCategory(ctx context.Context, id wispwright.ID) error {
	return m.each(ctx, func(b *Build) bool { return b.CategoryID == id })
}

// each deletes builds with what belongs to them.
func (m *memory) each(ctx context.Context, pick func(*Build) bool) error {
	var ids []wispwright.ID
	if _, err := m.builds.DeleteWhere(ctx, func(b *Build) bool {
		if pick(b) {
			ids = append(ids, b.ID)
		}
		return pick(b)
	}); err != nil {
		return err
	}
	for _, id := range ids {
		if err := m.dropBuild(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) dropBuild(ctx context.Context, id wispwright.ID) error {
	var images, batches []wispwright.ID
	_, err := m.images.DeleteWhere(ctx, func(i *Image) bool {
		if i.BuildID == id {
			images = append(images, i.ID)
		}
		return i.BuildID == id
	})
	if err == nil {
		_, err = m.batches.DeleteWhere(ctx, func(b *Batch) bool {
			if b.BuildID == id {
				batches = append(batches, b.ID)
			}
			return b.BuildID == id
		})
	}
	if err == nil {
		_, err = m.uploads.DeleteWhere(ctx, func(u *Upload) bool { return u.BuildID == id })
	}
	for _, batch := range batches {
		if err == nil {
			err = m.dropBatch(ctx, batch)
		}
	}
	for _, image := range images {
		if err == nil {
			err = m.dropImage(ctx, image)
		}
	}
	return err
}

func (m *memory) dropImage(ctx context.Context, id wispwright.ID) error {
	if _, err := m.devices.DeleteWhere(ctx, func(d *DeviceFirmware) bool { return d.ImageID == id }); err != nil {
		return err
	}
	list, err := m.operations.List(ctx, wispwright.ScopeAll(), OperationFilter{ImageID: id}, unpaged())
	if err != nil {
		return err
	}
	for _, o := range list.Rows {
		if _, err := m.operations.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *Operation) error { o.ImageID = wispwright.ID{}; return nil }); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) dropBatch(ctx context.Context, id wispwright.ID) error {
	_, err := m.operations.DeleteWhere(ctx, func(o *Operation) bool { return o.BatchID == id })
	return err
}

type memoryDevices struct {
	*memstore.Repo[wispwright.ID, DeviceFirmware, DeviceFirmwareFilter]
	m *memory
}

// Put implements DeviceFirmwareStore.
func (s memoryDevices) Put(ctx context.Context, rows []*DeviceFirmware) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		for _, row := range rows {
			found, err := s.List(ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{DeviceID: row.DeviceID}, unpaged())
			if err != nil {
				return err
			}
			if len(found.Rows) == 0 {
				err = s.Insert(ctx, row)
			} else {
				_, err = s.Update(ctx, wispwright.ScopeAll(), found.Rows[0].ID, func(o *DeviceFirmware) error {
					o.OrganizationID, o.ImageID, o.Installed, o.Modified = row.OrganizationID, row.ImageID, row.Installed, row.Modified
					return nil
				})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type memoryOperations struct {
	*memstore.Repo[wispwright.ID, Operation, OperationFilter]
	m *memory
}

// Count implements OperationStore.
func (s memoryOperations) Count(ctx context.Context, batches ...wispwright.ID) (map[wispwright.ID]Counts, error) {
	out := map[wispwright.ID]Counts{}
	for _, id := range batches {
		list, err := s.List(ctx, wispwright.ScopeAll(), OperationFilter{BatchID: id}, unpaged())
		if err != nil {
			return nil, err
		}
		c := Counts{By: map[Status]int{}, Total: len(list.Rows)}
		for _, o := range list.Rows {
			c.By[o.Status]++
			if o.Status == InProgress && o.Queued == nil {
				c.Waiting++
			}
		}
		out[id] = c
	}
	return out, nil
}

// Leave implements OperationStore.
func (s memoryOperations) Leave(ctx context.Context, devices ...wispwright.ID) error {
	among := wispwright.Only(devices...)
	_, err := s.DeleteWhere(ctx, func(o *Operation) bool { return among.Has(o.DeviceID) })
	return err
}

// Move implements OperationStore.
func (s memoryOperations) Move(ctx context.Context, device, organization wispwright.ID) error {
	list, err := s.List(ctx, wispwright.ScopeAll(), OperationFilter{DeviceID: device}, unpaged())
	if err != nil {
		return err
	}
	for _, o := range list.Rows {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *Operation) error { o.OrganizationID = organization; return nil }); err != nil {
			return err
		}
	}
	return nil
}
