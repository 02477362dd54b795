package openwrt_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// TestRelativesOfTheCorpusSurvive changes the trees of the corpus as people and
// programs do: an option is missing, spelled otherwise, a list, of another router,
// or of a package nobody knows; sections are doubled, without a name, in another
// order, or come from another router. All of them are read and written again like
// the corpus itself.
func TestRelativesOfTheCorpusSurvive(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*.uci")
	require.NoError(t, err)
	var trees [][]*uci.Package
	pool := map[string][]*uci.Section{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		tree, err := uci.ParseAll(text)
		require.NoError(t, err)
		trees = append(trees, tree)
		for _, p := range tree {
			for _, s := range p.Sections {
				pool[p.Name+"."+s.Type] = append(pool[p.Name+"."+s.Type], s)
			}
		}
	}
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	first, last := uint64(0), uint64(rounds)
	if n := os.Getenv("RELATIVE"); n != "" {
		_, err := fmt.Sscan(n, &first, &last)
		require.NoError(t, err)
	}
	for seed := first; seed < last; seed++ {
		m := &mutator{Rand: rand.New(rand.NewPCG(seed, 7)), pool: pool} //nolint:gosec // the same trees each time
		var tree []*uci.Package
		for _, p := range trees[m.IntN(len(trees))] {
			tree = append(tree, m.pkg(p))
		}
		text := treeText(tree)
		if _, err := uci.ParseAll([]byte(text)); err != nil {
			continue // no longer a tree
		}
		for _, dsa := range []bool{true, false} {
			if !t.Run(fmt.Sprintf("%d dsa %v", seed, dsa), func(t *testing.T) { survives(t, text, dsa) }) {
				t.Logf("RELATIVE=%d,%d:\n%s", seed, seed+1, text)
			}
		}
	}
}

func treeText(tree []*uci.Package) string {
	var b strings.Builder
	for _, p := range tree {
		text := p.String()
		if !strings.HasPrefix(text, "package ") {
			text = "package " + p.Name + "\n" + text
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// mutator changes a tree.
type mutator struct {
	*rand.Rand
	pool map[string][]*uci.Section
}

func (m *mutator) pkg(from *uci.Package) *uci.Package {
	p := &uci.Package{Name: from.Name}
	for _, s := range from.Sections {
		p.Sections = append(p.Sections, s.Clone())
	}
	for range 1 + m.IntN(6) {
		if len(p.Sections) == 0 {
			break
		}
		i := m.IntN(len(p.Sections))
		switch s := p.Sections[i]; m.IntN(14) {
		case 0:
			p.Sections = slices.Delete(p.Sections, i, i+1)
		case 1:
			twin := s.Clone()
			twin.Name = fmt.Sprintf("twin%d", len(p.Sections))
			p.Sections = append(p.Sections, twin)
		case 2:
			j := m.IntN(len(p.Sections))
			p.Sections[i], p.Sections[j] = p.Sections[j], p.Sections[i]
		case 3:
			if others := m.pool[p.Name+"."+s.Type]; len(others) > 0 {
				other := others[m.IntN(len(others))].Clone()
				other.Name = fmt.Sprintf("other%d", len(p.Sections))
				p.Sections = append(p.Sections, other)
			}
		default:
			m.section(p.Name, s)
		}
	}
	return p
}

var spellings = []string{"0", "1", "true", "false", "on", "off", "yes", "no", "auto", "none", "a b", "-1", "00", "1.5", "64", "4294967296",
	"10.1.2.3", "10.1.2.3/24", "fd00::1/64", "FD00::1", "ü", "a'b", "lan", "eth0", "eth0.1", "br-lan", "@wan", "br-lan.5", "wlan0"}

// identity are the options that say what a section is; without them, or with
// another value, it may be one that netifd does not act on.
var identity = regexp.MustCompile(`^(netmask|ifname|device|name|vlan|vid|ports|ipaddr|ip6addr|target|addresses|public_key|type|proto)$`)

func (m *mutator) section(pkg string, s *uci.Section) {
	if len(s.Options) == 0 {
		s.Set("strange", spellings[m.IntN(len(spellings))])
		return
	}
	i := m.IntN(len(s.Options))
	o := &s.Options[i]
	switch m.IntN(6) {
	case 0:
		s.Options = slices.Delete(s.Options, i, i+1)
	case 1:
		if !identity.MatchString(o.Key) {
			s.Set(o.Key, spellings[m.IntN(len(spellings))])
		}
	case 2:
		if !identity.MatchString(o.Key) {
			s.SetList(o.Key, append(strings.Fields(o.String()), "x")...)
		}
	case 3:
		s.Set([]string{"strange", "name", "type", "network", "disabled", "enabled", "comment", "ipv6", "options", "id", "family", "mode"}[m.IntN(12)],
			spellings[m.IntN(len(spellings))])
	case 4:
		s.SetList(o.Key, strings.Fields(o.String())...)
	case 5:
		if others := m.pool[pkg+"."+s.Type]; len(others) > 0 {
			if from := others[m.IntN(len(others))]; len(from.Options) > 0 {
				s.Put(from.Options[m.IntN(len(from.Options))])
			}
		}
	}
}
