// Package xlsx is the ipam.Format of workbooks as spreadsheets keep them. It is a
// package of its own because of what it brings along.
package xlsx

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"

	"github.com/wispwright/wispwright/ipam"
)

// Format reads the first sheet of a workbook and writes workbooks of one sheet.
type Format struct{}

var _ ipam.Format = Format{}

// The bounds of what a file may unpack to, in bytes: a few kilobytes can claim
// gigabytes. What is larger than the second is unpacked to the disk.
const (
	maxUnpacked = 128 << 20
	maxInMemory = 16 << 20
)

// Name implements ipam.Format.
func (Format) Name() string { return "xlsx" }

// Extension implements ipam.Format.
func (Format) Extension() string { return ".xlsx" }

// ContentType implements ipam.Format.
func (Format) ContentType() string {
	return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}

// Read implements ipam.Format.
func (Format) Read(r io.Reader, row func([]string) error) (err error) {
	unreadable := &ipam.FormatError{Reason: "The file is not a workbook that can be read (XLSX)."}
	book, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory, RawCellValue: true})
	if err != nil {
		return fmt.Errorf("%w (%w)", unreadable, err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	rows, err := book.Rows(book.GetSheetName(0))
	if err != nil {
		return fmt.Errorf("%w (%w)", unreadable, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return fmt.Errorf("%w (%w)", unreadable, err)
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	if rows.Error() != nil {
		return fmt.Errorf("%w (%w)", unreadable, rows.Error())
	}
	return nil
}

// Write implements ipam.Format.
func (Format) Write(w io.Writer, rows iter.Seq2[[]string, error]) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	stream, err := book.NewStreamWriter(book.GetSheetName(0))
	if err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	n := 0
	for cells, err := range rows {
		if err != nil {
			return err
		}
		n++
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = c
		}
		at, err := excelize.CoordinatesToCellName(1, n)
		if err != nil {
			return fmt.Errorf("write a workbook: %w", err)
		}
		if err := stream.SetRow(at, values); err != nil {
			return fmt.Errorf("write a workbook: %w", err)
		}
	}
	if err := stream.Flush(); err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	return nil
}
