package mail_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright/server/mail"
	"github.com/wispwright/wispwright/tenancy"
)

// With nothing installed e-mails are files.
func Example() {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes what is left
	outbox, err := mail.NewOutbox(dir, "Wispwright <noreply@example.org>")
	if err != nil {
		log.Fatal(err)
	}
	err = outbox.Send(context.Background(), tenancy.Message{To: "ann@example.org", Subject: "Hello", Text: "How are you?"})
	if err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(files), "e-mail")
	// Output:
	// 1 e-mail
}
