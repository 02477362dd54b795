package appearance_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/appearance"
)

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>`

func picture(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))))
	url, err := appearance.DataURL(b.Bytes())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(url, "data:image/png;base64,"))
	return url
}

func data(kind, content string) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString([]byte(content))
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	good := appearance.Look{Name: "Città di Udine", Logo: picture(t), Icon: data("image/svg+xml", svg), Bar: "#401030", Accent: "#7a1f5c", AccentDark: "#F0A0D0", Theme: "dark", Notice: "Only for the staff of the city."}
	require.NoError(t, good.Check())
	require.NoError(t, (&appearance.Look{}).Check())
	for name, x := range map[string]struct {
		field, message string
		change         func(*appearance.Look)
	}{
		"long name":              {"name", "At most 40", func(l *appearance.Look) { l.Name = strings.Repeat("é", 41) }},
		"two lines":              {"name", "One line", func(l *appearance.Look) { l.Name = "a\nb" }},
		"long notice":            {"notice", "At most 300", func(l *appearance.Look) { l.Notice = strings.Repeat("x", 301) }},
		"no colour":              {"bar", "written as", func(l *appearance.Look) { l.Bar = "red;}body{display:none" }},
		"light bar":              {"bar", "1.0 to 1", func(l *appearance.Look) { l.Bar = "#FFFFFF" }},
		"pale accent":            {"accent", "on white", func(l *appearance.Look) { l.Accent = "#FFCC00" }},
		"dark accent":            {"accent_dark", "dark theme", func(l *appearance.Look) { l.AccentDark = "#202020" }},
		"theme":                  {"theme", "light", func(l *appearance.Look) { l.Theme = "blue" }},
		"address":                {"logo", "data:image", func(l *appearance.Look) { l.Logo = "https://elsewhere.example/logo.png" }},
		"too large":              {"logo", "64 KB", func(l *appearance.Look) { l.Logo = data("image/png", strings.Repeat("x", 65<<10)) }},
		"no base64":              {"icon", "base64", func(l *appearance.Look) { l.Icon = "data:image/png;base64,%%%" }},
		"a page as a picture":    {"icon", "neither", func(l *appearance.Look) { l.Icon = data("image/png", "<html><script>1</script></html>") }},
		"another kind":           {"icon", "not what it says", func(l *appearance.Look) { l.Icon = data("image/png", svg) }},
		"an svg of no namespace": {"logo", "neither", func(l *appearance.Look) { l.Logo = data("image/svg+xml", "<svg/>") }},
	} {
		t.Run(name, func(t *testing.T) {
			l := good
			x.change(&l)
			var invalid *wispwright.ValidationError
			require.ErrorAs(t, l.Check(), &invalid)
			require.ErrorContains(t, invalid, x.field)
			require.ErrorContains(t, invalid, x.message)
		})
	}
	_, err := appearance.DataURL([]byte("GIF89a"))
	require.Error(t, err)
}

func TestTheDarkAccentIsMadeOfTheLightOne(t *testing.T) {
	for _, accent := range []string{"#0B6E78", "#7A1F5C", "#000000", "#B02A18", "#1F5A9E"} {
		l := appearance.Look{Accent: accent}
		require.NoError(t, l.Check(), accent)
		shown := l.Shown()
		require.NotEmpty(t, shown.AccentDark)
		require.NoError(t, shown.Check(), "%s becomes %s", accent, shown.AccentDark)
	}
	require.Equal(t, "#F0A0D0", appearance.Look{Accent: "#0B6E78", AccentDark: "#F0A0D0"}.Shown().AccentDark)
	require.Empty(t, appearance.Look{}.Shown().AccentDark)
	over := appearance.Look{Accent: "#7A1F5C"}.Over(appearance.Look{Name: "A", Accent: "#0B6E78", AccentDark: "#72D0C5"})
	require.Equal(t, appearance.Look{Name: "A", Accent: "#7A1F5C"}, over, "two accents are not mixed")
}

type trail struct {
	changes []wispwright.Change
	err     error
}

func (r *trail) Record(_ context.Context, changes ...wispwright.Change) error {
	r.changes = append(r.changes, changes...)
	return r.err
}

func TestWhatIsChosenStandsOverTheSettings(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, appearance.Migrations()))
		kept := &trail{}
		s := appearance.NewService(db, appearance.Look{Name: "From a file", Theme: "light"}, kept)
		shown, err := s.Shown(ctx)
		require.NoError(t, err)
		require.Equal(t, appearance.Look{Name: "From a file", Theme: "light"}, shown)

		logo := picture(t)
		_, err = s.Choose(ctx, func(l appearance.Look) appearance.Look { l.Name, l.Logo = "Chosen", logo; return l })
		require.NoError(t, err)
		shown, err = s.Shown(ctx)
		require.NoError(t, err)
		require.Equal(t, appearance.Look{Name: "Chosen", Logo: logo, Theme: "light"}, shown)
		require.Len(t, kept.changes, 1)
		require.NotContains(t, kept.changes[0].Fields[1].New, "base64", "pictures are not kept in the history")

		_, err = s.Choose(ctx, func(l appearance.Look) appearance.Look { l.Name, l.Bar = "Wrong", "white"; return l })
		require.Error(t, err)
		_, err = s.Choose(ctx, func(l appearance.Look) appearance.Look { return l })
		require.NoError(t, err)
		require.Len(t, kept.changes, 1, "nothing changed, nothing is told")

		kept.err = errors.New("full")
		_, err = s.Choose(ctx, func(appearance.Look) appearance.Look { return appearance.Look{Name: "Unrecorded"} })
		require.ErrorIs(t, err, kept.err)
		chosen, err := s.Chosen(ctx)
		require.NoError(t, err)
		require.Equal(t, "Chosen", chosen.Name, "what cannot be recorded is not done")
	})
}
