package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/wispwright/wispwright"
)

// MACDigits are the hexadecimal digits of a text that may be a MAC address or
// a part of one of at least four digits, in upper case, however it is written:
// 02:00:00:aa:00:02, 02-00-00-AA-00-02, 0200.00aa.0002, 2:0:0:aa:0:2 or
// 020000aa0002. They are empty for other texts, such as IP addresses.
func MACDigits(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	digits := text
	if at := strings.IndexAny(text, ":-. "); at >= 0 {
		separator := text[at : at+1]
		groups := strings.Split(text, separator)
		if separator == "." {
			if !dotted(groups) {
				return ""
			}
		} else if !paired(groups) {
			return ""
		}
		digits = strings.Join(groups, "")
	}
	if len(digits) < 4 || len(digits) > 12 || strings.Trim(digits, "0123456789ABCDEF") != "" {
		return ""
	}
	return digits
}

// dotted reports whether groups are of four digits, the last one perhaps cut
// off: 10.8.0.12 is an address of another kind.
func dotted(groups []string) bool {
	for i, g := range groups {
		if last := i == len(groups)-1; i > 2 || len(g) > 4 || !last && len(g) != 4 {
			return false
		}
	}
	return true
}

// paired reports whether groups are of two digits, the first and the last one
// perhaps cut off. It completes those that are written with one.
func paired(groups []string) bool {
	for i, g := range groups {
		inner := i > 0 && i < len(groups)-1
		switch {
		case i > 5 || len(g) > 2:
			return false
		case len(g) == 1 && (inner || len(groups) == 6):
			groups[i] = "0" + g
		}
	}
	return true
}

// keyHintLength is how many characters of a key one must know to find its device.
const keyHintLength = 8

// KeyHint finds devices by the beginning of their key: three
// bytes of the SHA-256 of its first eight characters, in hexadecimal. The key
// itself is sealed in the database, which tells with this 24 of its 128 bits at
// most (decision 0031).
func KeyHint(key string) string {
	sum := sha256.Sum256([]byte(key[:min(len(key), keyHintLength)]))
	return hex.EncodeToString(sum[:3])
}

// SearchedKey is the KeyHint that a text may stand for when it is searched for;
// empty for texts that are too short.
func SearchedKey(text string) string {
	if len(text) < keyHintLength || strings.ContainsAny(text, " .:") {
		return ""
	}
	return KeyHint(text)
}

// indexKey keeps what a device is found by in step with its key.
func (d *Device) indexKey() {
	d.KeyDigest, d.KeyHint = digest(d.Key.Reveal()), KeyHint(d.Key.Reveal())
}

// hintKeys does a batch of JobKeyHints and queues the next one.
func (c *fleet) hintKeys(ctx context.Context, job Job) error {
	return c.tx.InTx(ctx, func(ctx context.Context) error {
		items, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{WithoutKeyHint: true}, wispwright.Page{Limit: fanOut, NoTotal: true})
		if err != nil || len(items.Rows) == 0 {
			return err
		}
		for _, d := range items.Rows {
			_, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *Device) error { d.indexKey(); return nil })
			if err != nil {
				return err
			}
		}
		return c.jobs.Enqueue(ctx, job)
	})
}
