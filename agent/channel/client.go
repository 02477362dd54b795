package channel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
)

// Protocol is the name of the WebSocket's subprotocol.
const Protocol = "wispwright.channel.1"

// Replaced is the code that a channel is closed with when another one with the
// same key was opened.
const Replaced = websocket.StatusCode(4001)

// Device is what the channel leads to. All functions are required, and are called
// by several goroutines.
type Device struct {
	// Path returns where a file of the device is on the machine.
	Path func(name string) (string, error)
	// Command makes a command of a program that runs as the device's.
	Command func(name string, args ...string) *exec.Cmd
	// Describe says what the device is, in a line.
	Describe func() string
	// Wake lets the agent look for a changed configuration now.
	Wake func()
}

// Client keeps a channel open. URL, ID, Key and Device are required.
type Client struct {
	// URL is the controller's base address, without a trailing slash.
	URL string
	// ID and Key are the device's.
	ID, Key string
	// HTTP opens the WebSocket; default http.DefaultClient.
	HTTP *http.Client
	// UserAgent is sent when it opens.
	UserAgent string
	// Device is what it leads to.
	Device Device
	// Log hears of openings and ends. Default: nobody does.
	Log func(format string, args ...any)
	// Sleep waits; default: real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// Keepalive is the pause between signs of life; default 45 s.
	Keepalive time.Duration

	fetching sync.Mutex
}

const (
	firstPause = time.Second
	mostPause  = 5 * time.Minute
	// replacedPause is long: two devices with one key would chase each other.
	replacedPause = 10 * time.Minute
	// awayPause spreads the devices of a controller that stopped.
	awayPause = 20 * time.Second
	// settled is how long a channel must have lived for its end to be no failure.
	settled = time.Minute
	opening = 30 * time.Second
)

// Run keeps the channel open until the context ends. What fails is tried again
// after a random pause that grows.
func (c *Client) Run(ctx context.Context) {
	log := c.Log
	if log == nil {
		log = func(string, ...any) {}
	}
	sleep := c.Sleep
	if sleep == nil {
		sleep = wait
	}
	pause := firstPause
	for ctx.Err() == nil {
		begun := time.Now()
		err := c.once(ctx, log)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > settled {
			pause = firstPause
		}
		next := pause/2 + rand.N(pause)
		var refused *refusedError
		switch {
		case websocket.CloseStatus(err) == Replaced:
			next = replacedPause + rand.N(replacedPause/2)
		case websocket.CloseStatus(err) == websocket.StatusGoingAway, websocket.CloseStatus(err) == websocket.StatusServiceRestart:
			next = rand.N(awayPause)
		case errors.As(err, &refused) && refused.after > 0:
			next = refused.after + rand.N(refused.after/2+time.Second)
		}
		log("The channel is closed, opening it again in %s: %v", next.Round(time.Second), err)
		pause = min(2*pause, mostPause)
		if sleep(ctx, next) != nil {
			return
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// refusedError is an answer that opens no channel.
type refusedError struct {
	status string
	after  time.Duration
}

func (e *refusedError) Error() string { return e.status }

// once opens the channel and serves it to its end.
func (c *Client) once(ctx context.Context, log func(string, ...any)) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn.SetReadLimit(1 << 20)
	wire := &told{Conn: websocket.NetConn(ctx, conn, websocket.MessageBinary), done: make(chan struct{})}
	session, err := yamux.Server(wire, c.config())
	if err != nil {
		return errors.Join(err, conn.CloseNow())
	}
	defer session.Close()                                                                    //nolint:errcheck // it is gone either way
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(websocket.StatusGoingAway, "") }) // it ends in any case
	defer stop()
	log("The channel to the controller is open")
	var streams sync.WaitGroup
	defer streams.Wait()
	defer cancel()
	c.Device.Wake() // what changed meanwhile nobody could tell
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			session.Close() //nolint:errcheck // it is gone, and so are the streams
			select {
			case <-wire.done:
				return wire.err
			default:
				return err
			}
		}
		streams.Go(func() { c.serve(ctx, stream) })
	}
}

func (c *Client) config() *yamux.Config {
	o := yamux.DefaultConfig()
	o.AcceptBacklog, o.LogOutput = 32, io.Discard
	o.StreamCloseTimeout = time.Minute
	o.KeepAliveInterval, o.ConnectionWriteTimeout = 45*time.Second, 20*time.Second
	if c.Keepalive > 0 {
		o.KeepAliveInterval = c.Keepalive
	}
	return o
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	header := http.Header{"Authorization": {"Bearer " + c.Key}}
	if c.UserAgent != "" {
		header.Set("User-Agent", c.UserAgent)
	}
	conn, answer, err := websocket.Dial(ctx, c.URL+"/controller/channel/"+url.PathEscape(c.ID)+"/", &websocket.DialOptions{
		HTTPClient: c.HTTP, HTTPHeader: header, Subprotocols: []string{Protocol},
	})
	if err == nil {
		return conn, nil
	}
	if answer == nil || answer.StatusCode == http.StatusSwitchingProtocols {
		return nil, errors.New(strings.ReplaceAll(err.Error(), c.Key, "…"))
	}
	refused := &refusedError{status: fmt.Sprintf("the controller answers %s", answer.Status)}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	switch {
	case err == nil && seconds > 0:
		refused.after = min(time.Duration(seconds)*time.Second, 2*mostPause)
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusForbidden:
		refused.after = mostPause // an older controller, or a device it does not know
	}
	return nil, refused
}
