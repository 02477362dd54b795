package moving

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/enrol"
)

// Batches takes over the users that were made at once, with the passwords that were
// handed out and the files they came from. It comes after the accounts.
func Batches(e *enrol.Enrolment) Part {
	return Part{Name: "batches", Take: func(ctx context.Context, run *Run) error {
		if !run.Has("radbatch_users") || !run.Has("radbatch") {
			return nil
		}
		users, err := run.Read(ctx, "radbatch_users", "SELECT x.id, x.radiusbatch_id, x.user_id, u.date_joined FROM radbatch_users x JOIN openwisp_users_user u ON u.id = x.user_id ORDER BY x.id")
		if err != nil {
			return err
		}
		members := map[wispwright.ID][]*enrol.Member{}
		joined := map[wispwright.ID]time.Time{}
		for _, u := range users {
			batch, user := u.ID("radiusbatch_id"), u.ID("user_id")
			if run.LeftOut(user) {
				continue
			}
			members[batch] = append(members[batch], &enrol.Member{ID: numbered("radbatch_users", u.Number("id")), UserID: user, Place: int64(len(members[batch]))})
			joined[user] = u.Instant("date_joined")
		}
		return run.Table(ctx, "radbatch", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			b := &enrol.Batch{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Strategy: enrol.Strategy(r.Text("strategy")), Status: enrol.Completed, Name: r.Text("name"),
				Prefix: r.Text("prefix"), ExpirationDate: r.Instant("expiration_date"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			paper := &enrol.Paper{Credentials: r.Secret("user_credentials")}
			if err := r.Err(); err != nil {
				return "", err
			}
			if name := r.Text("csvfile"); name != "" {
				b.FileName = path.Base(name)
				file, err := run.read(name)
				if err != nil {
					return "", err
				}
				paper.File = file
			}
			b.Number = int64(len(members[b.ID]))
			for _, m := range members[b.ID] {
				// an account that was there before the batch does not go with it
				m.IsNew = !joined[m.UserID].Before(b.Created)
			}
			return e.Batches.Restore(ctx, b, paper, members[b.ID])
		})
	}}
}

// read is the content of an uploaded file that is small.
func (r *Run) read(name string) (content wispwright.Secret, err error) {
	const most = 64 << 20
	file, err := r.Media(name)
	if errors.Is(err, fs.ErrNotExist) {
		r.Notice("the file %s is not among the media: its batch is taken without it", name)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	b, err := io.ReadAll(io.LimitReader(file, most))
	return wispwright.Secret(b), err
}
