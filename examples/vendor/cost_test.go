package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// most is what an entity may cost over all rooms without its admin page.
const most = 250

// TestCost counts the lines of each entity by room, and holds the table of the
// README against them.
func TestCost(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	counted := func(path, naming string) int {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		n := 0
		for line := range bytes.Lines(text) {
			if naming == "" || strings.Contains(strings.ToLower(string(line)), naming) {
				n++
			}
		}
		return n
	}
	rooms := []string{"type, filter, store, rules, service", "migration", "REST", "wiring", "suite, with filters and unique rules"}
	var costs [2][]int
	for i, name := range []string{"ticket", "comment"} {
		costs[i] = []int{
			counted(name+".go", ""), counted(fmt.Sprintf("migrations/0000%d_%s.sql", i+1, name), ""),
			counted(name+"_rest.go", ""), counted("support.go", name), counted("stores_test.go", name),
		}
		sum := 0
		for _, n := range costs[i] {
			sum += n
		}
		require.LessOrEqual(t, sum, most, "lines of a %s", name)
		costs[i] = append(costs[i], sum)
	}
	table := "| room | ticket | comment |\n|---|--:|--:|\n"
	for i, room := range append(rooms, "**sum**") {
		table += fmt.Sprintf("| %s | %d | %d |\n", room, costs[0][i], costs[1][i])
	}
	t.Log("\n" + table)
	require.Contains(t, string(readme), table)
}
