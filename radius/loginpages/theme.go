package loginpages

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// luminance is the relative luminance of a colour #rrggbb.
func luminance(colour string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0 // it was checked
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// on is black or white, whichever is read better on a colour.
func on(colour string) string {
	if contrast("#ffffff", colour) >= 4.5 || contrast("#ffffff", colour) > contrast("#101418", colour) {
		return "#ffffff"
	}
	return "#101418"
}

// legible is a colour if it can be read on another one, else the other fallback.
func legible(colour, on, otherwise string) string {
	if contrast(colour, on) >= 4.5 {
		return colour
	}
	return otherwise
}

// style is the beginning of every style sheet: the theme's colours, which were checked.
func (t *Theme) style() template.CSS {
	var b strings.Builder
	fmt.Fprintf(&b, ":root{--primary:%s;--on-primary:%s;--link:%s;--background:%s;--on-background:%s;--surface:%s;--text:%s;--radius:%dpx}",
		t.Primary, on(t.Primary), legible(t.Primary, t.Surface, t.Text), t.Background, legible(t.Text, t.Background, on(t.Background)), t.Surface, t.Text, t.Radius)
	return template.CSS(b.String()) //nolint:gosec // colours and numbers that were checked
}
