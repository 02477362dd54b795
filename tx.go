package wispwright

import "context"

// Transactor runs functions atomically.
//
// The contract: the transaction travels in the context, so every store of the
// same Transactor called with that context takes part, and no other store does.
// A nested call joins the outer one; when a joined call fails the whole
// transaction is rolled back even if its error is swallowed. The function may
// run more than once (serialization failure, busy database), therefore it has
// no effect outside the database: what must wait for the outcome goes through
// AfterCommit. The context must not be used after the function returned.
type Transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// CommitHooks collects what a transaction runs once it is committed. A
// Transactor makes one per transaction; other code only uses AfterCommit.
// It is used by one goroutine at a time.
type CommitHooks struct {
	hooks []func()
	done  bool
}

type hooksKey struct{}

// WithCommitHooks returns a context whose AfterCommit functions are collected.
func WithCommitHooks(ctx context.Context) (context.Context, *CommitHooks) {
	h := &CommitHooks{}
	return context.WithValue(ctx, hooksKey{}, h), h
}

// Reset forgets what was collected, before the function is run again.
func (h *CommitHooks) Reset() { h.hooks = nil }

// Mark says how much was collected so far, for Rewind.
func (h *CommitHooks) Mark() int { return len(h.hooks) }

// Rewind forgets what was collected after a Mark, when a part of the
// transaction was undone.
func (h *CommitHooks) Rewind(mark int) { h.hooks = h.hooks[:min(mark, len(h.hooks))] }

// Run runs what was collected, in order. It is called after the commit, when
// the connection is free again.
func (h *CommitHooks) Run() {
	h.done = true
	for _, f := range h.hooks {
		f()
	}
	h.hooks = nil
}

// Discard drops what was collected after a rollback; AfterCommit functions
// that come later on the same context run at once.
func (h *CommitHooks) Discard() { h.hooks, h.done = nil, true }

// AfterCommit runs fn when the context's transaction is committed, never when
// it is rolled back, and at once outside a transaction.
func AfterCommit(ctx context.Context, fn func()) {
	h, _ := ctx.Value(hooksKey{}).(*CommitHooks)
	if h == nil || h.done {
		fn()
		return
	}
	h.hooks = append(h.hooks, fn)
}

// Pending reports whether the context belongs to a transaction that has not
// ended. What is read meanwhile may be undone, so nothing of it may be
// remembered beyond the transaction.
func Pending(ctx context.Context) bool {
	h, _ := ctx.Value(hooksKey{}).(*CommitHooks)
	return h != nil && !h.done
}
