package moving

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/entity"
)

// Connection takes over credentials, with passwords and keys, the connections of
// devices and the commands that were run.
func Connection(c *connection.Connection) Part {
	return Part{Name: "connection", Take: func(ctx context.Context, run *Run) error {
		if err := run.Table(ctx, "connection_credentials", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &connection.Credentials{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Name: r.Text("name"), Connector: r.Text("connector"),
				Params: r.Secret("params"), AutoAdd: r.Flag("auto_add"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			if err := c.Credentials.Kind().Validate(ctx, entity.Change[connection.Credentials]{After: o}); err != nil {
				return "", err
			}
			_, action, err := c.Credentials.Adopt(ctx, o, nil)
			return action, err
		}); err != nil {
			return err
		}
		var taken []wispwright.ID
		if err := run.Table(ctx, "connection_deviceconnection", "id", []string{"device_id", "credentials_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &connection.DeviceConnection{
				ID: r.Required("id"), DeviceID: r.ID("device_id"), CredentialsID: r.ID("credentials_id"), UpdateStrategy: r.Text("update_strategy"),
				Enabled: r.Flag("enabled"), IsWorking: r.Maybe("is_working"), FailureReason: r.Text("failure_reason"), LastAttempt: r.Moment("last_attempt"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if params := r.JSON("params"); !params.IsEmpty() {
				o.Params = wispwright.Secret(params)
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			taken = append(taken, o.ID)
			return c.Connections.Restore(ctx, o)
		}); err != nil {
			return err
		}
		connections, names, err := c.Connections.Named(ctx, taken...)
		if err != nil {
			return err
		}
		for _, o := range connections {
			run.noteTold(o.ID, map[string]string{"credentials": names[o.ID], "failure_reason": o.FailureReason})
		}
		return run.Table(ctx, "connection_command", "id", []string{"device_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &connection.Command{
				ID: r.Required("id"), DeviceID: r.ID("device_id"), ConnectionID: r.ID("connection_id"), Status: connection.CommandStatus(r.Text("status")),
				Type: r.Text("type"), Input: r.JSON("input"), Output: r.Text("output"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if run.LeftOut(o.ConnectionID) {
				o.ConnectionID = wispwright.ID{}
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return c.Commands.Restore(ctx, o)
		})
	}}
}
