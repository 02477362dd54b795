package vpn

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/salsa20"

	"github.com/wispwright/wispwright"
)

// hardMemory is how much memory the hash of an identity walks through, in bytes.
const hardMemory = 2 << 20

// NewIdentity makes a ZeroTier identity with its private part, as
// `zerotier-idtool generate` prints it: the address, the kind 0, the public keys
// (X25519, Ed25519) and the private ones. Addresses follow from a hash that is hard
// to compute, so it takes about a second.
func NewIdentity() (wispwright.Secret, error) {
	signing, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a ZeroTier identity: %w", err)
	}
	for range 10_000 {
		agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return "", fmt.Errorf("make a ZeroTier identity: %w", err)
		}
		public := append(agreement.PublicKey().Bytes(), signing...)
		address, ok := identityAddress(public)
		if !ok {
			continue
		}
		secret := append(agreement.Bytes(), private.Seed()...)
		return wispwright.Secret(address + ":0:" + hex.EncodeToString(public) + ":" + hex.EncodeToString(secret)), nil
	}
	return "", errors.New("no ZeroTier identity was found in 10,000 attempts")
}

// identityAddress is the address that follows from public keys, and whether there may
// be one at all: 17 of 256 keys have one.
func identityAddress(public []byte) (string, bool) {
	digest := hardHash(public)
	address := digest[59:64]
	if digest[0] >= 17 || address[0] == 0xff || address[0]|address[1]|address[2]|address[3]|address[4] == 0 {
		return "", false
	}
	return hex.EncodeToString(address), true
}

// hardHash is ZeroTier's: SHA-512, then Salsa20 over two megabytes, each block made of
// the one before, then words exchanged between them and the digest. The key stream
// goes on from one step to the next.
func hardHash(public []byte) [64]byte {
	digest := sha512.Sum512(public)
	const words = hardMemory / 8
	var key [32]byte
	copy(key[:], digest[:32])
	stream := make([]byte, hardMemory+words/2*64)
	salsa20.XORKeyStream(stream, stream, digest[32:40], &key)
	next := func(b []byte) {
		subtle.XORBytes(b, b, stream[:64])
		stream = stream[64:]
	}
	memory := make([]byte, hardMemory)
	next(memory[:64])
	for i := 64; i < hardMemory; i += 64 {
		copy(memory[i:i+64], memory[i-64:i])
		next(memory[i : i+64])
	}
	for i := 0; i < words; {
		first := binary.BigEndian.Uint64(memory[8*i:]) % 8
		second := binary.BigEndian.Uint64(memory[8*(i+1):]) % words
		i += 2
		var t [8]byte
		copy(t[:], memory[8*second:])
		copy(memory[8*second:8*second+8], digest[8*first:])
		copy(digest[8*first:8*first+8], t[:])
		next(digest[:])
	}
	return digest
}
