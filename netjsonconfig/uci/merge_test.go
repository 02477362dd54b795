package uci_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func parse(t *testing.T, text string) *uci.Package {
	t.Helper()
	p, err := uci.Parse("pkg", []byte(text))
	require.NoError(t, err)
	return p
}

func TestMerge(t *testing.T) {
	p := parse(t, "config interface lan\noption proto dhcp\noption ifname eth0\nlist dns 1.1.1.1\nconfig route\noption target 10.0.0.0/8\n")
	remote := parse(t, "config iface lan\noption proto static\nlist dns 8.8.8.8\nlist dns 8.8.4.4\nconfig interface wan\nconfig route\noption target 10.1.0.0/16\n")
	p.Merge(remote)
	require.Equal(t, "config iface 'lan'\n\toption proto 'static'\n\toption ifname 'eth0'\n\tlist dns '8.8.8.8'\n\tlist dns '8.8.4.4'\n\n"+
		"config route\n\toption target '10.0.0.0/8'\n\nconfig interface 'wan'\n\nconfig route\n\toption target '10.1.0.0/16'\n", p.String())

	remote.Section("lan").Options[1].Values[0] = "changed"
	require.Equal(t, "8.8.8.8 8.8.4.4", p.Get("lan", "dns"), "nothing is shared")
}

func TestDiff(t *testing.T) {
	old := parse(t, "config a one\noption x 1\noption y 1\nconfig a two\nconfig r\noption n 1\nconfig r\noption n 2\n")
	new := parse(t, "config b one\noption x 2\nlist y 1\nconfig a three\noption z it\\'s\nconfig r\noption n 1\noption m 1\n")
	changes := uci.Diff(old, new)
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	require.Equal(t, []string{"-two", "-@r[1]", "@r[0].m='1'", "one=b", "one.x='2'", "one.y='1'", "three=a", `three.z='it'\''s'`}, lines)
	require.NoError(t, old.Apply(changes))
	require.Empty(t, uci.Diff(old, new))

	require.ErrorContains(t, old.Apply([]uci.Change{{Op: uci.Unset, Section: "nowhere"}}), "no section nowhere")
	require.ErrorContains(t, old.Apply([]uci.Change{{Op: uci.AddSection, Section: "one"}}), "exists")
	require.ErrorContains(t, old.Apply([]uci.Change{{Section: "one"}}), "unknown operation")
}

func TestLookups(t *testing.T) {
	p := parse(t, "config led a\noption x 1\nconfig led\noption x 2\nconfig led c\noption x 3\n")
	require.Equal(t, "2", p.Get("@led[1]", "x"))
	require.Equal(t, "3", p.Get("@led[-1]", "x"))
	require.Nil(t, p.Section("@led[3]"))
	require.Nil(t, p.Section("@led"))
	require.Nil(t, p.Section("@led[x]"))
	require.Nil(t, p.Section(""), "anonymous sections have no name to be found by")
	require.Len(t, p.OfType("led"), 3)
	require.True(t, p.Remove(p.Section("a")))
	require.False(t, p.Remove(&uci.Section{}))
	require.Equal(t, "2", p.Get("@led[0]", "x"))
	require.True(t, p.Section("c").Delete("x"))
	require.False(t, p.Section("c").Delete("x"))
	require.Empty(t, p.Get("c", "x"))
}

func TestValuesCannotBreakOut(t *testing.T) {
	p := &uci.Package{Name: "pkg"}
	evil := "x'\nconfig evil 'y"
	s := p.Add(evil, evil)
	s.Set(evil, evil)
	s.AddList("l", evil)
	again := parse(t, p.String())
	require.Len(t, again.Sections, 1)
	require.Equal(t, p, again)
	require.Error(t, p.Validate())
}

func TestValidate(t *testing.T) {
	require.NoError(t, parse(t, "config wifi-device radio0\noption x 'any thing'\nconfig anon\n").Validate())
	require.NoError(t, parse(t, "").Validate())
	for text, says := range map[string]string{
		"config a 'b-c'\n":                    "invalid name",
		"config 'a b' c\n":                    "invalid type",
		"config a c\noption d.e 1\n":          "invalid option name",
		"config a 'b'\noption 'x=1;reboot' 1": "invalid option name",
	} {
		require.ErrorContains(t, parse(t, text).Validate(), says, text)
	}
	twice := &uci.Package{Sections: []*uci.Section{{Type: "a", Name: "b"}, {Type: "a", Name: "b"}}}
	require.ErrorContains(t, twice.Validate(), "twice")
	nul := &uci.Package{}
	nul.Add("a", "b").Set("c", "d\x00")
	require.ErrorContains(t, nul.Validate(), "NUL")
}

// packages generates any package a device would accept.
func packages() *rapid.Generator[*uci.Package] {
	name := rapid.StringMatching(`[a-d]`)
	value := rapid.OneOf(rapid.StringMatching(`[a-z'" \\#;\n\t]{0,6}`), rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(s, "\x00", "") }))
	return rapid.Custom(func(t *rapid.T) *uci.Package {
		p := &uci.Package{Name: "pkg"}
		for range rapid.IntRange(0, 6).Draw(t, "sections") {
			s := &uci.Section{Type: name.Draw(t, "type")}
			if rapid.Bool().Draw(t, "named") {
				s.Name = name.Draw(t, "name")
				if p.Section(s.Name) != nil {
					continue
				}
			}
			for range rapid.IntRange(0, 4).Draw(t, "options") {
				if rapid.Bool().Draw(t, "list") {
					s.SetList(name.Draw(t, "key"), rapid.SliceOfN(value, 1, 3).Draw(t, "values")...)
				} else {
					s.Set(name.Draw(t, "key"), value.Draw(t, "value"))
				}
			}
			p.Sections = append(p.Sections, s)
		}
		return p
	})
}

func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := packages().Draw(t, "package")
		require.NoError(t, p.Validate())
		for _, form := range [][]byte{p.Append(nil), p.AppendFile(nil), p.AppendExport(nil)} {
			again, err := uci.Parse("pkg", form)
			require.NoError(t, err)
			require.True(t, p.Equal(again), "%s\n%s", p, again)
		}
	})
}

func TestDiffProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := packages().Draw(t, "old"), packages().Draw(t, "new")
		changes := uci.Diff(old, new)
		got := old.Clone()
		require.NoError(t, got.Apply(changes))
		require.Empty(t, uci.Diff(got, new))
		require.Equal(t, len(new.Sections), len(got.Sections))
		require.Empty(t, uci.Diff(new, new.Clone()))
	})
}

func TestMergeProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, src := packages().Draw(t, "package"), packages().Draw(t, "source")
		before := p.Clone()
		p.Merge(src)
		for _, s := range src.Sections {
			for _, o := range s.Options {
				if !s.Anonymous() {
					got, ok := p.Section(s.Name).Option(o.Key)
					require.True(t, ok && got.Equal(o))
				}
			}
		}
		for _, s := range before.Sections {
			if s.Anonymous() || src.Section(s.Name) != nil {
				continue
			}
			require.True(t, s.Equal(p.Section(s.Name)), "what the source does not name stays")
		}
	})
}
