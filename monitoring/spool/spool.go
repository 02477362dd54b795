package spool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/wispwright/wispwright"
)

// ErrFull says that there is no room for a document.
var ErrFull = errors.New("the spool of documents is full")

// Options change what Open makes; nil means the defaults.
type Options struct {
	// Limit is how many bytes the files may have. Default: 256 MiB.
	Limit int64
	// Segment is the size from which a file is followed by another. Default: 8 MiB.
	Segment int64
	// Sync makes a file durable. Default: fsync.
	Sync func(*os.File) error
	// Log hears of what is damaged. Default: slog.Default.
	Log *slog.Logger
}

// Spool is a queue of documents in the files of a folder. It may be used by many
// goroutines; the folder belongs to one process.
type Spool struct {
	dir string
	o   Options
	enc *zstd.Encoder
	dec *zstd.Decoder

	draining sync.Mutex // who hands documents on

	writing sync.Mutex // who writes to the disk
	file    *os.File   // of the last segment, nil if the next document begins another
	broken  bool       // what was written last could not be taken back

	mu       sync.Mutex // taken for moments only
	segments []*segment // the oldest first
	size     int64      // of all
	waiting  map[wispwright.ID]*device
	count    int
	group    *group // that waits for the disk
}

// segment is a file.
type segment struct {
	number, size int64
}

// device is what waits of one device.
type device struct {
	count  int
	newest time.Time
}

// group are documents that become durable together.
type group struct {
	data    []byte
	records []*Record
	done    chan struct{}
	err     error
}

// Open returns the spool of a folder, which is made if it is missing, with what waits in it.
func Open(dir string, options *Options) (*Spool, error) {
	s := &Spool{dir: dir, waiting: map[wispwright.ID]*device{}}
	if options != nil {
		s.o = *options
	}
	if s.o.Limit <= 0 {
		s.o.Limit = 256 << 20
	}
	if s.o.Segment <= 0 {
		s.o.Segment = 8 << 20
	}
	if s.o.Sync == nil {
		s.o.Sync = (*os.File).Sync
	}
	if s.o.Log == nil {
		s.o.Log = slog.Default()
	}
	var err error
	if s.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	if s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRecord)); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	return s, nil
}

func (s *Spool) path(number int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%012d.spool", number))
}

// load finds what an earlier process left.
func (s *Spool) load() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var number int64
		if n, err := fmt.Sscanf(e.Name(), "%012d.spool", &number); n != 1 || err != nil {
			continue
		}
		s.segments = append(s.segments, &segment{number: number})
	}
	slices.SortFunc(s.segments, func(a, b *segment) int { return int(a.number - b.number) })
	for _, seg := range s.segments {
		end, err := s.each(seg, func(r *Record) error {
			s.note(r)
			return nil
		})
		if errors.Is(err, errTorn) { // it was being written: nobody was answered
			s.o.Log.Warn("the end of a spooled file is damaged and left out", "file", s.path(seg.number), "offset", end)
			err = os.Truncate(s.path(seg.number), end)
		}
		if err != nil {
			return err
		}
		seg.size = end
		s.size += end
	}
	return nil
}

func (s *Spool) note(r *Record) {
	d := s.waiting[r.Device]
	if d == nil {
		d = &device{}
		s.waiting[r.Device] = d
	}
	d.count++
	if r.Time.After(d.newest) {
		d.newest = r.Time
	}
	s.count++
}

// each reads the records of a segment and returns where the last whole one ends.
func (s *Spool) each(seg *segment, do func(*Record) error) (end int64, err error) {
	f, err := os.Open(s.path(seg.number))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	from := bufio.NewReaderSize(f, 1<<16)
	for {
		r, n, err := readRecord(from, func(b []byte) ([]byte, error) { return s.dec.DecodeAll(b, nil) })
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err == nil {
			err = do(r)
		}
		if err != nil {
			return end, err
		}
		end += n
	}
}

// Put keeps a document; it is durable on return. Documents that come at once share one
// sync. Errors: ErrFull, and those of the disk, after which nothing was kept.
func (s *Spool) Put(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data := appendRecord(nil, &r, func(b, body []byte) []byte { return s.enc.EncodeAll(body, b) })
	s.mu.Lock()
	limit := s.o.Limit
	if !r.Current { // the device keeps those of the past itself
		limit /= 2
	}
	queued := 0
	if s.group != nil {
		queued = len(s.group.data)
	}
	if s.size+int64(queued+len(data)) > limit {
		s.mu.Unlock()
		return ErrFull
	}
	g := s.group
	lead := g == nil
	if lead {
		g = &group{done: make(chan struct{})}
		s.group = g
	}
	g.data = append(g.data, data...)
	g.records = append(g.records, &r)
	s.mu.Unlock()
	if !lead {
		<-g.done
		return g.err
	}
	s.writing.Lock()
	s.mu.Lock()
	s.group = nil // later ones are the next
	s.mu.Unlock()
	g.err = s.write(g)
	s.writing.Unlock()
	close(g.done)
	return g.err
}

