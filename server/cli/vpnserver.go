package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn/vpnhost"
	"github.com/wispwright/wispwright/server"
)

type vpnServerCommand struct {
	URL       string            `arg:"" optional:"" help:"Address of the installation, such as https://wispwright.example.org."`
	Servers   string            `default:"/etc/wispwright/vpn-servers" help:"File that names the servers, one a line: ID KEY, as the page of the server shows them." placeholder:"FILE"`
	Folder    string            `default:"/var/lib/wispwright-vpn" help:"Where what runs is kept." placeholder:"FOLDER"`
	Once      bool              `help:"Fetch, apply, report and end. What runs goes on."`
	Listen    string            `help:"Address and port for the webhook of the installation; it needs --token." placeholder:"ADDRESS"`
	Token     wispwright.Secret `env:"WISPWRIGHT_VPN_TOKEN" help:"Token of the webhook." placeholder:"TOKEN"`
	Interval  time.Duration     `default:"30s" help:"How long a question for something new waits at the installation, and the pause after errors."`
	UserSpace bool              `help:"WireGuard without the kernel's."`
	Bridge    string            `help:"Bridge whose ports virtual networks become." placeholder:"NAME"`
	Forward   bool              `help:"Pass on what comes out of WireGuard tunnels: peers reach each other."`
	Commands  bool              `help:"Run the commands in configurations (PostUp and the like, scripts of OpenVPN): who may change a server is root here then."`
	Unit      bool              `help:"Print a unit for systemd and end."`
}

// unit keeps OpenVPN running when the command ends, as it is its own program.
const unit = `[Unit]
Description=VPN servers of %[1]s
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=%[2]s vpn-server %[1]s
Restart=always
RestartSec=5
KillMode=process
StateDirectory=wispwright-vpn
StateDirectoryMode=0711
AmbientCapabilities=CAP_NET_ADMIN

[Install]
WantedBy=multi-user.target
`

// Run runs the servers until it is interrupted.
func (s vpnServerCommand) Run(ctx context.Context, p *Program) error {
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%w: %q is no address such as https://wispwright.example.org", server.ErrUsage, s.URL)
	}
	if s.Unit {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("where this program is: %w", err)
		}
		_, err = fmt.Fprintf(p.Out, unit, s.URL, self)
		return err
	}
	if s.Listen != "" && s.Token == "" {
		return fmt.Errorf("%w: --listen needs --token", server.ErrUsage)
	}
	servers, err := readServers(s.Servers)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(p.Err, nil))
	wireguard := &vpnhost.WireGuard{UserSpace: s.UserSpace, Bridge: s.Bridge, Forward: s.Forward, Commands: s.Commands, Log: log}
	if s.Once { // packets must go on without this process
		if program, err := exec.LookPath("wireguard-go"); err == nil {
			wireguard.Program = program
		}
	}
	host, err := vpnhost.New(&vpnhost.Client{URL: s.URL}, servers, &vpnhost.Options{
		Folder: s.Folder, Drivers: []vpnhost.Driver{wireguard, &vpnhost.OpenVPN{Scripts: s.Commands}}, Interval: s.Interval, Log: log,
	})
	if err != nil {
		return err
	}
	if s.Once {
		return errors.Join(host.Once(ctx), wireguard.Closing())
	}
	if s.Listen != "" {
		stop, err := listenForWebhook(ctx, log, s.Listen, host.Webhook(s.Token))
		if err != nil {
			return err
		}
		defer stop()
	}
	err = host.Run(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, wireguard.Close())
}

// readServers reads a file of lines ID KEY. Errors do not repeat the lines.
func readServers(path string) (out []vpnhost.Server, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	defer f.Close()
	lines, n := bufio.NewScanner(f), 0
	for lines.Scan() {
		n++
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%s, line %d: want ID KEY", path, n)
		}
		id, err := wispwright.ParseID(fields[0])
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: the id is malformed", path, n)
		}
		out = append(out, vpnhost.Server{ID: id, Key: wispwright.Secret(fields[1])})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s names no server", path)
	}
	return out, nil
}

// listenForWebhook answers the installation until stop is called.
func listenForWebhook(ctx context.Context, log *slog.Logger, address string, handler http.Handler) (stop func(), err error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	web := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the webhook is not answered any more", "error", err)
		}
	}()
	return func() {
		if err := web.Close(); err != nil {
			log.Warn("the webhook's listener", "error", err)
		}
	}, nil
}
