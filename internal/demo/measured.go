//go:build linux

package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/server/simulate"
)

// measure makes the boxes tell of a week that they did not have, and then of each minute:
// they have no radios and no traffic of their own to show.
func (d *demo) measure(ctx context.Context) {
	sender := &simulate.Sender{URL: "http://" + d.address}
	boxes := map[string]*simulate.Measured{}
	for tick := time.NewTicker(2 * time.Second); ; {
		var list struct {
			Results []struct {
				ID, Name string
				Key      wispwright.Secret
			}
		}
		if err := d.api.call("GET", "/api/v1/controller/device/?page_size=100", nil, &list); err == nil {
			now := time.Now()
			for _, box := range list.Results {
				who := agent.Credentials{UUID: box.ID, Key: box.Key}
				known := boxes[box.ID]
				if known == nil {
					sum := fnv.New64a()
					_, _ = sum.Write([]byte(box.Name)) // a hash takes everything
					known = simulate.NewMeasured(sum.Sum64() % 100_000)
					boxes[box.ID] = known
					if err := sender.History(ctx, who, known, now.Add(-7*24*time.Hour), now); err != nil && ctx.Err() == nil {
						fmt.Println("  history of", box.Name+":", err)
					}
					now = time.Now()
				}
				if err := sender.Send(ctx, who, now, known.Document(now)); err != nil && ctx.Err() == nil {
					fmt.Println("  monitoring of", box.Name+":", err)
				}
			}
			if len(boxes) > devices {
				tick.Reset(time.Minute)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
