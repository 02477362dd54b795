package sesame

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"

	xblake2b "golang.org/x/crypto/blake2b"
)

// Where the state of a hash stands in what x/crypto's blake2b marshals: behind
// a magic of three bytes, eight words in big-endian order.
const (
	stateOffset = 3
	wordSize    = 8
)

// blake2b is BLAKE2b with a personalisation (RFC 7693 §2.5, parameter block),
// which x/crypto does not offer. The parameter block is XORed into the state at
// the start, so that a hash without it can be turned into one with it; the key
// is the first block of the data.
func blake2b(size int, key []byte, person string, data []byte) ([]byte, error) {
	if len(key) > xblake2b.Size || len(person) > 2*wordSize {
		return nil, errors.New("blake2b: the key or the personalisation is too long")
	}
	h, err := xblake2b.New(size, nil)
	if err != nil {
		return nil, fmt.Errorf("blake2b: %w", err)
	}
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("blake2b: %w", err)
	}
	var padded [2 * wordSize]byte
	copy(padded[:], person)
	mix := func(word int, with uint64) {
		at := state[stateOffset+word*wordSize:]
		binary.BigEndian.PutUint64(at, binary.BigEndian.Uint64(at)^with)
	}
	mix(0, uint64(len(key))<<8)
	mix(6, binary.LittleEndian.Uint64(padded[:wordSize]))
	mix(7, binary.LittleEndian.Uint64(padded[wordSize:]))
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("blake2b: %w", err)
	}
	if len(key) > 0 {
		data = append(append(make([]byte, 0, xblake2b.BlockSize+len(data)), key...), append(make([]byte, xblake2b.BlockSize-len(key)), data...)...)
	}
	if _, err := h.Write(data); err != nil {
		return nil, fmt.Errorf("blake2b: %w", err)
	}
	return h.Sum(nil), nil
}
