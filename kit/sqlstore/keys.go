package sqlstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Keys seals secrets with AES-256-GCM. The key id stands beside every value,
// so that keys can be changed while old values stay readable.
type Keys struct {
	current string
	aeads   map[string]cipher.AEAD
}

const sealedPrefix = "aes1:"

// NewKeys returns keys; current names the one that seals. Each key is 32 bytes.
func NewKeys(current string, keys map[string][]byte) (*Keys, error) {
	k := &Keys{current: current, aeads: map[string]cipher.AEAD{}}
	for id, key := range keys {
		if strings.ContainsRune(id, ':') || len(key) != 32 {
			return nil, fmt.Errorf("secret key %q: want 32 bytes and no colon in the id", id)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("secret key %q: %w", id, err)
		}
		if k.aeads[id], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("secret key %q: %w", id, err)
		}
	}
	if k.aeads[current] == nil {
		return nil, fmt.Errorf("secret key %q is missing", current)
	}
	return k, nil
}

// seal binds the value to its column, so that it cannot be moved to another.
func (k *Keys) seal(plain, column string) (string, error) {
	if k == nil || plain == "" {
		return plain, nil
	}
	aead := k.aeads[k.current]
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal %s: %w", column, err)
	}
	sealed := aead.Seal(nonce, nonce, []byte(plain), []byte(column))
	return sealedPrefix + k.current + ":" + base64.StdEncoding.EncodeToString(sealed), nil
}

// open is for many values of one column after the other: buffer is where they
// are worked on.
func (k *Keys) open(stored string, column []byte, buffer *[]byte) (string, error) {
	if !strings.HasPrefix(stored, sealedPrefix) {
		return stored, nil
	}
	id, text, ok := strings.Cut(stored[len(sealedPrefix):], ":")
	if !ok || k == nil || k.aeads[id] == nil {
		return "", fmt.Errorf("open %s: its key is not configured (it was sealed with another secret key than those of this program)", column)
	}
	aead := k.aeads[id]
	worked := append((*buffer)[:0], text...)
	worked, err := base64.StdEncoding.AppendDecode(worked, worked)
	*buffer = worked
	raw := worked[len(text):]
	if err != nil || len(raw) < aead.NonceSize() {
		return "", fmt.Errorf("open %s: damaged value", column)
	}
	nonce, sealed := raw[:aead.NonceSize()], raw[aead.NonceSize():]
	plain, err := aead.Open(sealed[:0], nonce, sealed, column)
	if err != nil {
		return "", errors.Join(fmt.Errorf("open %s", column), err)
	}
	return string(plain), nil
}
