package vpnhost

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Bundle is what a server is to run.
type Bundle struct {
	// Name is the server's interface, or its instance of OpenVPN: the name of its
	// main file.
	Name string
	// Main is the content of NAME.conf.
	Main string
	// Files are the others, by their path.
	Files map[string]File
	// Checksum is that of the archive.
	Checksum string
	// Revocations is the list of revoked certificates in PEM; nil for none.
	Revocations []byte
	// Dir is a folder for the files of this server alone.
	Dir string
}

// File is one of a bundle.
type File struct {
	Mode    fs.FileMode
	Content []byte
}

// limits of what is unpacked
const (
	maxFiles    = 1000
	maxUnpacked = 128 << 20
)

// names is what interfaces and instances may be called.
func properName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`).MatchString(name) && name != "." && name != ".." && name[0] != '-'
}

// Unpack reads an archive. Paths that lead out of the server's folder are refused, unless
// they are absolute: those are below its root.
func Unpack(archive []byte) (*Bundle, error) {
	sum := md5.Sum(archive)
	b := &Bundle{Files: map[string]File{}, Checksum: hex.EncodeToString(sum[:])}
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	r, left := tar.NewReader(z), int64(maxUnpacked)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(r, left+1))
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		if left -= int64(len(content)); left < 0 || len(b.Files) == maxFiles {
			return nil, errors.New("archive: it is too large")
		}
		name := path.Clean(strings.TrimLeft(h.Name, "/"))
		if name == ".." || strings.HasPrefix(name, "../") {
			return nil, fmt.Errorf("archive: the path %q leads out of it", h.Name)
		}
		if base, ok := strings.CutSuffix(name, ".conf"); ok && !strings.Contains(base, "/") && b.Name == "" {
			if !properName(base) {
				return nil, fmt.Errorf("archive: %q cannot be the name of a server", base)
			}
			b.Name, b.Main = base, string(content)
			continue
		}
		b.Files[name] = File{fs.FileMode(h.Mode).Perm(), content} //nolint:gosec // only the lowest bits
	}
	if b.Name == "" {
		return nil, errors.New("archive: it has no server's configuration")
	}
	return b, nil
}
