// Package mail brings the e-mails of package tenancy on their way: through a
// mail server (SMTP), or into a folder (Outbox), which works with nothing
// installed. Both return when the e-mail is there: a queue before them
// (tenancy.Options.LetterQueue) keeps requests from waiting and tries again.
package mail
