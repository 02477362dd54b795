package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// scale is what saving a template of very many devices does to the server.
type scale struct {
	devices    int
	saved      time.Duration // until the answer
	fanOut     float64       // configurations made anew per second
	idle, busy *outcome      // polls before it and meanwhile
}

// The polls of scale are paced: as many as twice the devices would send with
// an interval of 100 seconds, one every four milliseconds on each of four
// connections.
const (
	scalePause = 4 * time.Millisecond
	scaleWait  = 10 * time.Minute
)

var registered = regexp.MustCompile(`(?m)^uuid: *([0-9a-f-]+)$`)

// atScale measures it with an organization of its own.
func (o options) atScale(p *process) (*scale, error) {
	_, templateID, err := p.seedTemplate("scale")
	if err != nil {
		return nil, err
	}
	devices, err := p.register(o.scale)
	if err != nil {
		return nil, err
	}
	if err := o.apply(p, devices); err != nil {
		return nil, err
	}
	polls := load{address: p.address, connections: 4, duration: time.Duration(o.seconds) * time.Second, want: 200, pause: scalePause,
		next: func(n int) []byte { return checksum(devices[n*7919%len(devices)]) }}
	out := &scale{devices: len(devices), idle: polls.run("idle")}

	last := devices[0]
	for _, d := range devices { // batches go by the order of the ids
		if strings.Compare(d.hex, last.hex) > 0 {
			last = d
		}
	}
	before, err := p.checksumOf(last)
	if err != nil {
		return nil, err
	}
	var ended atomic.Bool
	polls.ended = ended.Load
	meanwhile := make(chan *outcome)
	go func() { meanwhile <- polls.run("busy") }()
	begun := time.Now()
	err = p.api("PATCH", "/api/v1/controller/template/"+templateID+"/", object{"config": template(begun.String() + "\n")}, nil)
	out.saved = time.Since(begun)
	for err == nil {
		var now string
		if now, err = p.checksumOf(last); now != before {
			break
		}
		if time.Since(begun) > scaleWait {
			err = fmt.Errorf("the last device has its old configuration %s after the template was changed", scaleWait)
		}
		time.Sleep(20 * time.Millisecond)
	}
	out.fanOut = float64(len(devices)) / time.Since(begun).Seconds()
	ended.Store(true)
	out.busy = <-meanwhile
	return out, err
}

// register makes devices as they make themselves known.
func (p *process) register(count int) ([]device, error) {
	begun := time.Now()
	devices := make([]device, count)
	l := load{address: p.address, connections: 16, count: count, want: 201,
		next: func(n int) []byte { return registration(secretScale, "AA:02", n) },
		body: func(n int, body []byte) error {
			found := registered.FindSubmatch(body)
			if found == nil {
				return fmt.Errorf("no uuid in %.200q", body)
			}
			id := string(found[1])
			devices[n] = device{id: id, hex: strings.ReplaceAll(id, "-", ""), key: registeredKey("AA:02", n)}
			return nil
		}}
	if out := l.run("register"); out.first != nil {
		return nil, out.first
	}
	fmt.Fprintf(os.Stderr, "bench: %d devices registered on 16 connections in %.1f s\n", count, time.Since(begun).Seconds())
	return devices, nil
}

func (p *process) checksumOf(d device) (string, error) {
	c, err := dial(p.address)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.conn.Close() }() // it was only read and written
	status, body, err := c.do(checksum(d))
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d: %.200s", status, body)
	}
	return string(body), err
}
