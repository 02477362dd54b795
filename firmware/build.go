package firmware

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Category holds the builds of one purpose, such as access points
// (spec: firmware §1).
type Category struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; zero: shared by all (additions F-5).
	OrganizationID wispwright.ID
	// Name is unique in its organization: 1 to 64 characters.
	Name string
	// Description is free text.
	Description string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// CategoryFilter selects categories; the zero value all.
type CategoryFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Name is what one is called.
	Name string
	// Search is a part of the name, in any letter case.
	Search string
}

// UniqueCategory is the rule that names differ within an organization.
const UniqueCategory = "firmware_category_name"

// Shape is how storages keep categories.
func (Category) Shape() store.Shape {
	return store.Shape{Table: "firmware_category", Org: "OrganizationID", Search: []string{"Name"},
		Order:  []wispwright.Order{{Field: "Name", Descending: true}, {Field: "Created"}},
		Unique: []store.Unique{{Name: UniqueCategory, Fields: []string{"OrganizationID", "Name"}}}}
}

// Build is a version of the firmware of a category.
type Build struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is its category's; the service keeps it.
	OrganizationID wispwright.ID
	// CategoryID is what it belongs to.
	CategoryID wispwright.ID
	// Version is unique in its category: 1 to 32 characters.
	Version string
	// OS is what devices that run it call their system, up to 64 characters: by it
	// running builds are detected and upgrades verified. Nil and "" are not known.
	OS *string
	// Changelog is free text.
	Changelog string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// System is the OS, "" when it is not known.
func (b *Build) System() string {
	if b.OS == nil {
		return ""
	}
	return *b.OS
}

// BuildFilter selects builds; the zero value all.
type BuildFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID and CategoryID are as in Build.
	OrganizationID, CategoryID wispwright.ID
	// Version and OS are as in Build.
	Version, OS string
	// Search is a part of version, OS or the category's name, in any letter case.
	Search string
}

// UniqueBuild is the rule that versions differ within a category.
const UniqueBuild = "firmware_build_version"

// Shape is how storages keep builds: the newest first.
func (Build) Shape() store.Shape {
	return store.Shape{Table: "firmware_build", Org: "OrganizationID", Search: []string{"Version", "OS"},
		Order:   []wispwright.Order{{Field: "Created", Descending: true}, {Field: "Version", Descending: true}},
		Unique:  []store.Unique{{Name: UniqueBuild, Fields: []string{"CategoryID", "Version"}}},
		Parents: []store.Parent{{Field: "CategoryID", Table: "firmware_category"}}}
}

// Image is the file of a build for one type of hardware.
type Image struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is its build's; the service keeps it.
	OrganizationID wispwright.ID
	// BuildID is what it belongs to.
	BuildID wispwright.ID
	// Type is the name of an ImageType, unique in its build.
	Type string
	// File is where it lies: the build's id, a slash and its name. The service
	// chooses it.
	File string
	// Size is its length in bytes, Checksum the SHA-256 in hexadecimal.
	Size     int64
	Checksum string
	// Boards are models of devices that it fits beside those of its type.
	Boards []string
	// Metadata is what the image says of itself.
	Metadata Metadata
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// Name is the name of its file.
func (i *Image) Name() string { return baseName(i.File) }

// ImageFilter selects images; the zero value all.
type ImageFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// BuildID is their build, BuildIDs some.
	BuildID  wispwright.ID
	BuildIDs wispwright.Among[wispwright.ID]
	// Type is as in Image, File too, Files some.
	Type, File string
	Files      wispwright.Among[string]
}

// UniqueImage is the rule that types differ within a build.
const UniqueImage = "firmware_image_type"

// Shape is how storages keep images: the newest first.
func (Image) Shape() store.Shape {
	return store.Shape{Table: "firmware_image", Org: "OrganizationID", Order: store.Newest("Created"), Documents: []string{"Metadata"},
		Unique:  []store.Unique{{Name: UniqueImage, Fields: []string{"BuildID", "Type"}}},
		Parents: []store.Parent{{Field: "BuildID", Table: "firmware_build"}}}
}

// DeviceFirmware says which image a device has, or is to have.
type DeviceFirmware struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the device's.
	OrganizationID wispwright.ID
	// DeviceID is the device; each has one at most.
	DeviceID wispwright.ID
	// ImageID is the image.
	ImageID wispwright.ID
	// Installed is false until the image is known to be on the device.
	Installed bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// DeviceFirmwareFilter selects them; the zero value all.
type DeviceFirmwareFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// DeviceID is the device, DeviceIDs some.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// ImageID is the image, ImageIDs some.
	ImageID  wispwright.ID
	ImageIDs wispwright.Among[wispwright.ID]
	// Installed is as in DeviceFirmware.
	Installed *bool
}

// UniqueDeviceFirmware is the rule that a device has one at most.
const UniqueDeviceFirmware = "firmware_device_device"

// Shape is how storages keep them: the newest first.
func (DeviceFirmware) Shape() store.Shape {
	return store.Shape{Table: "firmware_device", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique:  []store.Unique{{Name: UniqueDeviceFirmware, Fields: []string{"DeviceID"}}},
		Parents: []store.Parent{{Field: "ImageID", Table: "firmware_image"}}}
}

// Upload is an image that arrives in parts, so that it can be resumed.
type Upload struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is its build's.
	OrganizationID wispwright.ID
	// BuildID is the build that the image is for.
	BuildID wispwright.ID
	// Name and Type are those of the image.
	Name, Type string
	// Size is how long it will be, Received how much is there.
	Size, Received int64
	// Parts are where the parts that are there lie, in their order.
	Parts []string
	// Checksum is what its SHA-256 must be; empty: anything.
	Checksum string
	// Created and Modified are when it was begun and went on last.
	Created, Modified time.Time
}

// UploadFilter selects uploads; the zero value all.
type UploadFilter struct {
	// BuildID is the build.
	BuildID wispwright.ID
	// ModifiedBefore selects those that did not go on since.
	ModifiedBefore time.Time
}

// Shape is how storages keep uploads: the newest first.
func (Upload) Shape() store.Shape {
	return store.Shape{Table: "firmware_upload", Org: "OrganizationID", Order: store.Newest("Created"),
		Parents: []store.Parent{{Field: "BuildID", Table: "firmware_build"}}}
}
