package firmwaretest

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

func asLater(err error, target **firmware.LaterError) bool { return errors.As(err, target) }

// Type and Model are a type of images and a model of devices that it fits.
const (
	Type  = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
	Model = "TP-Link TL-WDR4300 v1"
)

// World is the concern in memory with a fleet, an organization, a category and two
// builds, of which each has an image.
type World struct {
	*firmware.Service
	// Fleet are the devices; none at first.
	Fleet *Fleet
	// Queue are the jobs.
	Queue *Queue
	// Blobs keep the images.
	Blobs *blob.Memory
	// Organization is whose everything is.
	Organization wispwright.ID
	// Category has the builds.
	Category *firmware.Category
	// Builds are the two.
	Builds []*firmware.Build
	// Images are one of each build.
	Images []*firmware.Image
	// Now is the time.
	Now time.Time
}

// Content is what is in the images of a World.
const Content = "firmware-image-bytes"

// NewWorld makes one over memory with upgraders.
func NewWorld(t testing.TB, upgraders []firmware.UpgraderType, change ...func(*firmware.Options)) *World {
	t.Helper()
	m := memstore.New()
	return NewWorldOver(t, Storage{m, firmware.NewMemory(m)}, upgraders, change...)
}

// NewWorldOver makes one over a storage that is empty.
func NewWorldOver(t testing.TB, s Storage, upgraders []firmware.UpgraderType, change ...func(*firmware.Options)) *World {
	t.Helper()
	ctx := context.Background()
	w := &World{Fleet: &Fleet{}, Queue: &Queue{}, Blobs: &blob.Memory{}, Organization: id(1), Now: at(0)}
	known, err := firmware.NewUpgraders(upgraders...)
	require.NoError(t, err)
	o := &firmware.Options{Upgraders: known, Reacher: w.Fleet, Jobs: w.Queue, Blobs: w.Blobs, OrganizationName: func(context.Context, wispwright.ID) (string, error) { return "acme", nil }}
	for _, fn := range change {
		fn(o)
	}
	base := &entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}, Clock: func() time.Time { return w.Now }}
	w.Service, err = firmware.New(base, s.Stores, w.Fleet, o)
	require.NoError(t, err)
	w.Category = &firmware.Category{OrganizationID: w.Organization, Name: "WiFi"}
	require.NoError(t, w.Categories.Create(ctx, w.Category))
	for _, version := range []string{"1.0", "2.0"} {
		b := &firmware.Build{CategoryID: w.Category.ID, Version: version}
		require.NoError(t, w.Service.Builds.Create(ctx, b))
		i, err := w.Service.Images.Create(ctx, all(), b.ID, firmware.File{Name: "openwrt-" + Type, Body: strings.NewReader(Content)})
		require.NoError(t, err)
		w.Builds, w.Images = append(w.Builds, b), append(w.Images, i)
	}
	w.Queue.Take()
	return w
}

// Device adds the nth device, of Model, with a connection to OpenWrt.
func (w *World) Device(n int) wispwright.ID {
	d := firmware.Device{ID: id(8000 + n), OrganizationID: w.Organization, Name: "router", Model: Model, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})}}
	w.Fleet.Add(d, connection.StrategyOpenWrt)
	return d.ID
}

// Begin begins an upgrade of a device to an image and returns the operation.
func (w *World) Begin(t testing.TB, device wispwright.ID, image *firmware.Image, options wispwright.JSON) *firmware.Operation {
	t.Helper()
	_, op, _, err := w.Devices.Set(context.Background(), all(), device, firmware.Choice{ImageID: image.ID, Options: options})
	require.NoError(t, err)
	require.NotNil(t, op)
	return op
}

// Operation reads an operation.
func (w *World) Operation(t testing.TB, id wispwright.ID) *firmware.Operation {
	t.Helper()
	op, err := w.Operations.Get(context.Background(), all(), id)
	require.NoError(t, err)
	return op
}
