// Package oui knows which company the first half of a MAC address was given to, from
// the registry of the IEEE: blocks of 24, 28 and 36 bits. The table was made from version
// 2.1.9 of the package oui-data (BSD-2-Clause).
package oui

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the table
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed vendors.txt.gz
var packed []byte

// Table finds vendors. It takes some 7 MB; make one with New and share it.
type Table struct {
	read func() (map[string]string, error)
}

// New returns the table, which is read when it is asked first.
func New() *Table { return &Table{read: sync.OnceValues(read)} }

func read() (map[string]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("read the table of vendors: %w", err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the table of vendors: %w", err)
	}
	blocks := make(map[string]string, 56_000)
	text := string(all) // the names are parts of it
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if block, name, ok := strings.Cut(line, " "); ok {
			blocks[block] = name
		}
	}
	return blocks, nil
}

// Vendor returns who made the machine with an address; "" if that is unknown, if the
// address is none, or if it was made up by the machine itself.
func (t *Table) Vendor(mac string) string {
	var digits [12]byte
	n := 0
	for i := range len(mac) {
		c := mac[i]
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'F':
		case c >= 'a' && c <= 'f':
			c -= 'a' - 'A'
		case c == ':' || c == '-' || c == '.':
			continue
		default:
			return ""
		}
		if n == len(digits) {
			return ""
		}
		digits[n] = c
		n++
	}
	if n != len(digits) || strings.IndexByte("2367ABEF", digits[1]) >= 0 { // locally administered
		return ""
	}
	blocks, err := t.read()
	if err != nil {
		return ""
	}
	for _, length := range []int{9, 7, 6} {
		if name, ok := blocks[string(digits[:length])]; ok {
			return name
		}
	}
	return ""
}
