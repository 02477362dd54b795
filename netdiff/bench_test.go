package netdiff

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// mesh makes a topology of n nodes with a mean degree of 4; churn is the part
// of its links that differ from those of churn 0.
func mesh(n int, churn float64) (links [][2]int) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	other := rand.New(rand.NewPCG(2, uint64(n)))
	for i := range 2 * n {
		link := [2]int{i % n, r.IntN(n)}
		if other.Float64() < churn {
			link[1] = other.IntN(n)
		}
		links = append(links, link)
	}
	return links
}

func address(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }

func netJSONText(n int, churn float64) []byte {
	var b strings.Builder
	b.WriteString(`{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%s","label":"node %d","properties":{"hostname":"n%d"}}`, address(i), i, i)
	}
	b.WriteString(`],"links":[`)
	for i, l := range mesh(n, churn) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"source":"%s","target":"%s","cost":%d.5}`, address(l[0]), address(l[1]), 1+i%7)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func olsrText(n int, churn float64) []byte {
	var b strings.Builder
	b.WriteString(`{"topology":[`)
	for i, l := range mesh(n, churn) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"lastHopIP":"%s","destinationIP":"%s","linkQuality":1.0,"neighborLinkQuality":0.9,"tcEdgeCost":%d}`,
			address(l[0]), address(l[1]), 1024+i%1024)
	}
	b.WriteString(`],"mid":[]}`)
	return []byte(b.String())
}

// BenchmarkCycle is what happens at every update of a topology: both graphs
// are read and compared.
func BenchmarkCycle(b *testing.B) {
	for _, format := range []struct {
		format *Format
		text   func(int, float64) []byte
	}{{NetJSON(), netJSONText}, {OLSR(), olsrText}} {
		for _, size := range []struct {
			name string
			n    int
		}{{"1k", 1_000}, {"10k", 10_000}, {"100k", 100_000}} {
			before, after := format.text(size.n, 0), format.text(size.n, 0.05)
			b.Run(format.format.Label[:4]+"/"+size.name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					old, err := format.format.Parse(before, nil)
					if err != nil {
						b.Fatal(err)
					}
					fresh, err := format.format.Parse(after, nil)
					if err != nil {
						b.Fatal(err)
					}
					d, err := Diff(old, fresh, nil)
					if err != nil || d.Added == nil || d.Removed == nil {
						b.Fatal(d, err)
					}
				}
			})
		}
	}
}
