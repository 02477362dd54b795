package firmware

import (
	"context"

	"github.com/wispwright/wispwright"
)

// Stores are where the concern keeps its rows, all of one transactor. What belongs
// to a deleted row goes with it: builds with their category, images, uploads and
// batches with their build, device firmware with its image, operations with their
// batch; operations of a deleted image stay, without it.
type Stores struct {
	Categories wispwright.Repo[Category, CategoryFilter]
	Builds     wispwright.Repo[Build, BuildFilter]
	Images     wispwright.Repo[Image, ImageFilter]
	Devices    DeviceFirmwareStore
	Operations OperationStore
	Batches    wispwright.Repo[Batch, BatchFilter]
	Uploads    wispwright.Repo[Upload, UploadFilter]
}

// DeviceFirmwareStore keeps which image devices have. Its unique rule is
// UniqueDeviceFirmware.
type DeviceFirmwareStore interface {
	wispwright.Repo[DeviceFirmware, DeviceFirmwareFilter]
	// Put stores rows of several devices; one whose device has a row already takes
	// the place of that, whose ID and Created stay.
	Put(ctx context.Context, rows []*DeviceFirmware) error
}

// OperationStore keeps operations. Its unique rules are UniqueClaim and
// uniqueTarget.
type OperationStore interface {
	wispwright.Repo[Operation, OperationFilter]
	// InsertMany stores new operations, all or none.
	InsertMany(ctx context.Context, operations []*Operation) error
	// Count counts the operations of batches, in a fixed number of statements. A
	// batch without any has no entry, or a zero one.
	Count(ctx context.Context, batches ...wispwright.ID) (map[wispwright.ID]Counts, error)
	// Leave takes devices out: their operations are deleted.
	Leave(ctx context.Context, devices ...wispwright.ID) error
	// Move makes the operations of a device those of an organization.
	Move(ctx context.Context, device, organization wispwright.ID) error
}
