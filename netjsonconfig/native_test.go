package netjsonconfig_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
)

func sectionOf(typ, name string, pairs ...any) *njc.Section {
	s := &njc.Section{Type: typ, Name: name}
	for i := 0; i < len(pairs); i += 2 {
		s.Set(pairs[i].(string), pairs[i+1])
	}
	return s
}

func show(n *njc.Native) (out []string) {
	for _, p := range n.Packages {
		for _, s := range p.Sections {
			s.Sort()
			text := p.Name + " " + s.Type + " " + s.Name
			for _, o := range s.Options {
				text += fmt.Sprintf(" %s=%v", o.Key, o.Value)
			}
			out = append(out, text)
		}
	}
	return out
}

func TestAddMergesSectionsByName(t *testing.T) {
	n := new(njc.Native)
	n.Add("nothing")
	n.Add("b", sectionOf("t", "x", "k", "1", "l", []any{"a", "b"}), sectionOf("t", "y"), sectionOf("t", "x", "k", "2", "l", []any{"a", "b"}))
	require.Equal(t, []string{"b t x k=1 l=[a b]", "b t y", "b t x_2 k=2 l=[a b]"}, show(n), "no two sections have one name")
	n.Add("a", sectionOf("t", "x"))
	n.Add("b", sectionOf("u", "y"), sectionOf("u", "y_2"), sectionOf("t", "x", "z", "3", "k", "4", "a", "5", "l", []any{"b", "c"}), sectionOf("t", "n"), sectionOf("t", ""), sectionOf("t", ""))
	require.Equal(t, []string{
		"b t x k=4 l=[a b c] a=5 z=3", // merged: not sorted again
		"b t y", "b t x_2 k=2 l=[a b]", "b u y_2", "b u y_2_2", "b t n", "b t ", "b t ", "a t x",
	}, show(n))
	require.Nil(t, n.Package("nothing"))
	require.Len(t, n.Package("a").Sections, 1)
}

// TestSectionIsAMap compares a section with a map and a list of keys, at lengths
// on both sides of where sections are indexed.
func TestSectionIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := new(njc.Section)
		values := map[string]any{}
		var order []string
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			key := strconv.Itoa(rapid.IntRange(0, 120).Draw(t, "key"))
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				v, ok := s.Delete(key)
				want, had := values[key]
				require.Equal(t, had, ok)
				require.Equal(t, want, v)
				if had {
					delete(values, key)
					for i, k := range order {
						if k == key {
							order = append(order[:i:i], order[i+1:]...)
							break
						}
					}
				}
			case 1:
				if _, had := values[key]; !had {
					s.Options = append(s.Options, njc.Option{Key: key, Value: "appended"})
					values[key] = "appended"
					order = append(order, key)
				}
			default:
				value := rapid.IntRange(0, 9).Draw(t, "value")
				if _, had := values[key]; !had {
					order = append(order, key)
				}
				values[key] = value
				s.Set(key, value)
			}
			require.Equal(t, values[key], s.Value(key))
		}
		require.Len(t, s.Options, len(order))
		for i, key := range order {
			require.Equal(t, key, s.Options[i].Key)
			require.Equal(t, values[key], s.Options[i].Value)
		}
		s.Sort()
		for i := 1; i < len(s.Options); i++ {
			require.Less(t, s.Options[i-1].Key, s.Options[i].Key)
		}
		for key, want := range values {
			require.Equal(t, want, s.Value(key))
		}
	})
}

func TestManyPackages(t *testing.T) {
	n := new(njc.Native)
	for i := range 200 {
		n.Add("p"+strconv.Itoa(i), sectionOf("t", "a"))
		n.Packages = append(n.Packages, &njc.Package{Name: "q" + strconv.Itoa(i)})
		n.Add("q"+strconv.Itoa(i), sectionOf("t", "b"))
	}
	require.Len(t, n.Packages, 400)
	for i := range 200 {
		require.Len(t, n.Package("q"+strconv.Itoa(i)).Sections, 1)
	}
}
