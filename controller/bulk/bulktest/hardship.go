package bulktest

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/bulk"
)

// RunFaultyFile imports a file of so many rows, none of which can be read: each is
// told with what is wrong, nothing is imported, and what it takes of memory does not
// follow from how long cells are.
func RunFaultyFile(t *testing.T, c Concern, rows int) {
	f := newFixture(t, c)
	org := f.org.String()
	long := strings.Repeat("x", 300)
	file := func(n int) io.Reader {
		r, w := io.Pipe()
		go func() {
			fmt.Fprintln(w, "organization_id,name,mac_address,id,config_context,config_templates")
			for i := range n {
				switch i % 4 {
				case 0:
					fmt.Fprintf(w, "%s,ap%d,02:00:00:00:00:01,no id,{},\n", org, i)
				case 1:
					fmt.Fprintf(w, "%s,ap%d,02:00:00:00:00:01,,[%d],\n", org, i, i)
				case 2:
					fmt.Fprintf(w, "%s,,,,,%s\n", org, long)
				default:
					fmt.Fprintf(w, "\x00\xff%s,\x00\xff%s\n", org, long)
				}
			}
			w.Close()
		}()
		return r
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	task := &bulk.Task{Params: bulk.Params{SkipFaulty: true}}
	require.NoError(t, f.Import(t.Context(), f.scope, task, file(rows), "csv", nil))
	for len(f.waiting) > 0 {
		job := f.waiting[0]
		f.waiting = f.waiting[1:]
		require.NoError(t, f.Work(t.Context(), job))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(64<<20), "nothing of the file stays in memory")

	now, err := f.Get(t.Context(), wispwright.ScopeAll(), task.ID)
	require.NoError(t, err)
	require.NotNil(t, now.Finished)
	counts, err := f.Counts(t.Context(), task.ID)
	require.NoError(t, err)
	require.Equal(t, map[bulk.State]int{bulk.Failed: counts[task.ID][bulk.Failed]}, counts[task.ID], "every row is told")
	failed := counts[task.ID][bulk.Failed]
	require.Equal(t, rows, failed)
	for _, offset := range []int{0, failed / 2, failed - 10} {
		page, err := f.Items(t.Context(), task.ID, bulk.Failed, wispwright.Page{Limit: 10, Offset: offset})
		require.NoError(t, err)
		require.Equal(t, failed, page.Total)
		for i, item := range page.Rows {
			require.Equal(t, int64(offset+i+1), item.Position)
			require.NotEmpty(t, item.Message)
			require.LessOrEqual(t, len([]rune(item.Message)), 500)
			require.LessOrEqual(t, len([]rune(item.Name)), 64)
		}
	}
	require.Zero(t, f.devices(f.org), "nothing is imported")
	f.refuses("rows", f.Import(t.Context(), f.scope, &bulk.Task{}, rowsOf(bulk.Mostly+1), "csv", nil))
}

func rowsOf(n int) io.Reader {
	return strings.NewReader("name\n" + strings.Repeat("x\n", n))
}
