package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"

	"github.com/wispwright/wispwright"
)

// Record is a document that waits.
type Record struct {
	// Device is whose it is.
	Device wispwright.ID
	// Time is when it was made.
	Time time.Time
	// Current is true if the device said that it is its latest.
	Current bool
	// Body is the document as it came.
	Body []byte
}

// A record is its length and its sum, then the device, the time in microseconds, one
// byte and the body, compressed.
const (
	headSize = 8
	fixed    = 16 + 8 + 1
	// maxRecord bounds what a damaged length can make of memory.
	maxRecord = 64 << 20
)

var errTorn = errors.New("the record is not whole")

func appendRecord(b []byte, r *Record, pack func(b, body []byte) []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, headSize)...)
	b = append(b, r.Device[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Time.UnixMicro()))
	current := byte(0)
	if r.Current {
		current = 1
	}
	b = pack(append(b, current), r.Body)
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-headSize))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(b[start+headSize:]))
	return b
}

// readRecord reads the next record, whose size in the file is returned. Errors: io.EOF at the
// end, errTorn.
func readRecord(from io.Reader, unpack func(body []byte) ([]byte, error)) (*Record, int64, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, 0, errTorn
		}
		return nil, 0, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < fixed || n > maxRecord {
		return nil, 0, errTorn
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(from, payload); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, 0, errTorn
		}
		return nil, 0, err
	}
	if crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, 0, errTorn
	}
	r := &Record{Device: wispwright.ID(payload[:16]), Time: time.UnixMicro(int64(binary.LittleEndian.Uint64(payload[16:]))).UTC(), Current: payload[24] == 1}
	var err error
	if r.Body, err = unpack(payload[fixed:]); err != nil {
		return nil, 0, errTorn
	}
	return r, int64(n) + headSize, nil
}
