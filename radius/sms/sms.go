// Package sms sends short messages to telephones: through the HTTP interface of any
// gateway, or into a folder for tests and demonstrations.
//
// Gateway is the whole interface; vendors bring their own.
package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Message is one short message to one telephone.
type Message struct {
	// From is the sender: a name of up to 11 letters, or a number.
	From string `json:"from"`
	// To is the receiver in E.164 form, such as +393661234567.
	To string `json:"to"`
	// Text is what is said.
	Text string `json:"text"`
	// Data is for the gateway alone: an object, or empty.
	Data wispwright.JSON `json:"data,omitempty"`
}

// Gateway sends messages. An error that will not go away if the message is sent
// again is a *RefusedError.
type Gateway interface {
	Send(ctx context.Context, m Message) error
}

// RefusedError is the answer of a gateway that does not take a message, now or later.
type RefusedError struct {
	// Status is that of HTTP.
	Status int
}

// Error tells the status, and nothing of the message.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the gateway refused a message with status %d", e.Status)
}

// Folder is a Gateway that writes each message into a file of a folder.
type Folder struct {
	path  string
	clock func() time.Time
}

// NewFolder returns a Folder; it is made when the first message is written.
func NewFolder(path string) (*Folder, error) {
	if path == "" {
		return nil, errors.New("sms: the folder needs a path")
	}
	return &Folder{path, time.Now}, nil
}

// Send implements Gateway. Files are named by time and receiver, and only their owner
// may read them.
func (f *Folder) Send(_ context.Context, m Message) error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	file, err := os.CreateTemp(f.path, ".message-*")
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		name := f.clock().UTC().Format("20060102T150405.000000000") + "-" + strings.TrimPrefix(safe(m.To), "+") + ".json"
		err = os.Rename(file.Name(), filepath.Join(f.path, name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write a message: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// safe keeps the digits of a number.
func safe(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}
