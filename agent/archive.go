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

// ErrArchive means that an archive is damaged or not what a controller makes.
var ErrArchive = errors.New("invalid configuration archive")

// Unpack reads a configuration archive, a gzip'ed tar of regular files (§4.5).
// It refuses, wrapping ErrArchive: absolute paths, "..", links, devices, a path
// twice or below a file, damage anywhere (checksums included), and what exceeds
// the limits. Set-user-id bits are dropped.
func Unpack(archive []byte, limits Limits) ([]File, error) {
	if limits.Files <= 0 {
		limits.Files = 4096
	}
	if limits.Bytes <= 0 {
		limits.Bytes = 32 << 20
	}
	zr, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	bounded := &io.LimitedReader{R: zr, N: 2*limits.Bytes + 1<<20} // tar headers and padding come on top
	tr := tar.NewReader(bounded)
	var files []File
	seen := map[string]bool{}
	var sum int64
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		if h.Typeflag == tar.TypeDir {
			continue // folders are made where files need them
		}
		if h.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("%w: %q is not a regular file", ErrArchive, h.Name)
		}
		name, err := cleanName(h.Name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		if seen[name] {
			return nil, fmt.Errorf("%w: %q is in it twice", ErrArchive, h.Name)
		}
		seen[name] = true
		if sum += h.Size; h.Size < 0 || sum > limits.Bytes || len(files) >= limits.Files {
			return nil, fmt.Errorf("%w: more than %d files or %d bytes", ErrArchive, limits.Files, limits.Bytes)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrArchive, h.Name, err)
		}
		files = append(files, File{Path: name, Mode: fs.FileMode(h.Mode & 0o777), Content: content})
	}
	// what follows is padding; reading it checks the checksum at the end
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if bounded.N == 0 {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrArchive, limits.Bytes)
	}
	for name := range seen {
		for d := path.Dir(name); d != "/"; d = path.Dir(d) {
			if seen[d] {
				return nil, fmt.Errorf("%w: %q is a file and a folder", ErrArchive, d)
			}
		}
	}
	return files, nil
}

// cleanName returns the absolute form of a relative path, or an error.
func cleanName(name string) (string, error) {
	local := strings.TrimPrefix(name, "./")
	switch {
	case local == "", strings.HasPrefix(local, "/"), strings.ContainsAny(name, "\x00\n\\"):
		return "", fmt.Errorf("the path %q is not allowed", name)
	case path.Clean(local) != local:
		// "..", ".", doubled and final slashes
		return "", fmt.Errorf("the path %q is not allowed", name)
	case local == "..", strings.HasPrefix(local, "../"), local == ".":
		return "", fmt.Errorf("the path %q is not allowed", name)
	}
	return "/" + local, nil
}
