// Package firmwaretest checks that a storage keeps everything the concern firmware
// relies on, and that an upgrader behaves as one. Any implementation must pass Run
// or RunUpgrader. It also has a fleet in memory for tests of programs.
package firmwaretest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores firmware.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("categories", func(t *testing.T) { runCategories(t, h(t)) })
	t.Run("builds", func(t *testing.T) { runBuilds(t, h(t)) })
	t.Run("images", func(t *testing.T) { runImages(t, h(t)) })
	t.Run("devices", func(t *testing.T) { runDevices(t, h) })
	t.Run("batches", func(t *testing.T) { runBatches(t, h(t)) })
	t.Run("operations", func(t *testing.T) { runOperations(t, h) })
	t.Run("uploads", func(t *testing.T) { runUploads(t, h(t)) })
	t.Run("what belongs together goes together", func(t *testing.T) { runCascades(t, h(t)) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[13], out[14], out[15] = 0xf1, 0x40, byte(n>>16), byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func pointer[T any](v T) *T { return &v }

func organizations() []wispwright.ID { return []wispwright.ID{id(1), id(2)} }

func category(n, organization int) *firmware.Category {
	return &firmware.Category{ID: id(1000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("näher %d", n), Description: "d", Created: at(n), Modified: at(n)}
}

func runCategories(t *testing.T, s Storage) {
	storetest.RunRepo(t, s.Stores.Categories, storetest.Sample[wispwright.ID, firmware.Category, firmware.CategoryFilter]{
		Tx: s.Tx, New: category, Key: func(c *firmware.Category) wispwright.ID { return c.ID }, Mutate: func(c *firmware.Category) { c.Description += "!" },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Name", "Created"},
		Uniques: map[string]func(*firmware.Category) *firmware.Category{firmware.UniqueCategory: func(first *firmware.Category) *firmware.Category {
			c := *first
			c.ID = id(1900)
			return &c
		}},
		Filters: map[string]storetest.Filter[firmware.Category, firmware.CategoryFilter]{
			"ids":          {Filter: firmware.CategoryFilter{IDs: wispwright.Only(id(1001), id(1003))}, Selects: func(c *firmware.Category) bool { return c.ID == id(1001) || c.ID == id(1003) }},
			"organization": {Filter: firmware.CategoryFilter{OrganizationID: id(2)}, Selects: func(c *firmware.Category) bool { return c.OrganizationID == id(2) }},
			"name":         {Filter: firmware.CategoryFilter{Name: "näher 2"}, Selects: func(c *firmware.Category) bool { return c.Name == "näher 2" }},
		},
		Search: &storetest.Search[firmware.Category, firmware.CategoryFilter]{
			Put: func(c *firmware.Category, text string) { c.Name = text }, Filter: func(text string) firmware.CategoryFilter { return firmware.CategoryFilter{Search: text} },
		},
	})
}

func build(n, organization int) *firmware.Build {
	b := &firmware.Build{ID: id(2000 + n), OrganizationID: id(1 + organization), CategoryID: id(1000 + n%2), Version: fmt.Sprintf("v%d", n), Changelog: "new", Created: at(n), Modified: at(n)}
	if n%3 != 0 {
		b.OS = pointer(fmt.Sprintf("OpenWrt %d", n%2))
	}
	return b
}

// with stores what a test needs.
func with[T, F any](t *testing.T, repo wispwright.Repo[T, F], objects ...*T) {
	t.Helper()
	for _, o := range objects {
		require.NoError(t, repo.Insert(context.Background(), o))
	}
}

func categories(t *testing.T, s Storage) {
	t.Helper()
	with(t, s.Stores.Categories, category(0, 0), category(1, 1))
}

func runBuilds(t *testing.T, s Storage) {
	categories(t, s)
	storetest.RunRepo(t, s.Stores.Builds, storetest.Sample[wispwright.ID, firmware.Build, firmware.BuildFilter]{
		Tx: s.Tx, New: build, Key: func(b *firmware.Build) wispwright.ID { return b.ID }, Mutate: func(b *firmware.Build) { b.Changelog += "!" },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Version", "Created"},
		Uniques: map[string]func(*firmware.Build) *firmware.Build{firmware.UniqueBuild: func(first *firmware.Build) *firmware.Build {
			b := *first
			b.ID = id(2900)
			return &b
		}},
		Filters: map[string]storetest.Filter[firmware.Build, firmware.BuildFilter]{
			"ids":          {Filter: firmware.BuildFilter{IDs: wispwright.Only(id(2001))}, Selects: func(b *firmware.Build) bool { return b.ID == id(2001) }},
			"organization": {Filter: firmware.BuildFilter{OrganizationID: id(2)}, Selects: func(b *firmware.Build) bool { return b.OrganizationID == id(2) }},
			"category":     {Filter: firmware.BuildFilter{CategoryID: id(1001)}, Selects: func(b *firmware.Build) bool { return b.CategoryID == id(1001) }},
			"version":      {Filter: firmware.BuildFilter{Version: "v2"}, Selects: func(b *firmware.Build) bool { return b.Version == "v2" }},
			"os":           {Filter: firmware.BuildFilter{OS: "OpenWrt 1"}, Selects: func(b *firmware.Build) bool { return b.System() == "OpenWrt 1" }},
			"by category":  {Filter: firmware.BuildFilter{Search: "ÄHER 1"}, Selects: func(b *firmware.Build) bool { return b.CategoryID == id(1001) }},
		},
		Search: &storetest.Search[firmware.Build, firmware.BuildFilter]{
			Put: func(b *firmware.Build, text string) { b.Version = text }, Filter: func(text string) firmware.BuildFilter { return firmware.BuildFilter{Search: text} },
		},
		Orphan: func(n int) *firmware.Build {
			b := build(n, 0)
			b.CategoryID = id(9000 + n)
			return b
		},
	})
}

func image(n, organization int) *firmware.Image {
	return &firmware.Image{ID: id(3000 + n), OrganizationID: id(1 + organization), BuildID: id(2000 + n%2), Type: fmt.Sprintf("type %d", n), File: fmt.Sprintf("b/%d", n), Size: 5 << 30, Checksum: "ab",
		Boards: []string{"Größe", "b"}, Metadata: firmware.Metadata{Status: "success", Compatible: []string{"x,y"}, Version: "1"}, Created: at(n), Modified: at(n)}
}

func builds(t *testing.T, s Storage) {
	t.Helper()
	categories(t, s)
	with(t, s.Stores.Builds, build(0, 0), build(1, 1))
}

func runImages(t *testing.T, s Storage) {
	builds(t, s)
	storetest.RunRepo(t, s.Stores.Images, storetest.Sample[wispwright.ID, firmware.Image, firmware.ImageFilter]{
		Tx: s.Tx, New: image, Key: func(i *firmware.Image) wispwright.ID { return i.ID }, Mutate: func(i *firmware.Image) { i.Checksum += "0" },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Type", "Created"},
		Uniques: map[string]func(*firmware.Image) *firmware.Image{firmware.UniqueImage: func(first *firmware.Image) *firmware.Image {
			i := *first
			i.ID = id(3900)
			return &i
		}},
		Filters: map[string]storetest.Filter[firmware.Image, firmware.ImageFilter]{
			"ids":          {Filter: firmware.ImageFilter{IDs: wispwright.Only(id(3001))}, Selects: func(i *firmware.Image) bool { return i.ID == id(3001) }},
			"organization": {Filter: firmware.ImageFilter{OrganizationID: id(2)}, Selects: func(i *firmware.Image) bool { return i.OrganizationID == id(2) }},
			"build":        {Filter: firmware.ImageFilter{BuildID: id(2001)}, Selects: func(i *firmware.Image) bool { return i.BuildID == id(2001) }},
			"builds":       {Filter: firmware.ImageFilter{BuildIDs: wispwright.Only(id(2000))}, Selects: func(i *firmware.Image) bool { return i.BuildID == id(2000) }},
			"type":         {Filter: firmware.ImageFilter{Type: "type 3"}, Selects: func(i *firmware.Image) bool { return i.Type == "type 3" }},
			"file":         {Filter: firmware.ImageFilter{File: "b/2"}, Selects: func(i *firmware.Image) bool { return i.File == "b/2" }},
			"files":        {Filter: firmware.ImageFilter{Files: wispwright.Only("b/2", "b/4")}, Selects: func(i *firmware.Image) bool { return i.File == "b/2" || i.File == "b/4" }},
		},
		Orphan: func(n int) *firmware.Image {
			i := image(n, 0)
			i.BuildID = id(9000 + n)
			return i
		},
	})
}

func images(t *testing.T, s Storage) {
	t.Helper()
	builds(t, s)
	with(t, s.Stores.Images, image(0, 0), image(1, 1))
}

func device(n, organization int) *firmware.DeviceFirmware {
	return &firmware.DeviceFirmware{ID: id(4000 + n), OrganizationID: id(1 + organization), DeviceID: id(8000 + n), ImageID: id(3000 + n%2), Installed: n%3 == 0, Created: at(n), Modified: at(n)}
}

func runDevices(t *testing.T, h Harness) {
	s := h(t)
	images(t, s)
	storetest.RunRepo(t, s.Stores.Devices, storetest.Sample[wispwright.ID, firmware.DeviceFirmware, firmware.DeviceFirmwareFilter]{
		Tx: s.Tx, New: device, Key: func(d *firmware.DeviceFirmware) wispwright.ID { return d.ID }, Mutate: func(d *firmware.DeviceFirmware) { d.Modified = d.Modified.Add(time.Second) },
		Missing: id(9999), Organizations: organizations(), Orders: []string{"Created"},
		Uniques: map[string]func(*firmware.DeviceFirmware) *firmware.DeviceFirmware{firmware.UniqueDeviceFirmware: func(first *firmware.DeviceFirmware) *firmware.DeviceFirmware {
			d := *first
			d.ID = id(4900)
			return &d
		}},
		Filters: map[string]storetest.Filter[firmware.DeviceFirmware, firmware.DeviceFirmwareFilter]{
			"organization": {Filter: firmware.DeviceFirmwareFilter{OrganizationID: id(2)}, Selects: func(d *firmware.DeviceFirmware) bool { return d.OrganizationID == id(2) }},
			"device":       {Filter: firmware.DeviceFirmwareFilter{DeviceID: id(8002)}, Selects: func(d *firmware.DeviceFirmware) bool { return d.DeviceID == id(8002) }},
			"devices":      {Filter: firmware.DeviceFirmwareFilter{DeviceIDs: wispwright.Only(id(8002), id(8003))}, Selects: func(d *firmware.DeviceFirmware) bool { return d.DeviceID == id(8002) || d.DeviceID == id(8003) }},
			"image":        {Filter: firmware.DeviceFirmwareFilter{ImageID: id(3001)}, Selects: func(d *firmware.DeviceFirmware) bool { return d.ImageID == id(3001) }},
			"images":       {Filter: firmware.DeviceFirmwareFilter{ImageIDs: wispwright.Only(id(3000))}, Selects: func(d *firmware.DeviceFirmware) bool { return d.ImageID == id(3000) }},
			"installed":    {Filter: firmware.DeviceFirmwareFilter{Installed: pointer(true)}, Selects: func(d *firmware.DeviceFirmware) bool { return d.Installed }},
		},
		Orphan: func(n int) *firmware.DeviceFirmware {
			d := device(n, 0)
			d.ImageID = id(9000 + n)
			return d
		},
	})
	t.Run("a row takes the place of another of its device", func(t *testing.T) {
		ctx := context.Background()
		s := h(t)
		images(t, s)
		before := device(0, 0)
		with(t, s.Stores.Devices, before)
		again := device(5, 0)
		again.DeviceID, again.ImageID = before.DeviceID, id(3001)
		require.NoError(t, s.Stores.Devices.Put(ctx, []*firmware.DeviceFirmware{again, device(1, 1)}))
		got, err := s.Stores.Devices.Get(ctx, all(), before.ID)
		require.NoError(t, err)
		want := *before
		want.ImageID, want.Installed, want.Modified = id(3001), again.Installed, again.Modified
		require.Equal(t, &want, got)
		_, err = s.Stores.Devices.Get(ctx, all(), id(4001))
		require.NoError(t, err)
		_, err = s.Stores.Devices.Get(ctx, all(), again.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.NoError(t, s.Stores.Devices.Put(ctx, nil))
	})
}