// write appends a group to the last segment.
func (s *Spool) write(g *group) error {
	if s.broken {
		if err := s.mend(); err != nil {
			return fmt.Errorf("spool a document: %w", err)
		}
	}
	seg := s.last()
	if s.file == nil || seg.size >= s.o.Segment {
		if err := s.next(); err != nil {
			return fmt.Errorf("spool a document: %w", err)
		}
		seg = s.last()
	}
	_, err := s.file.WriteAt(g.data, seg.size)
	if err == nil {
		err = s.o.Sync(s.file)
	}
	if err != nil {
		s.broken = true
		return errors.Join(fmt.Errorf("spool a document: %w", err), s.mend())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.size += int64(len(g.data))
	s.size += int64(len(g.data))
	for _, r := range g.records {
		s.note(r)
	}
	return nil
}

// last returns the segment that is written, nil for none.
func (s *Spool) last() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}

// mend takes back what nobody was answered for.
func (s *Spool) mend() error {
	if s.file != nil {
		if err := s.file.Truncate(s.last().size); err != nil {
			return err
		}
	}
	s.broken = false
	return nil
}

// next begins a segment.
func (s *Spool) next() error {
	number := int64(1)
	if seg := s.last(); seg != nil {
		number = seg.number + 1
	}
	f, err := os.OpenFile(s.path(number), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) { // of an attempt that failed
		f, err = os.OpenFile(s.path(number), os.O_RDWR|os.O_TRUNC, 0o600)
	}
	if err != nil {
		return err
	}
	if err := s.syncDir(); err != nil { // its name must be durable too
		return errors.Join(err, f.Close())
	}
	if s.file != nil {
		_ = s.file.Close() // everything in it is synced
	}
	s.file = f
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments = append(s.segments, &segment{number: number})
	return nil
}

func (s *Spool) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Waiting returns how many documents wait, and how many bytes they take.
func (s *Spool) Waiting() (documents int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.size
}

// Newest returns when the latest document of a device was made that waits; ok is false if
// none does.
func (s *Spool) Newest(id wispwright.ID) (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.waiting[id]; d != nil {
		return d.newest, true
	}
	return time.Time{}, false
}

// Drain hands documents on in the order in which they came, until none is left or do
// fails. Those of a file that was not emptied are handed on again.
func (s *Spool) Drain(ctx context.Context, do func(context.Context, *Record) error) error {
	for {
		empty, err := s.drainOne(ctx, do)
		if empty || err != nil {
			return err
		}
	}
}

// drainOne empties the oldest segment. Documents that arrive meanwhile are in a later one.
func (s *Spool) drainOne(ctx context.Context, do func(context.Context, *Record) error) (empty bool, err error) {
	s.draining.Lock()
	defer s.draining.Unlock()
	seg, err := s.oldest()
	if seg == nil || err != nil {
		return seg == nil, err
	}
	gone := map[wispwright.ID]int{}
	count := 0
	_, err = s.each(seg, func(r *Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(ctx, r); err != nil {
			return err
		}
		gone[r.Device]++
		count++
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("hand spooled documents on: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Remove(s.path(seg.number)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, fmt.Errorf("remove a spooled file: %w", err)
	}
	s.segments = s.segments[1:]
	s.size -= seg.size
	s.count -= count
	for id, n := range gone {
		if d := s.waiting[id]; d != nil {
			if d.count -= n; d.count <= 0 {
				delete(s.waiting, id)
			}
		}
	}
	return false, nil
}

// oldest returns the first segment, which is written no more, nil if there is none.
func (s *Spool) oldest() (*segment, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	last := s.last()
	if last == nil {
		return nil, nil
	}
	s.mu.Lock()
	seg := s.segments[0]
	s.mu.Unlock()
	if seg != last || s.file == nil {
		return seg, nil
	}
	if s.broken {
		if err := s.mend(); err != nil {
			return seg, fmt.Errorf("hand spooled documents on: %w", err)
		}
	}
	err := s.file.Close()
	s.file = nil
	return seg, err
}

// Close ends the spool; what waits is there for the next Open.
func (s *Spool) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}
