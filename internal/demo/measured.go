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

// history is the time before the demo that the boxes tell of.
const history = 7 * 24 * time.Hour

// measured are the boxes that measure.
type measured map[string]*simulate.Measured

// week makes the boxes tell of a week that they did not have: they have no radios
// and no traffic of their own to show.
func (d *demo) week(ctx context.Context, boxes []box) (measured, error) {
	if err := d.declare(); err != nil {
		return nil, err
	}
	sender, all := &simulate.Sender{URL: "http://" + d.address}, measured{}
	for _, b := range boxes {
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(b.Name)) // a hash takes everything
		one := simulate.NewMeasured(sum.Sum64() % 100_000)
		now := time.Now()
		if err := sender.History(ctx, b.credentials(), one, now.Add(-history), now); err != nil {
			return nil, fmt.Errorf("what %s measured: %w", b.Name, err)
		}
		all[b.ID] = one
	}
	return all, nil
}

// declare lets the organization measure what no product knows of.
func (d *demo) declare() error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	err = d.api.call("POST", "/api/v1/monitoring/custom-metric/", object{
		"organization": organization, "name": "Temperature", "key": "temperature", "path": "/resources/temperature", "unit": "°C", "operator": ">", "threshold": 85, "tolerance": 15,
		"description": "Of the processor, as the boxes tell it in their documents.",
	}, nil)
	if err != nil {
		return fmt.Errorf("declare a metric: %w", err)
	}
	return nil
}

func (b box) credentials() agent.Credentials {
	return agent.Credentials{UUID: b.ID, Key: wispwright.Secret(b.Key)}
}

// measure tells of each minute from now on.
func (d *demo) measure(ctx context.Context, boxes []box, all measured) {
	sender := &simulate.Sender{URL: "http://" + d.address}
	for tick := time.NewTicker(time.Minute); ; {
		for _, b := range boxes {
			now := time.Now()
			if err := sender.Send(ctx, b.credentials(), now, all[b.ID].Document(now)); err != nil && ctx.Err() == nil {
				fmt.Println("  what", b.Name, "measures:", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
