package wispwright

import (
	"context"
	"slices"
)

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
	hooks []commitHook
	done  bool
}

// commitHook is what runs after the commit, or before it together with others
// of its key.
type commitHook struct {
	after    func()
	before   func(ctx context.Context, args []any) error
	key, arg any
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
	for _, hook := range h.hooks {
		if hook.after != nil {
			hook.after()
		}
	}
	h.hooks = nil
}

// Before runs what BeforeCommit collected, and what comes on top meanwhile. A
// Transactor calls it inside the transaction when its function has succeeded.
func (h *CommitHooks) Before(ctx context.Context) error {
	for {
		i := slices.IndexFunc(h.hooks, func(hook commitHook) bool { return hook.before != nil })
		if i < 0 {
			return nil
		}
		first := h.hooks[i]
		var args []any
		h.hooks = slices.DeleteFunc(h.hooks, func(hook commitHook) bool {
			same := hook.before != nil && hook.key == first.key
			if same {
				args = append(args, hook.arg)
			}
			return same
		})
		if err := first.before(ctx, args); err != nil {
			return err
		}
	}
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
	h.hooks = append(h.hooks, commitHook{after: fn})
}

// BeforeCommit runs fn inside the context's transaction just before its commit,
// once for all calls with the same key, with what each was given. So what
// follows from a transaction is stored with it, or neither is. An error undoes
// the transaction. Outside a transaction fn runs at once.
func BeforeCommit(ctx context.Context, key, arg any, fn func(ctx context.Context, args []any) error) error {
	h, _ := ctx.Value(hooksKey{}).(*CommitHooks)
	if h == nil || h.done {
		return fn(ctx, []any{arg})
	}
	h.hooks = append(h.hooks, commitHook{before: fn, key: key, arg: arg})
	return nil
}

// Pending reports whether the context belongs to a transaction that has not
// ended. What is read meanwhile may be undone, so nothing of it may be
// remembered beyond the transaction.
func Pending(ctx context.Context) bool {
	h, _ := ctx.Value(hooksKey{}).(*CommitHooks)
	return h != nil && !h.done
}
