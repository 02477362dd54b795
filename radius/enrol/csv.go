package enrol

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// row is one user of a file.
type row struct {
	line                                   int
	username, password, email, first, last string
}

// The sentences about files (spec: radius §12).
const (
	noCSV      = "Unrecognized file format, the supplied file does not look like a CSV file."
	improper   = "Improper CSV format."
	noPassword = "The password is neither empty, nor cleartext$ and a password, nor a hash of a known form."
)

// lineFault is said of a line, with the spaces of the original.
func lineFault(line int, fault string) error {
	return wispwright.Invalid("", fmt.Sprintf("The CSV contains a line with invalid data,                    line number %d triggered the following error: %s", line, fault))
}

// readCSV reads a file of username, password, e-mail, first and last name, in UTF-8 or
// UTF-16. Faults are *wispwright.ValidationError.
func readCSV(file []byte, hashes Hasher) ([]row, error) {
	text, err := decoded(file)
	if err != nil {
		return nil, wispwright.Invalid("", noCSV)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	var out []row
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, wispwright.Invalid("", noCSV)
		}
		line, _ := r.FieldPos(0)
		if len(fields) == 1 && strings.TrimSpace(fields[0]) == "" {
			continue
		}
		if len(fields) != 5 {
			return nil, lineFault(line, improper)
		}
		one := row{line, strings.TrimSpace(fields[0]), fields[1], strings.ToLower(strings.TrimSpace(fields[2])), strings.TrimSpace(fields[3]), strings.TrimSpace(fields[4])}
		switch {
		case one.email == "" || valid.Email(one.email) != "":
			return nil, lineFault(line, valid.NoEmail)
		case one.password != "" && !strings.HasPrefix(one.password, clearPrefix) && !hashes.IsHash(one.password):
			return nil, lineFault(line, noPassword)
		}
		out = append(out, one)
	}
}

// clearPrefix begins a password in clear.
const clearPrefix = "cleartext$"

// decoded is the text of a file; binary ones are an error.
func decoded(file []byte) (string, error) {
	text := bytes.TrimPrefix(file, []byte{0xef, 0xbb, 0xbf})
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if len(file) < 2 || order.Uint16(file) != 0xfeff {
			continue
		}
		if len(file)%2 != 0 {
			return "", errors.New("half a character")
		}
		units := make([]uint16, len(file)/2-1)
		for i := range units {
			units[i] = order.Uint16(file[2*i+2:])
		}
		text = []byte(string(utf16.Decode(units)))
	}
	if !utf8.Valid(text) || bytes.ContainsRune(text, 0) || bytes.ContainsRune(text, utf8.RuneError) {
		return "", errors.New("no text")
	}
	return string(text), nil
}
