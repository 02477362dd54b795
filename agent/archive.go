package agent

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// File is one file of a configuration archive.
type File struct {
	// Path is absolute and clean: "/etc/config/network".
	Path string
	// Mode holds the permission bits.
	Mode fs.FileMode
	// Content is the file's content.
	Content []byte
}

// Limits bound what Unpack accepts; zero values mean the defaults.
type Limits struct {
	// Files is the number of files; default 4096.
	Files int
	// Bytes is the sum of the unpacked sizes; default 32 MiB.
	Bytes int64
}

const defaultMaxUnpacked = 32 << 20

// ErrArchive means that an archive is damaged or not what a controller makes.
var ErrArchive = errors.New("invalid configuration archive")

// skippedPath is the original's message for a file that is not taken.
const skippedPath = "WARNING: skipping invalid file path: %s"

// Unpack reads a configuration archive, a gzip'ed tar of regular files (§4.5).
// Files with paths that are not safe (absolute, "..", characters other than
// letters, digits, ".", "_", "/" and "-") are left out and returned as skipped.
// Unpack refuses, wrapping ErrArchive: links, devices, a path twice or below a
// file, damage anywhere (checksums included), and what exceeds the limits.
// Set-user-id bits are dropped.
func Unpack(archive []byte, limits Limits) (files []File, skipped []string, err error) {
	if limits.Files <= 0 {
		limits.Files = 4096
	}
	if limits.Bytes <= 0 {
		limits.Bytes = defaultMaxUnpacked
	}
	zr, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	bounded := &io.LimitedReader{R: zr, N: 2*limits.Bytes + 1<<20} // tar headers and padding come on top
	tr := tar.NewReader(bounded)
	seen := map[string]bool{}
	var sum int64
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		if h.Typeflag == tar.TypeDir {
			continue // folders are made where files need them
		}
		if h.Typeflag != tar.TypeReg {
			return nil, nil, fmt.Errorf("%w: %q is not a regular file", ErrArchive, h.Name)
		}
		name, err := cleanName(h.Name)
		if err != nil {
			if skipped = append(skipped, h.Name); len(skipped) > limits.Files {
				return nil, nil, fmt.Errorf("%w: more than %d files", ErrArchive, limits.Files)
			}
			continue // Next passes over the content
		}
		if seen[name] {
			return nil, nil, fmt.Errorf("%w: %q is in it twice", ErrArchive, h.Name)
		}
		seen[name] = true
		if sum += h.Size; h.Size < 0 || sum > limits.Bytes || len(files) >= limits.Files {
			return nil, nil, fmt.Errorf("%w: more than %d files or %d bytes", ErrArchive, limits.Files, limits.Bytes)
		}
		content := make([]byte, h.Size) // no more than needed: devices are small
		if _, err := io.ReadFull(tr, content); err != nil {
			return nil, nil, fmt.Errorf("%w: %q: %w", ErrArchive, h.Name, err)
		}
		files = append(files, File{Path: name, Mode: fs.FileMode(h.Mode & 0o777), Content: content})
	}
	// what follows is padding; reading it checks the checksum at the end
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if bounded.N == 0 {
		return nil, nil, fmt.Errorf("%w: more than %d bytes", ErrArchive, limits.Bytes)
	}
	for name := range seen {
		for d := path.Dir(name); d != "/"; d = path.Dir(d) {
			if seen[d] {
				return nil, nil, fmt.Errorf("%w: %q is a file and a folder", ErrArchive, d)
			}
		}
	}
	return files, skipped, nil
}

// cleanName returns the absolute form of a relative path, or an error when the
// path is not a safe one.
func cleanName(name string) (string, error) {
	local := strings.TrimPrefix(name, "./")
	strange := func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._/-", c))
	}
	// Clean takes away "..", ".", doubled and final slashes
	if local == "" || local == "." || local == ".." || local[0] == '/' || strings.HasPrefix(local, "../") ||
		path.Clean(local) != local || strings.ContainsFunc(local, strange) {
		return "", fmt.Errorf("the path %q is not allowed", name)
	}
	return "/" + local, nil
}
