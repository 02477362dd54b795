// Package appearance is how an installation looks: its name, pictures and
// colours. The settings say it first; what a superuser chooses in the web admin
// stands over them.
package appearance

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of these kinds are understood
	_ "image/png"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// Look is how an installation looks. What is empty is as the program's own.
type Look struct {
	// Name is what the installation calls itself, in the bar, in titles and on the
	// page of the log-in.
	Name string `json:"name"`
	// Logo stands beside the name, Icon in the tab of a browser: data URLs of a
	// PNG, JPEG or SVG.
	Logo string `json:"logo"`
	Icon string `json:"icon"`
	// Bar is the colour of the bar at the top, as #RRGGBB.
	Bar string `json:"bar"`
	// Accent is the colour of links, buttons and what is selected in the light
	// theme, AccentDark in the dark one. Without AccentDark it is made of Accent.
	Accent     string `json:"accent"`
	AccentDark string `json:"accent_dark"`
	// Theme is what people see who chose nothing: light, dark, or empty for what
	// their machine prefers.
	Theme string `json:"theme"`
	// Notice is a sentence on the page of the log-in.
	Notice string `json:"notice"`
}

// Limits of what a Look holds.
const (
	// MaxName and MaxNotice count characters.
	MaxName   = 40
	MaxNotice = 300
	// MaxPicture counts bytes, since pictures come with the first answer a page
	// asks for.
	MaxPicture = 64 << 10
	// legible is the contrast that text needs (WCAG 2.1, AA).
	legible = 4.5
)

// The grounds that colours are read on: the design's surface of both themes, and
// the text of the bar.
var (
	surfaceLight = color{0xff, 0xff, 0xff}
	surfaceDark  = color{0x11, 0x1e, 0x23}
	barText      = color{0xff, 0xff, 0xff}
)

// Check says what is wrong, by the keys of JSON.
func (l *Look) Check() error {
	e := &wispwright.ValidationError{}
	line := func(key, text string, most int) {
		if utf8.RuneCountInString(text) > most {
			e.Add(key, fmt.Sprintf("At most %d characters.", most))
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }) {
			e.Add(key, "One line of text.")
		}
	}
	line("name", l.Name, MaxName)
	line("notice", l.Notice, MaxNotice)
	for key, picture := range map[string]string{"logo": l.Logo, "icon": l.Icon} {
		if why := pictureFault(picture); why != "" {
			e.Add(key, why)
		}
	}
	for _, c := range []struct {
		key, text, ground string
		on                color
	}{{"bar", l.Bar, "under the white text of the bar", barText}, {"accent", l.Accent, "on white", surfaceLight}, {"accent_dark", l.AccentDark, "on the dark theme's ground", surfaceDark}} {
		if c.text == "" {
			continue
		}
		parsed, ok := parse(c.text)
		switch {
		case !ok:
			e.Add(c.key, "A colour is written as #0B6E78.")
		case contrast(parsed, c.on) < legible:
			e.Add(c.key, fmt.Sprintf("It cannot be read %s: the contrast is %.1f to 1, and text needs 4.5.", c.ground, math.Floor(contrast(parsed, c.on)*10)/10))
		}
	}
	if l.Theme != "" && l.Theme != "light" && l.Theme != "dark" {
		e.Add("theme", `It is "light", "dark" or empty.`)
	}
	return e.Err()
}

// Over puts a look over another one: what it leaves empty is the other's.
func (l Look) Over(under Look) Look {
	first := func(own, other string) string {
		if own != "" {
			return own
		}
		return other
	}
	// an accent of its own is not mixed with another one's for the dark theme
	if l.Accent != "" {
		under.AccentDark = ""
	}
	return Look{
		Name: first(l.Name, under.Name), Logo: first(l.Logo, under.Logo), Icon: first(l.Icon, under.Icon), Bar: first(l.Bar, under.Bar),
		Accent: first(l.Accent, under.Accent), AccentDark: first(l.AccentDark, under.AccentDark), Theme: first(l.Theme, under.Theme), Notice: first(l.Notice, under.Notice),
	}
}

// Shown is the look with the colour of the dark theme made of that of the light
// one where none was chosen: as much lighter as reading needs.
func (l Look) Shown() Look {
	accent, ok := parse(l.Accent)
	if !ok || l.AccentDark != "" {
		return l
	}
	// a bit more than legible, as the design's own is
	for part := 0.0; part <= 1; part += 0.05 {
		if mixed := accent.towards(color{0xff, 0xff, 0xff}, part); contrast(mixed, surfaceDark) >= 7 {
			l.AccentDark = mixed.String()
			break
		}
	}
	return l
}

// color is red, green and blue.
type color [3]uint8

var written = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

func parse(text string) (c color, ok bool) {
	if !written.MatchString(text) {
		return c, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	return color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

// String is as a Look has it.
func (c color) String() string { return fmt.Sprintf("#%02X%02X%02X", c[0], c[1], c[2]) }

func (c color) towards(other color, part float64) (out color) {
	for i := range c {
		out[i] = uint8(math.Round(float64(c[i]) + (float64(other[i])-float64(c[i]))*part))
	}
	return out
}

// luminance is that of WCAG 2.1.
func (c color) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast of two colours, from 1 to 21.
func contrast(a, b color) float64 {
	high, low := a.luminance(), b.luminance()
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

// DataURL writes a picture as a Look keeps it; the kind is told by its bytes.
func DataURL(content []byte) (string, error) {
	kind := kindOf(content)
	if kind == "" {
		return "", errNoPicture
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content), nil
}

var errNoPicture = errors.New("it is neither a PNG nor a JPEG nor an SVG")

// kindOf is a picture's media type, empty for what is none. Names and declared
// types are not believed.
func kindOf(content []byte) string {
	if _, format, err := image.DecodeConfig(bytes.NewReader(content)); err == nil {
		return "image/" + format
	}
	d := xml.NewDecoder(bytes.NewReader(content))
	d.Strict = true
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if root, ok := token.(xml.StartElement); ok {
			if root.Name.Local == "svg" && root.Name.Space == "http://www.w3.org/2000/svg" {
				return "image/svg+xml"
			}
			return ""
		}
	}
}

// pictureFault says what is wrong with a picture. Pages show pictures as images,
// in which a browser runs no scripts and loads nothing, also not of an SVG.
func pictureFault(url string) string {
	if url == "" {
		return ""
	}
	head, text, found := strings.Cut(url, ";base64,")
	declared, isData := strings.CutPrefix(head, "data:")
	if !found || !isData {
		return "A picture is written as data:image/png;base64,…"
	}
	if len(text) > base64.StdEncoding.EncodedLen(MaxPicture) {
		return fmt.Sprintf("At most %d KB.", MaxPicture>>10)
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "It is not written in base64."
	}
	if kind := kindOf(content); kind == "" || kind != declared {
		return "It is neither a PNG nor a JPEG nor an SVG, or not what it says it is."
	}
	return ""
}
