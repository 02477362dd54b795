package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright/server/simulate"
)

// The load generator speaks HTTP/1.1 over plain connections and makes no
// requests of its own invention: what is measured shares two cores with it, so
// it must cost little, as wrk does.

// request returns the bytes of the n-th request of a run.
type request func(n int) []byte

// load is one measurement.
type load struct {
	address     string
	connections int
	duration    time.Duration
	count       int           // ends after so many requests instead, when positive
	ended       func() bool   // ends when it says so instead, unless nil
	pause       time.Duration // of each connection between its requests
	next        request
	want        int // the status of a good answer
	body        func(n int, body []byte) error
}

// outcome is what a measurement found.
type outcome struct {
	name     string
	requests uint64
	failed   uint64
	seconds  float64
	latency  *simulate.Histogram
	first    error
}

func (o *outcome) rate() float64 { return float64(o.requests) / max(o.seconds, 1e-9) }

// run measures; the first error of a request is kept, further ones are counted.
func (l load) run(name string) *outcome {
	out := &outcome{name: name, latency: &simulate.Histogram{}}
	l.into(out)
	return out
}

// into adds a measurement to what was measured before.
func (l load) into(out *outcome) {
	var counter, done, failed atomic.Int64
	var mu sync.Mutex
	fail := func(err error) {
		failed.Add(1)
		mu.Lock()
		defer mu.Unlock()
		if out.first == nil {
			out.first = err
		}
	}
	begun := time.Now()
	var all sync.WaitGroup
	for range l.connections {
		all.Go(func() {
			c, err := dial(l.address)
			if err != nil {
				fail(err)
				return
			}
			defer func() { _ = c.conn.Close() }() // it was only read and written
			for l.goesOn(begun) {
				n := int(counter.Add(1)) - 1
				if l.count > 0 && n >= l.count {
					return
				}
				sent := time.Now()
				status, body, err := c.do(l.next(n))
				if err != nil {
					fail(err)
					return
				}
				out.latency.Add(time.Since(sent))
				done.Add(1)
				if status != l.want {
					fail(fmt.Errorf("status %d: %.200s", status, body))
				} else if l.body != nil {
					if err := l.body(n, body); err != nil {
						fail(err)
					}
				}
				time.Sleep(l.pause)
			}
		})
	}
	all.Wait()
	out.seconds += time.Since(begun).Seconds()
	out.requests += uint64(done.Load())
	out.failed += uint64(failed.Load())
}

func (l load) goesOn(begun time.Time) bool {
	switch {
	case l.count > 0:
		return true
	case l.ended != nil:
		return !l.ended()
	}
	return time.Since(begun) < l.duration
}

// client is one connection.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(address string) (*client, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// do sends a request and reads the answer; the body is valid until the next.
func (c *client) do(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("receive: malformed line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	length, chunked := 0, false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, fmt.Errorf("receive: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok {
			switch {
			case bytes.EqualFold(name, []byte("Content-Length")):
				if length, err = strconv.Atoi(string(value)); err != nil {
					return 0, nil, fmt.Errorf("receive: %w", err)
				}
			case bytes.EqualFold(name, []byte("Transfer-Encoding")):
				chunked = true
			}
		}
	}
	if chunked {
		return 0, nil, fmt.Errorf("receive: a chunked answer, which this load generator does not read")
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return 0, nil, fmt.Errorf("receive: %w", err)
	}
	return status, c.body, nil
}

// get and post make the bytes of a request.
func get(path, token string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n", path, bearer(token))
}

func post(path, token, contentType string, body []byte) []byte {
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n", path, contentType, len(body), bearer(token)), body...)
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Authorization: Bearer " + token + "\r\n"
}
