package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Output is what an image builder made.
type Output struct {
	// Target is what the images are for, Version what they contain, such as 24.10.0.
	Target, Version string
	// System is what devices with it call their system; empty when that is not said.
	System string
	// Images are those that sysupgrade takes, by profile and name.
	Images []Image
}

// Image is an image that sysupgrade takes.
type Image struct {
	// Name is the name of its file in the folder, Profile the device it is for.
	Name, Profile string
	// Titles are what people call the device: vendor and model.
	Titles []string
	// Boards are what devices call themselves.
	Boards []string
	// Checksum is its SHA-256 in hexadecimal, Size its length in bytes.
	Checksum string
	Size     int64
}

// list is what an image builder writes beside the images.
type list struct {
	Target   string `json:"target"`
	Version  string `json:"version_number"`
	Code     string `json:"version_code"`
	Profiles map[string]struct {
		Titles []struct {
			Vendor, Model, Variant, Title string
		} `json:"titles"`
		Devices []string `json:"supported_devices"`
		Images  []struct {
			Name, Type, Filesystem string
			SHA256                 string `json:"sha256"`
		} `json:"images"`
	} `json:"profiles"`
}

// listName is the name of the list, mostList how large it is at most.
const (
	listName = "profiles.json"
	mostList = 16 << 20
)

// Read finds the images in the folder of an image builder, wherever below it its list
// lies, and compares each with its checksum. Errors: no list, or several; an image that
// is missing, or not the one that the list tells of.
func Read(folder fs.FS) (*Output, error) {
	at := ""
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != listName {
			return err
		}
		if at != "" {
			return fmt.Errorf("there are two lists of images, %s and %s: name the folder of one", at, name)
		}
		at = name
		return nil
	})
	if err != nil {
		return nil, err
	}
	if at == "" {
		return nil, errors.New("there is no " + listName + ", which image builders write beside their images")
	}
	l, err := read(folder, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	out := &Output{Target: l.Target, Version: l.Version}
	if l.Version != "" && l.Code != "" {
		out.System = "OpenWrt " + l.Version + " " + l.Code
	}
	for profile, p := range l.Profiles {
		var titles []string
		for _, t := range p.Titles {
			title := t.Title
			if title == "" {
				title = strings.Join(slices.DeleteFunc([]string{t.Vendor, t.Model, t.Variant}, func(s string) bool { return s == "" }), " ")
			}
			titles = append(titles, title)
		}
		for _, i := range p.Images {
			if i.Type != "sysupgrade" && i.Type != "combined" && i.Type != "combined-efi" {
				continue // factory images and kernels are not for devices that run already
			}
			if path.Base(i.Name) != i.Name || i.Name == "." || i.Name == ".." {
				return nil, fmt.Errorf("%s: %q is no name of an image", at, i.Name)
			}
			image := Image{Name: path.Join(path.Dir(at), i.Name), Profile: profile, Titles: titles, Boards: p.Devices}
			if image.Checksum, image.Size, err = sum(folder, image.Name); err != nil {
				return nil, err
			}
			if i.SHA256 != "" && !strings.EqualFold(i.SHA256, image.Checksum) {
				return nil, fmt.Errorf("%s is not the image that %s tells of: its checksum is another", image.Name, at)
			}
			out.Images = append(out.Images, image)
		}
	}
	slices.SortFunc(out.Images, func(a, b Image) int { return strings.Compare(a.Profile+"\x00"+a.Name, b.Profile+"\x00"+b.Name) })
	if len(out.Images) == 0 {
		return nil, fmt.Errorf("%s tells of no image for sysupgrade", at)
	}
	return out, nil
}

func read(folder fs.FS, name string) (*list, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, mostList+1))
	if err != nil {
		return nil, err
	}
	if len(text) > mostList {
		return nil, errors.New("it is too large")
	}
	var l list
	return &l, json.Unmarshal(text, &l)
}

func sum(folder fs.FS, name string) (checksum string, size int64, err error) {
	f, err := folder.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close() // it was only read
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
