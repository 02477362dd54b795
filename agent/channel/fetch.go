package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// fetchTries is how often in a row a download may bring nothing.
	fetchTries = 6
	// fetchIdle is how long a download may bring nothing until it is begun anew from
	// where it was.
	fetchIdle = time.Minute
	// partial begins the names of files that are not whole yet.
	partial = ".fetch-"
)

// fetch gets a file from the controller by a request of its own: it goes on where it
// broke off, also in a later call, and the file is there whole, with the sum that was
// told, or not at all.
func (c *Client) fetch(ctx context.Context, stream io.Reader, r *request) error {
	sum, err := hex.DecodeString(r.SHA256)
	switch {
	case err != nil || len(sum) != sha256.Size:
		return errors.New("the sum is none of SHA-256")
	case r.Size <= 0:
		return errors.New("the size must be positive")
	case !strings.HasPrefix(r.From, "/") || strings.HasPrefix(r.From, "//"):
		return errors.New("files come from the controller only") // which is why there is no host
	}
	name, err := c.Device.Path(r.Path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stream) // nothing is expected: it is over
		cancel()
	}()
	c.fetching.Lock() // two would write one file
	defer c.fetching.Unlock()
	part := filepath.Join(filepath.Dir(name), partial+r.SHA256[:16])
	others(part)
	d := &download{c: c, r: r, sum: sha256.New()}
	if d.file, err = os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return pathless(err)
	}
	err = d.whole(ctx)
	if closed := d.file.Close(); err == nil {
		err = closed
	}
	var stays *staysError
	switch {
	case errors.As(err, &stays), ctx.Err() != nil:
		return pathless(err) // what is there is used the next time
	case err == nil && hex.EncodeToString(d.sum.Sum(nil)) != strings.ToLower(r.SHA256):
		err = errors.New("the file that came has another sum")
	}
	if err == nil {
		err = os.Chmod(part, fs.FileMode(r.Mode)&fs.ModePerm)
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return errors.Join(pathless(err), pathless(os.Remove(part)))
	}
	return nil
}

// others removes what is left of other files: memory is short on devices.
func others(part string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(part), partial+"*")) // the pattern is a good one
	for _, name := range left {
		if name != part {
			os.Remove(name) //nolint:errcheck // the next one tries again
		}
	}
}

// staysError is a fault after which what was downloaded is kept.
type staysError struct{ error }

func (e *staysError) Unwrap() error { return e.error }

// download is a file that comes.
type download struct {
	c    *Client
	r    *request
	file *os.File
	sum  hash.Hash
	have int64
}

// whole downloads what is not there yet.
func (d *download) whole(ctx context.Context) error {
	var err error
	if d.have, err = io.Copy(d.sum, d.file); err != nil {
		return err
	}
	if d.have > d.r.Size {
		if err := d.again(); err != nil {
			return err
		}
	}
	sleep := d.c.Sleep
	if sleep == nil {
		sleep = wait
	}
	pause := firstPause
	for tries := 0; d.have < d.r.Size; {
		before := d.have
		err := d.some(ctx)
		var temporary *staysError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.As(err, &temporary):
			return err
		case d.have > before:
			tries, pause = 0, firstPause
		default:
			tries++
		}
		if d.have == d.r.Size {
			break
		}
		if tries == fetchTries {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 30*time.Second)
	}
	return nil
}

// again forgets what is there.
func (d *download) again() error {
	d.sum.Reset()
	d.have = 0
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return d.file.Truncate(0)
}

// some makes one request, from where the file ends.
func (d *download) some(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle := time.AfterFunc(fetchIdle, cancel)
	defer idle.Stop()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, d.c.URL+d.r.From, nil)
	if err != nil {
		return errors.New("the address cannot be used")
	}
	if d.c.UserAgent != "" {
		q.Header.Set("User-Agent", d.c.UserAgent)
	}
	if d.have > 0 {
		q.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
	}
	client := http.Client{}
	if d.c.HTTP != nil {
		client = *d.c.HTTP
	}
	client.Timeout = 0 // as long as something comes
	answer, err := client.Do(q)
	if err != nil {
		return &staysError{errors.New("the controller does not answer")} // its text would tell the address
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	switch {
	case answer.StatusCode == http.StatusOK && d.have > 0:
		if err := d.again(); err != nil { // something on the way knows no ranges
			return err
		}
	case answer.StatusCode == http.StatusOK:
	case answer.StatusCode == http.StatusPartialContent && strings.HasPrefix(answer.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", d.have)):
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode == http.StatusRequestTimeout:
		return &staysError{fmt.Errorf("the controller answers %s", answer.Status)}
	default:
		return fmt.Errorf("the controller answers %s", answer.Status)
	}
	return d.take(answer.Body, idle)
}

// take writes what comes to the end of the file.
func (d *download) take(body io.Reader, idle *time.Timer) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := body.Read(buffer)
		idle.Reset(fetchIdle)
		if int64(n) > d.r.Size-d.have {
			return errors.New("more came than was announced")
		}
		if n > 0 {
			if _, err := d.file.Write(buffer[:n]); err != nil {
				return err
			}
			d.sum.Write(buffer[:n])
			d.have += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF) && d.have < d.r.Size:
			return &staysError{errors.New("the download was cut off")}
		case errors.Is(err, io.EOF), d.have == d.r.Size:
			return nil
		case err != nil:
			return &staysError{errors.New("the download was cut off")}
		}
	}
}
