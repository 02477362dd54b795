package uci_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", ""},
		"comments only":    {"# nothing\n\n  # here\n", ""},
		"named":            {"config interface lan\n option proto static\n", "config interface 'lan'\n\toption proto 'static'\n"},
		"anonymous":        {"config route\n\toption target \"10.0.0.0/8\"\n", "config route\n\toption target '10.0.0.0/8'\n"},
		"no final newline": {"config a b\noption c 'd'", "config a 'b'\n\toption c 'd'\n"},
		"carriage returns": {"config a b\r\n\toption c d\r\n", "config a 'b'\n\toption c 'd'\n"},
		"list":             {"config a b\nlist c 1\nlist c 2\n", "config a 'b'\n\tlist c '1'\n\tlist c '2'\n"},
		"last option wins": {"config a b\noption c 1\noption c 2\n", "config a 'b'\n\toption c '2'\n"},
		"option then list": {"config a b\noption c 1\nlist c 2\n", "config a 'b'\n\tlist c '1'\n\tlist c '2'\n"},
		"list then option": {"config a b\nlist c 1\nlist c 2\noption c 3\n", "config a 'b'\n\toption c '3'\n"},
		"sections of a name are one": {"config a b\noption c 1\nconfig x y\nconfig z b\noption d 2\n",
			"config z 'b'\n\toption c '1'\n\toption d '2'\n\nconfig x 'y'\n"},
		"single quotes take all":  {`config a b` + "\n" + `option c '\"#; '` + "\n", "config a 'b'\n\toption c '\\\"#; '\n"},
		"double quotes escape":    {`config a b` + "\n" + `option c "x\"y\\z"` + "\n", "config a 'b'\n\toption c 'x\"y\\z'\n"},
		"pieces":                  {`config a b` + "\n" + `option c it\''s '"a\ word"` + "\n", "config a 'b'\n\toption c 'it'\\''s a word'\n"},
		"several lines in quotes": {"config a b\noption c 'one\ntwo'\noption d \"three\nfour\"\n", "config a 'b'\n\toption c 'one\ntwo'\n\toption d 'three\nfour'\n"},
		"continuation":            {"config a b\noption \\\n c \\\n d\n", "config a 'b'\n\toption c 'd'\n"},
		"statements on a line":    {"config a b; option c d; list e f\n", "config a 'b'\n\toption c 'd'\n\tlist e 'f'\n"},
		"comment after":           {"config a b # note\noption c d# note\n", "config a 'b'\n\toption c 'd'\n"},
		"missing value is empty":  {"config a b\noption c\n", "config a 'b'\n\toption c ''\n"},
		"package line ignored":    {"package other\nconfig a b\n", "config a 'b'\n"},
		"short keywords":          {"c a b\no c d\nl e f\n", "config a 'b'\n\toption c 'd'\n\tlist e 'f'\n"},
		"empty name is anonymous": {"config a ''\n", "config a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := uci.Parse("pkg", []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, "pkg", p.Name)
			require.Equal(t, c.want, p.String())
		})
	}
}

func TestParseErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"unterminated single":      {"config interface lan 'oops\n", 1, "unterminated '"},
		"unterminated double":      {"config a b\noption c \"d\n\n", 2, `unterminated "`},
		"too many arguments":       {"\nconfig a b c\n", 2, "too many"},
		"too many for an option":   {"config a b\n\n\noption c d e f g\n", 4, "too many"},
		"line after quoted lines":  {"config a b\noption c 'd\ne'\nnonsense\n", 4, `"nonsense"`},
		"option outside":           {"option a b\n", 1, "outside"},
		"list outside":             {"\n\nlist a b\n", 3, "outside"},
		"config without a type":    {"config\n", 1, "needs a name"},
		"option without a name":    {"config a b\noption '' c\n", 2, "needs a name"},
		"backslash at the end":     {"config a b\\", 1, "nothing follows"},
		"NUL":                      {"config a b\noption c 'd\x00'\n", 2, "NUL"},
		"word that is no keyword":  {"configuration a b\n", 1, "unknown keyword"},
		"two packages on one line": {"package a b\n", 1, "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := uci.Parse("pkg", []byte(c.text))
			var syntax *uci.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, c.line, syntax.Line, err.Error())
			require.Contains(t, syntax.Message, c.says)
			require.Contains(t, err.Error(), "pkg, line ")
		})
	}
}

func TestParseAll(t *testing.T) {
	all, err := uci.ParseAll([]byte("package network\n\nconfig interface 'lan'\n\tlist dns '1.1.1.1'\n\npackage system\nconfig system\npackage network\nconfig interface lan\nlist dns 8.8.8.8\n"))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "package network\n\nconfig interface 'lan'\n\tlist dns '1.1.1.1'\n\tlist dns '8.8.8.8'\n", string(all[0].AppendExport(nil)))
	require.Equal(t, "system", all[1].Name)

	_, err = uci.ParseAll([]byte("config a b\n"))
	require.ErrorContains(t, err, "before the first package")
	all, err = uci.ParseAll(nil)
	require.NoError(t, err)
	require.Empty(t, all)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "config a b\n\toption c 'd'\n\tlist e \"f\\\"g\"\n", "package x\nconfig a\n", "config a 'it'\\''s'; option x #\n",
		"config a b\\\nc\noption '' \"\"\n", "c a\no b 'x\ny'\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := uci.Parse("pkg", text)
		if err != nil {
			var syntax *uci.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Line, 1+strings.Count(string(text), "\n"))
			return
		}
		// what is written reads back as the same, in each form
		for _, form := range [][]byte{p.Append(nil), p.AppendFile(nil), p.AppendExport(nil)} {
			again, err := uci.Parse("pkg", form)
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
		if all, err := uci.ParseAll(text); err == nil && len(all) > 0 {
			var out []byte
			for _, q := range all {
				out = q.AppendExport(append(out, '\n'))
			}
			again, err := uci.ParseAll(out)
			require.NoError(t, err)
			require.Equal(t, all, again)
		}
	})
}

// sample is about the size of a router's network file.
func sample() []byte {
	var b strings.Builder
	for i := range 20 {
		b.WriteString("\nconfig interface 'lan" + string(rune('a'+i)) + "'\n\toption proto 'static'\n\toption ipaddr '10.0.0.1'\n\toption netmask '255.255.255.0'\n\tlist dns '8.8.8.8'\n\tlist dns '8.8.4.4'\n")
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	text := sample()
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := uci.Parse("network", text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	p, err := uci.Parse("network", sample())
	require.NoError(b, err)
	buf := p.Append(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = p.Append(buf[:0])
	}
}
