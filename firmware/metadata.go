package firmware

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
)

// What became of reading an image's metadata (additions F-10).
const (
	// unconfirmed: the image says nothing of itself.
	unconfirmed = "unconfirmed"
	// extracted: it does, and fits its type.
	extracted = "success"
	// invalid: it says that it is for other hardware, or contradicts itself.
	invalid = "invalid"
	// confirmed: somebody said that it is good nevertheless.
	confirmed = "manually_confirmed"
)

// Metadata is what an image says of itself in its last bytes, where OpenWrt's
// fwtool puts it.
type Metadata struct {
	// Status is unconfirmed, extracted, invalid or confirmed.
	Status string `json:"status"`
	// Reason is why it is invalid, in words for people.
	Reason string `json:"reason,omitempty"`
	// Board is the profile it was made from, Compatible what it fits, as fwtool
	// writes them: "tplink,archer-c7-v2".
	Board      string   `json:"board,omitempty"`
	Compatible []string `json:"compatible,omitempty"`
	// Target is the hardware's family, "ath79/generic".
	Target string `json:"target,omitempty"`
	// Version is the release, Revision its revision, Distribution who made it.
	Version      string `json:"version,omitempty"`
	Revision     string `json:"revision,omitempty"`
	Distribution string `json:"distribution,omitempty"`
	// CompatVersion must not be less than the device's: "1.0".
	CompatVersion string `json:"compat_version,omitempty"`
}

// System is what devices with the image call their system.
func (m *Metadata) System() string {
	if m.Distribution == "" || m.Version == "" {
		return ""
	}
	return strings.TrimSpace(m.Distribution + " " + m.Version + " " + m.Revision)
}

// tailSize is how much of the end of an image is looked at.
const tailSize = 64 << 10

// trailer ends each section that fwtool appends: magic, checksum, type, size.
const (
	trailerSize  = 16
	trailerMagic = "FWx0"
	signature    = 0
	information  = 1
)

// readMetadata looks for metadata in the end of an image; nil when there are none.
func readMetadata(tail []byte) *Metadata {
	for len(tail) >= trailerSize {
		end := tail[len(tail)-trailerSize:]
		if string(end[:4]) != trailerMagic {
			return nil
		}
		size := int64(binary.BigEndian.Uint32(end[12:]))
		if size < trailerSize || size > int64(len(tail)) {
			return nil
		}
		section := tail[int64(len(tail))-size : len(tail)-trailerSize]
		switch end[8] {
		case signature:
			tail = tail[:int64(len(tail))-size]
			continue
		case information:
			return decodeMetadata(section)
		}
		return nil
	}
	return nil
}

func decodeMetadata(section []byte) *Metadata {
	start := bytes.IndexByte(section, '{')
	if start < 0 {
		return nil
	}
	var in struct {
		Supported []string `json:"supported_devices"`
		Compat    string   `json:"compat_version"`
		Version   struct {
			Dist     string `json:"dist"`
			Version  string `json:"version"`
			Revision string `json:"revision"`
			Target   string `json:"target"`
			Board    string `json:"board"`
		} `json:"version"`
	}
	if json.NewDecoder(bytes.NewReader(section[start:])).Decode(&in) != nil {
		return nil
	}
	return &Metadata{Status: extracted, Board: in.Version.Board, Compatible: in.Supported, Target: in.Version.Target, Version: in.Version.Version,
		Revision: in.Version.Revision, Distribution: in.Version.Dist, CompatVersion: in.Compat}
}

// judge holds what an image says of itself against its type: the name of the type
// must hold the board, or one that it is compatible with.
func (m *Metadata) judge(imageType string) {
	if m.Status != extracted {
		return
	}
	fold := func(text string) string {
		return strings.Map(func(r rune) rune {
			if r == ',' || r == '_' || r == '-' || r == ' ' {
				return -1
			}
			return r
		}, strings.ToLower(text))
	}
	boards := append([]string{m.Board}, m.Compatible...)
	known := false
	for _, b := range boards {
		if b == "" {
			continue
		}
		known = true
		model := b
		if _, after, found := strings.Cut(b, ","); found {
			model = after
		}
		if strings.Contains(fold(imageType), fold(model)) {
			return
		}
	}
	if known {
		m.Status, m.Reason = invalid, "The image is made for "+strings.Join(nonEmpty(boards), ", ")+", which its type is not."
	}
}

func nonEmpty(list []string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// tail keeps the last bytes that are written to it.
type tail struct {
	buffer []byte
	size   int64
}

func (t *tail) Write(p []byte) (int, error) {
	t.size += int64(len(p))
	if len(p) >= tailSize {
		t.buffer = append(t.buffer[:0], p[len(p)-tailSize:]...)
		return len(p), nil
	}
	if over := len(t.buffer) + len(p) - tailSize; over > 0 {
		t.buffer = append(t.buffer[:0], t.buffer[over:]...)
	}
	t.buffer = append(t.buffer, p...)
	return len(p), nil
}
