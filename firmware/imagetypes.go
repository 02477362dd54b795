package firmware

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed imagetypes.json
var builtIn []byte

// ImageType is a type of hardware that images are made for
// (spec: firmware §1.2; additions F-7).
type ImageType struct {
	// Name is what images are stored with: the name of the file that OpenWrt makes,
	// without the part up to its first hyphen.
	Name string `json:"type"`
	// Label is its name for people.
	Label string `json:"label"`
	// Boards are the models of the devices it fits, as agents report them.
	Boards []string `json:"boards"`
	// Former are names that it had; they are accepted and replaced.
	Former []string `json:"former,omitempty"`
}

// ImageTypes are the types that an installation knows, in the order in which they
// are offered. Make them with NewImageTypes; they do not change afterwards.
type ImageTypes struct {
	list  []*ImageType
	named map[string]*ImageType
	board map[string]*ImageType
}

// NewImageTypes returns the types of OpenWrt behind some of one's own. A type of
// one's own with the name of a built-in one is replaced by that, and of several
// types that list a board the last one counts, as clients know it. Errors: a type
// without name or boards, or one that is there twice.
func NewImageTypes(own ...ImageType) (*ImageTypes, error) {
	var built []ImageType
	if err := json.Unmarshal(builtIn, &built); err != nil {
		return nil, fmt.Errorf("firmware: the built-in types: %w", err)
	}
	t := &ImageTypes{named: map[string]*ImageType{}, board: map[string]*ImageType{}}
	for i, o := range own {
		switch {
		case o.Name == "" || len(o.Boards) == 0:
			return nil, fmt.Errorf("firmware: image type %d: a name and boards are required", i+1)
		case slices.ContainsFunc(own[:i], func(p ImageType) bool { return p.Name == o.Name }):
			return nil, fmt.Errorf("firmware: image type %s is there twice", o.Name)
		case slices.ContainsFunc(built, func(p ImageType) bool { return p.Name == o.Name }):
			continue
		}
		if o.Label == "" {
			o.Label = o.Name
		}
		t.add(o)
	}
	for _, o := range built {
		t.add(o)
	}
	return t, nil
}

func (t *ImageTypes) add(o ImageType) {
	t.list = append(t.list, &o)
	for _, name := range append(o.Former, o.Name) {
		t.named[name] = &o
	}
	for _, b := range o.Boards {
		t.board[b] = &o
	}
}

// All are the types in their order.
func (t *ImageTypes) All() []*ImageType { return t.list }

// Get returns the type of a name, or of a former one; nil when there is none.
func (t *ImageTypes) Get(name string) *ImageType { return t.named[name] }

// OfModel returns the type for a model of devices; nil when there is none.
func (t *ImageTypes) OfModel(model string) *ImageType { return t.board[model] }

// OfFile derives the name of a type from that of a file: what follows its first
// hyphen (spec: firmware §1.1), or a later one where that is no type and this is: files of
// releases have a version in front of it, as in openwrt-24.10.0-ath79-….
func (t *ImageTypes) OfFile(name string) string {
	name = baseName(name)
	for rest, more := name, true; more; {
		if _, rest, more = strings.Cut(rest, "-"); more && t.named[rest] != nil {
			return rest
		}
	}
	if _, after, found := strings.Cut(name, "-"); found {
		return after
	}
	return name
}

// Label is how a type is called, its name when it is not known.
func (t *ImageTypes) Label(name string) string {
	if o := t.named[name]; o != nil {
		return o.Label
	}
	return name
}

// Fits reports whether an image fits a model of devices.
func (t *ImageTypes) Fits(i *Image, model string) bool {
	if slices.Contains(i.Boards, model) {
		return model != ""
	}
	o := t.named[i.Type]
	return o != nil && slices.Contains(o.Boards, model)
}

// models are those an image fits.
func (t *ImageTypes) models(i *Image) []string {
	out := slices.Clone(i.Boards)
	if o := t.named[i.Type]; o != nil {
		out = append(out, o.Boards...)
	}
	return out
}

func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" {
		return ""
	}
	return name
}
