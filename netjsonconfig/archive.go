package netjsonconfig

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	// tarRecord is what archives are padded to (§7).
	tarRecord = 10240
	// maxArchive bounds what an archive that is read may unpack to.
	maxArchive = 64 << 20
	// maxMembers bounds the number of its members.
	maxMembers = 10000
)

// buffers holds text buffers between renderings, and packers the state of the
// compressor, which is far larger than what it compresses here.
var (
	buffers = sync.Pool{New: func() any { return new([]byte) }}
	packers = sync.Pool{New: func() any { return newPacker() }}
)

// maxPooled is the largest buffer worth keeping.
const maxPooled = 1 << 20

func getBuffer() *[]byte {
	b := buffers.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

func putBuffer(b *[]byte) {
	if cap(*b) <= maxPooled {
		buffers.Put(b)
	}
}

type packer struct {
	tar  bytes.Buffer
	out  bytes.Buffer
	gzip *gzip.Writer
}

func newPacker() *packer {
	p := new(packer)
	// The only possible error is an unknown level.
	p.gzip, _ = gzip.NewWriterLevel(&p.out, gzip.BestSpeed)
	return p
}

// pack writes members into a tar archive and compresses it. Nothing but the
// members decides the bytes: no times, owners or names of the machine.
func pack(members []File) ([]byte, error) {
	p := packers.Get().(*packer)
	defer func() {
		if p.tar.Cap() <= maxPooled {
			packers.Put(p)
		}
	}()
	p.tar.Reset()
	p.out.Reset()
	if err := writeTar(&p.tar, members); err != nil {
		return nil, err
	}
	p.gzip.Reset(&p.out)
	if _, err := p.gzip.Write(p.tar.Bytes()); err != nil {
		return nil, fmt.Errorf("compress archive: %w", err)
	}
	if err := p.gzip.Close(); err != nil {
		return nil, fmt.Errorf("compress archive: %w", err)
	}
	return bytes.Clone(p.out.Bytes()), nil
}

func writeTar(dst *bytes.Buffer, members []File) error {
	w := tar.NewWriter(dst)
	for _, m := range members {
		mode, err := strconv.ParseInt(m.Mode, 8, 32)
		if err != nil {
			return fmt.Errorf("archive %s: mode %q: %w", m.Path, m.Mode, err)
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: m.Path, Mode: mode, Size: int64(len(m.Contents)), Format: tar.FormatUSTAR}
		if !ustarName(m.Path) {
			h.Format = tar.FormatPAX
		}
		if err := w.WriteHeader(h); err != nil {
			return fmt.Errorf("archive %s: %w", m.Path, err)
		}
		if _, err := io.WriteString(w, m.Contents); err != nil {
			return fmt.Errorf("archive %s: %w", m.Path, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if rest := dst.Len() % tarRecord; rest != 0 {
		dst.Write(make([]byte, tarRecord-rest))
	}
	return nil
}

// ustarName reports whether a name fits a ustar header: up to 100 bytes, or up
// to 155 more before a slash. Small readers of archives know nothing else.
func ustarName(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	if len(name) <= 100 {
		return true
	}
	slash := strings.LastIndexByte(name[:min(len(name)-1, 156)], '/')
	return slash > 0 && len(name)-slash-1 <= 100
}

// IsArchive reports whether data begins like a gzip file or a tar archive.
func IsArchive(data []byte) bool { return isGzip(data) || isTar(data) }

func isGzip(data []byte) bool { return len(data) > 2 && data[0] == 0x1f && data[1] == 0x8b }

func isTar(data []byte) bool { return len(data) >= 512 && string(data[257:262]) == "ustar" }

// Unpack reads the regular files of a tar archive, in gzip or as it is, of at
// most 64 MiB and 10,000 members. What cannot be read is a *ParseError.
func Unpack(archive []byte) ([]File, error) {
	var r io.Reader = bytes.NewReader(archive)
	if !isTar(archive) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, &ParseError{Message: "archive: " + err.Error()}
		}
		r = z
	}
	t := tar.NewReader(&io.LimitedReader{R: r, N: maxArchive})
	var out []File
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, &ParseError{Message: "archive: " + err.Error()}
		}
		if len(out) == maxMembers {
			return nil, &ParseError{Message: "archive: too many members"}
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		contents, err := io.ReadAll(t)
		if err != nil {
			return nil, &ParseError{Message: "archive: " + h.Name + ": " + err.Error()}
		}
		out = append(out, File{Path: h.Name, Mode: fmt.Sprintf("%04o", h.Mode&0o7777), Contents: string(contents)})
	}
}
