package availability

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// percent is a part as people read it, never rounded up to all of it.
func percent(r *Row) string {
	p, ok := r.Availability()
	switch {
	case !ok:
		return ""
	case p >= 100:
		return "100"
	}
	return strconv.FormatFloat(math.Floor(p*1000)/1000, 'f', 3, 64)
}

// plain keeps spreadsheets from taking a name for a formula.
func plain(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

// WriteCSV writes a report as a table with a head and a line for the sum. Durations are in seconds.
func WriteCSV(w io.Writer, r *Report) error {
	out := csv.NewWriter(w)
	line := func(row *Row) []string {
		return []string{plain(row.Name), plain(row.Location), strconv.Itoa(row.Devices), percent(row), seconds(row.Down), seconds(row.Measured), seconds(row.Planned), strconv.Itoa(row.Incidents)}
	}
	list := [][]string{{"name", "location", "devices", "availability_percent", "down_seconds", "measured_seconds", "maintenance_seconds", "incidents"}}
	for _, row := range r.Rows {
		list = append(list, line(row))
	}
	if err := out.WriteAll(append(list, line(&r.Total))); err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	return nil
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10)
}

// Sizes in millimetres, on A4.
const (
	margin   = 15.0
	lineSize = 6.0
	lastLine = 277.0
)

// columns are the widths and heads of the table.
var columns = []struct {
	head  string
	width float64
	align string
}{{"Name", 58, "L"}, {"Location", 40, "L"}, {"Availability", 26, "R"}, {"Out of reach", 28, "R"}, {"Incidents", 20, "R"}}

// WritePDF writes a report on paper.
func WritePDF(w io.Writer, r *Report) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetTitle(r.Title, true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, margin)
	pdf.AddUTF8FontFromBytes("go", "", goregular.TTF)
	pdf.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	head := func() {
		pdf.SetFont("go", "B", 9)
		for _, c := range columns {
			pdf.CellFormat(c.width, lineSize, c.head, "B", 0, c.align, false, 0, "")
		}
		pdf.Ln(lineSize)
		pdf.SetFont("go", "", 9)
	}
	pdf.SetFooterFunc(func() {
		pdf.SetY(-12)
		pdf.SetFont("go", "", 8)
		pdf.CellFormat(0, 5, fmt.Sprintf("%d", pdf.PageNo()), "", 0, "R", false, 0, "")
	})
	pdf.AddPage()
	pdf.SetFont("go", "B", 15)
	pdf.CellFormat(0, 9, r.Title, "", 1, "L", false, 0, "")
	pdf.SetFont("go", "", 10)
	zone := r.Start.Location().String()
	pdf.CellFormat(0, 6, fmt.Sprintf("%s to %s (%s)", r.Start.Format("2 January 2006 15:04"), r.End.Format("2 January 2006 15:04"), zone), "", 1, "L", false, 0, "")
	pdf.CellFormat(0, 6, summary(r), "", 1, "L", false, 0, "")
	pdf.Ln(4)
	head()
	line := func(row *Row) {
		if pdf.GetY()+lineSize > lastLine {
			pdf.AddPage()
			head()
		}
		p := percent(row)
		if p == "" {
			p = "not measured"
		} else {
			p += " %"
		}
		for i, text := range []string{row.Name, row.Location, p, words(row.Down), strconv.Itoa(row.Incidents)} {
			c := columns[i]
			pdf.CellFormat(c.width, lineSize, cut(pdf, text, c.width-2), "", 0, c.align, false, 0, "")
		}
		pdf.Ln(lineSize)
	}
	for _, row := range r.Rows {
		line(row)
	}
	pdf.SetFont("go", "B", 9)
	line(&r.Total)
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	return nil
}

// summary is the line that people look for.
func summary(r *Report) string {
	p := percent(&r.Total)
	if p == "" {
		return "Nothing was measured."
	}
	missed := 0
	for _, row := range r.Rows {
		if a, ok := row.Availability(); ok && a < r.Target {
			missed++
		}
	}
	return fmt.Sprintf("%s %% over %d devices; the goal of %g %% is missed by %d of %d.", p, r.Total.Devices, r.Target, missed, len(r.Rows))
}

// cut shortens a text to a width.
func cut(pdf *fpdf.Fpdf, text string, width float64) string {
	if pdf.GetStringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && pdf.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// words is a duration as people say it.
func words(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d == 0:
		return "–"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}
