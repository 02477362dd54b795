package agent

import (
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/wispwright/wispwright/agent/channel"
)

// openChannel keeps the channel to the controller open, if the options want one,
// until the context or the returned function ends it.
func (a *Agent) openChannel(ctx context.Context) (stop func()) {
	if !a.o.Channel {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	info := a.device.ReadInfo(ctx)
	c := &channel.Client{
		URL: a.o.URL, ID: a.creds.UUID, Key: a.creds.Key.Reveal(), HTTP: a.d.HTTP, UserAgent: a.d.UserAgent,
		Log: a.log.Info, Sleep: a.d.Clock.Sleep,
		Device: channel.Device{
			Path: a.d.Tree.Path, Command: a.command, Wake: a.Wake,
			Describe: func() string {
				return strings.Join(strings.Fields(info.Model+" "+info.OS+" "+info.System), " ")
			},
		},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// command makes a command of a program of the machine that runs in the tree.
func (a *Agent) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = a.d.Tree.dir
	cmd.Env = os.Environ()
	if os.Getenv("PATH") == "" {
		cmd.Env = append(cmd.Env, "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	}
	if !a.d.Tree.Real() {
		cmd.Env = append(cmd.Env, "ROOT="+a.d.Tree.dir) // a sandbox's scripts find their files below it
	}
	return cmd
}
