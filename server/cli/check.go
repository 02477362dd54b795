package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

type checkCommand struct{}

// check is one thing that is looked at. It returns what there is to say of it, and an
// error where somebody must act.
type check struct {
	name string
	look func(ctx context.Context) (string, error)
}

// errChecked: something is not as it should be, and was told.
const errChecked exitStatus = 1

// Run looks at what the server needs and changes nothing.
func (checkCommand) Run(ctx context.Context, p *Program, c *commands) error {
	config, err := p.config(c)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	wrong := 0
	for _, one := range []check{
		{"configuration", func(context.Context) (string, error) { return "every key is known", nil }},
		{"data folder", func(context.Context) (string, error) { return checkFolder(config.Data) }},
		{"database", func(ctx context.Context) (string, error) { return p.checkDatabase(ctx, config) }},
		{"storage", func(ctx context.Context) (string, error) { return checkStorage(ctx, config) }},
		{"mail", func(ctx context.Context) (string, error) { return checkMail(ctx, config) }},
		{"ICMP", func(context.Context) (string, error) { return checkICMP() }},
		{"port", func(ctx context.Context) (string, error) { return checkPort(ctx, config.HTTP.Listen) }},
	} {
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		said, err := one.look(limited)
		cancel()
		mark := "ok     "
		if err != nil {
			mark, said = "PROBLEM", err.Error()
			wrong++
		}
		if _, err := fmt.Fprintf(p.Out, "%s  %-13s  %s\n", mark, one.name, said); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return errChecked
	}
	return nil
}

func checkFolder(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return path + " will be made", nil
	}
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others on this machine may enter %s: chmod 700", path)
	}
	f, err := os.CreateTemp(path, ".check-*")
	if err != nil {
		return "", fmt.Errorf("nothing can be written there: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return "", err
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(path, &disk); err != nil {
		return "", err
	}
	free := disk.Bavail * uint64(disk.Bsize) >> 20
	if free < 500 {
		return "", fmt.Errorf("only %d MiB are free in %s", free, path)
	}
	return fmt.Sprintf("%s, %d MiB free", path, free), nil
}

// checkDatabase opens a database that exists, and compares clocks.
func (p *Program) checkDatabase(ctx context.Context, config *server.Config) (said string, err error) {
	postgres := len(config.DSN()) > 8 && config.DSN()[:8] == "postgres"
	if _, err := os.Stat(config.DSN()); !postgres && errors.Is(err, os.ErrNotExist) {
		return config.DSN() + " will be made", nil
	}
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Ping(ctx); err != nil {
		return "", err
	}
	if postgres {
		now, err := sqlstore.Get[time.Time](ctx, db, "SELECT now()")
		if err != nil {
			return "", err
		}
		if apart := time.Since(now).Abs(); apart > 5*time.Second {
			return "", fmt.Errorf("the clocks of this machine and of the database are %s apart", apart.Round(time.Second))
		}
	}
	behind := 0
	for _, c := range p.Concerns {
		for _, m := range c.Migrations() {
			pending, err := db.Pending(ctx, m)
			if err != nil {
				return "", err
			}
			if pending {
				behind++
			}
		}
	}
	if behind > 0 {
		return fmt.Sprintf("%s answers; tables of %d parts will be brought up to date at the next start", db.Dialect(), behind), nil
	}
	return fmt.Sprintf("%s answers, its tables are up to date", db.Dialect()), nil
}

func checkMail(ctx context.Context, config *server.Config) (string, error) {
	if config.Mail.Host == "" {
		return "no mail server is configured: letters are kept as files in " + config.Data + "/outbox", nil
	}
	port := config.Mail.Port
	if port == 0 {
		port = 587
	}
	address := net.JoinHostPort(config.Mail.Host, strconv.Itoa(port))
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("the mail server cannot be reached: %w", err)
	}
	return address + " can be reached", conn.Close()
}

// checkICMP tries what pings need: an unprivileged socket, or the right to open raw ones.
func checkICMP() (string, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, syscall.IPPROTO_ICMP)
	if err != nil {
		if fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP); err != nil {
			return "", errors.New("this program may not send pings: set net.ipv4.ping_group_range, or give it CAP_NET_RAW")
		}
	}
	return "pings can be sent", syscall.Close(fd)
}

// checkPort listens where the server will, or asks the one that does.
func checkPort(ctx context.Context, listen string) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err == nil {
		return listen + " is free", l.Close()
	}
	host, port, serr := net.SplitHostPort(listen)
	if serr != nil {
		return "", serr
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	r, rerr := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if rerr != nil {
		return "", rerr
	}
	answer, aerr := http.DefaultClient.Do(r)
	if aerr != nil {
		return "", err
	}
	_ = answer.Body.Close() // only its status counts
	if answer.StatusCode != http.StatusOK {
		return "", err
	}
	return listen + ": a server answers there already", nil
}
