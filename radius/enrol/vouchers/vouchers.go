// Package vouchers prints usernames and passwords on paper: a PDF with one voucher for
// each, with a QR code that telephones read.
package vouchers

import (
	"fmt"
	"io"
	"net/url"

	"github.com/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Sheet is what is printed.
type Sheet struct {
	// Title stands above each page.
	Title string
	// Organization stands on each voucher.
	Organization string
	// LoginURL is what the code leads to, with username and password behind a #, which
	// browsers keep for themselves. Empty: the code holds both as text.
	LoginURL string
	// Until is told on each voucher; empty: nothing is.
	Until string
	// Pairs are usernames and passwords.
	Pairs [][2]string
}

// Sizes in millimetres: two vouchers a row on A4.
const (
	margin    = 10.0
	width     = 92.0
	height    = 38.0
	gap       = 5.0
	codeSize  = 32.0
	firstLine = 22.0
	lastLine  = 287.0
)

// Write writes the sheet as a PDF.
func Write(w io.Writer, s *Sheet) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetTitle(s.Title, true)
	pdf.SetAutoPageBreak(false, margin)
	pdf.AddUTF8FontFromBytes("go", "", goregular.TTF)
	pdf.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	pdf.SetHeaderFunc(func() {
		pdf.SetFont("go", "B", 12)
		pdf.Text(margin, 15, s.Title)
	})
	pdf.AddPage()
	x, y := margin, firstLine
	for _, p := range s.Pairs {
		if y+height > lastLine {
			pdf.AddPage()
			x, y = margin, firstLine
		}
		if err := s.voucher(pdf, x, y, p[0], p[1]); err != nil {
			return err
		}
		if x += width + gap; x+width > 210 {
			x, y = margin, y+height+gap
		}
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write vouchers: %w", err)
	}
	return nil
}

func (s *Sheet) voucher(pdf *fpdf.Fpdf, x, y float64, username, password string) error {
	pdf.SetDrawColor(180, 180, 180)
	pdf.Rect(x, y, width, height, "D")
	text := x + codeSize + 6
	line := func(at float64, label, value string) {
		pdf.SetFont("go", "", 7)
		pdf.Text(text, y+at, label)
		pdf.SetFont("go", "B", 11)
		for size := 11.0; size > 5 && pdf.GetStringWidth(value) > width-codeSize-8; size-- {
			pdf.SetFont("go", "B", size)
		}
		pdf.Text(text, y+at+5, value)
	}
	pdf.SetFont("go", "", 8)
	pdf.Text(text, y+7, s.Organization)
	line(13, "Username", username)
	line(25, "Password", password)
	if s.Until != "" {
		pdf.SetFont("go", "", 7)
		pdf.Text(text, y+36, "until "+s.Until)
	}
	return s.code(pdf, x+3, y+3, s.content(username, password))
}

// content is what a telephone reads.
func (s *Sheet) content(username, password string) string {
	if s.LoginURL == "" {
		return "username: " + username + "\npassword: " + password
	}
	return s.LoginURL + "#" + url.Values{"username": {username}, "password": {password}}.Encode()
}

// code draws a code in runs of dark modules.
func (s *Sheet) code(pdf *fpdf.Fpdf, x, y float64, content string) error {
	q, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return fmt.Errorf("draw a code: %w", err)
	}
	q.DisableBorder = true
	rows := q.Bitmap()
	size := codeSize / float64(len(rows))
	pdf.SetFillColor(0, 0, 0)
	for i, row := range rows {
		for j := 0; j < len(row); {
			k := j
			for k < len(row) && row[k] {
				k++
			}
			if k > j {
				pdf.Rect(x+float64(j)*size, y+float64(i)*size, float64(k-j)*size, size, "F")
			}
			j = k + 1
		}
	}
	return nil
}
