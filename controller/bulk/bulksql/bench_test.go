package bulksql_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// once is a queue that keeps whether a job is asked for.
type once struct{ asked int }

func (q *once) Enqueue(context.Context, bulk.Job) error { q.asked++; return nil }

// TestImportSpeed imports devices with a configuration of a template and variables of
// their own, and tells how many that were in a second: checking and applying.
// With WISPWRIGHT_SOAK there are 20,000 of them.
func TestImportSpeed(t *testing.T) {
	rows := 500
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		rows = 20_000
	}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := concern(t, db)
		queue := &once{}
		s, err := bulk.New(&entity.Base{Tx: c.Tx}, c.Stores, c.Controller, queue)
		require.NoError(t, err)
		org := wispwright.NewID()
		template := &controller.Template{OrganizationID: org, Name: "base", Backend: "netjsonconfig.OpenWrt", Config: `{"general":{"timezone":"UTC"},"radios":[{"name":"radio0","protocol":"802.11n","channel":6,"channel_width":20}],"interfaces":[{"name":"lan","type":"ethernet","addresses":[{"proto":"static","family":"ipv4","address":"10.0.0.1","mask":24}]}]}`, DefaultValues: `{"place":"none"}`}
		require.NoError(t, c.Controller.Templates.Create(t.Context(), template))
		var file strings.Builder
		file.WriteString("name,mac_address,organization_id,config_backend,config_context,config_templates\n")
		for n := range rows {
			fmt.Fprintf(&file, "ap%05d,02:00:00:%02X:%02X:%02X,%s,netjsonconfig.OpenWrt,\"{\"\"place\"\":\"\"roof %d\"\"}\",%s\n", n, n>>16, n>>8&255, n&255, org, n, template.ID)
		}
		task := &bulk.Task{}
		begun := time.Now()
		require.NoError(t, s.Import(t.Context(), wispwright.ScopeAll(), task, strings.NewReader(file.String()), "csv", nil))
		read := time.Since(begun)
		var checked time.Duration
		for done := 0; done < queue.asked; done++ {
			require.NoError(t, s.Work(t.Context(), bulk.Job{TaskID: task.ID}))
			if now, err := s.Get(t.Context(), wispwright.ScopeAll(), task.ID); checked == 0 && now.Phase != bulk.Checking {
				require.NoError(t, err)
				checked = time.Since(begun) - read
			}
		}
		all := time.Since(begun)
		counts, err := s.Counts(t.Context(), task.ID)
		require.NoError(t, err)
		require.Equal(t, map[bulk.State]int{bulk.Changed: rows}, counts[task.ID])
		configs, err := c.Controller.Devices.List(t.Context(), wispwright.ScopeAll(), controller.DeviceFilter{TemplateID: template.ID}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, rows, configs.Total)
		t.Logf("%d configured devices: read in %v, checked in %v (%.0f/s), applied in %v (%.0f/s), all %.0f/s", rows, read, checked, float64(rows)/checked.Seconds(),
			all-checked-read, float64(rows)/(all-checked-read).Seconds(), float64(rows)/all.Seconds())
	})
}
