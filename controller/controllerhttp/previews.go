package controllerhttp

import (
	"context"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

const (
	// previewsAtOnce bounds the memory of a node: the largest preview takes some 70 MB.
	previewsAtOnce = 3
	// previewsOfOne is how many previews of one user may run or wait.
	previewsOfOne = 4
	// previewWait is how long a preview waits for others.
	previewWait = 10 * time.Second
)

// previews lets in a few previews at once. The others wait their turn, and a user
// a caller that asks for many is refused.
type previews struct {
	slots chan struct{}
	wait  time.Duration

	mu sync.Mutex
	of map[wispwright.ID]int
}

func newPreviews() *previews {
	return &previews{slots: make(chan struct{}, previewsAtOnce), wait: previewWait, of: map[wispwright.ID]int{}}
}

// enter waits for a turn; what it returns ends it.
func (p *previews) enter(ctx context.Context, user wispwright.ID) (leave func(), err error) {
	if !p.admit(user) {
		return nil, rest.Throttled(time.Second)
	}
	late := time.NewTimer(p.wait)
	defer late.Stop()
	select {
	case p.slots <- struct{}{}:
		return func() {
			<-p.slots
			p.forget(user)
		}, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = rest.Throttled(time.Second)
	}
	p.forget(user)
	return nil, err
}

func (p *previews) admit(user wispwright.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[user] >= previewsOfOne {
		return false
	}
	p.of[user]++
	return true
}

func (p *previews) forget(user wispwright.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[user]--; p.of[user] == 0 {
		delete(p.of, user)
	}
}
