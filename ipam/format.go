package ipam

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"unicode/utf8"
)

// Format is a kind of file that subnets are exported to and imported from: rows
// of cells.
type Format interface {
	// Name is what callers choose it by: "csv".
	Name() string
	// Extension is how names of such files end: ".csv".
	Extension() string
	// ContentType is its media type.
	ContentType() string
	// Read calls row for every row of a file, empty ones included. A file that it
	// cannot read is a *FormatError.
	Read(r io.Reader, row func(cells []string) error) error
	// Write writes rows.
	Write(w io.Writer, rows iter.Seq2[[]string, error]) error
}

// FormatError says that a file is not what it should be.
type FormatError struct {
	// Reason is a sentence for people.
	Reason string
}

func (e *FormatError) Error() string { return e.Reason }

// ErrUnknownFormat: a file is of no kind that can be read.
var ErrUnknownFormat = &FormatError{"File type not supported."}

// Format returns the kind of file of a name, or ErrUnknownFormat.
func (m *IPAM) Format(filename string) (Format, error) {
	for _, f := range m.formats {
		if strings.EqualFold(path.Ext(filename), f.Extension()) {
			return f, nil
		}
	}
	return nil, ErrUnknownFormat
}

// FormatNamed returns the kind of file called so, or ErrUnknownFormat.
func (m *IPAM) FormatNamed(name string) (Format, error) {
	for _, f := range m.formats {
		if f.Name() == name {
			return f, nil
		}
	}
	return nil, ErrUnknownFormat
}

// CSV is the format of the original: UTF-8, commas, lines that end in CR and LF.
type CSV struct{}

// Name implements Format.
func (CSV) Name() string { return "csv" }

// Extension implements Format.
func (CSV) Extension() string { return ".csv" }

// ContentType implements Format.
func (CSV) ContentType() string { return "text/csv" }

// Read implements Format. The empty lines that a reader of CSV passes over are
// rows here.
func (CSV) Read(r io.Reader, row func([]string) error) error {
	bounded := &rowBound{r: &withoutMark{r: r}, left: maxRow}
	reader := csv.NewReader(bounded)
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	for line := 1; ; {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var parse *csv.ParseError
		if errors.Is(err, errLongRow) {
			return &FormatError{fmt.Sprintf("A row has more than %d bytes.", maxRow)}
		}
		if errors.As(err, &parse) {
			return &FormatError{fmt.Sprintf("Line %d is not valid CSV.", parse.Line)}
		}
		if err != nil {
			return err
		}
		bounded.left = maxRow
		at, _ := reader.FieldPos(0)
		for ; line < at; line++ {
			if err := row(nil); err != nil {
				return err
			}
		}
		line++
		for _, cell := range record {
			if !utf8.ValidString(cell) {
				return &FormatError{fmt.Sprintf("Line %d is not valid UTF-8.", at)}
			}
			line += strings.Count(cell, "\n")
		}
		if err := row(record); err != nil {
			return err
		}
	}
}

// maxRow bounds a row of CSV, in bytes: a file of nothing but commas would
// otherwise become a row of millions of cells, which take fifty times its size.
const maxRow = 64 << 10

var errLongRow = errors.New("the row is too long")

// rowBound gives a reader no more than a row may have, and what it reads ahead.
type rowBound struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (b *rowBound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// withoutMark leaves out the mark that some programs begin UTF-8 with.
type withoutMark struct {
	r       io.Reader
	started bool
}

// Read implements io.Reader.
func (w *withoutMark) Read(p []byte) (int, error) {
	if w.started {
		return w.r.Read(p)
	}
	w.started = true
	const mark = "\ufeff"
	begin := make([]byte, len(mark))
	n, err := io.ReadFull(w.r, begin)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	begin = begin[:n]
	if string(begin) == mark {
		begin = nil
	}
	w.r = io.MultiReader(strings.NewReader(string(begin)), w.r)
	if err != nil {
		return 0, err
	}
	return w.r.Read(p)
}

// Write implements Format. Only what must be quoted is, as the original does.
func (CSV) Write(w io.Writer, rows iter.Seq2[[]string, error]) error {
	var line strings.Builder
	for cells, err := range rows {
		if err != nil {
			return err
		}
		line.Reset()
		for i, cell := range cells {
			if i > 0 {
				line.WriteByte(',')
			}
			if strings.ContainsAny(cell, ",\"\r\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			line.WriteString(cell)
		}
		line.WriteString("\r\n")
		if _, err := io.WriteString(w, line.String()); err != nil {
			return err
		}
	}
	return nil
}

// Spreadsheets compute cells that begin with one of these.
const formulaBegins = "=+-@\t\r"

// Harmless is a text as exports have it: what a spreadsheet would compute has an
// apostrophe in front, with which it is a text.
func Harmless(text string) string {
	if bare := strings.TrimLeft(text, "'"); bare != "" && strings.ContainsRune(formulaBegins, rune(bare[0])) {
		return "'" + text
	}
	return text
}

// Original is the text that Harmless made harmless.
func Original(cell string) string {
	if strings.HasPrefix(cell, "'") && Harmless(cell) != cell {
		return cell[1:]
	}
	return cell
}
