// Command wispwright-agent runs on a device and keeps its configuration as the
// controller wants it. See the README of package agent.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/wispwright/wispwright/agent"
)

// build is set by the linker: -ldflags "-X main.build=…".
var build = "unknown"

func main() {
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

const usage = `usage: wispwright-agent COMMAND

  config      keep the configuration as the controller wants it (config --help)
  monitoring  collect what the device measures and send it (monitoring --help)
  apply       put a configuration archive in place once (apply --help)
  wake        let the agent at work look for changes now (wake [--root DIR])
  version     print the version
`

// run dispatches commands. Under the names of the original program it is the
// original's only command.
func run(argv []string, stdout, stderr io.Writer) int {
	args := argv[1:]
	switch filepath.Base(argv[0]) {
	case "openwisp-config", "openwisp_config":
		return config(args, stdout, stderr)
	case "openwisp-update-config":
		return apply(args, stdout, stderr)
	case "openwisp-monitoring":
		return originalMonitoring(args, stdout, stderr)
	case "netjson-monitoring":
		return dump(args, stdout, stderr)
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return agent.ExitInvalidOption
	}
	switch args[0] {
	case "config":
		return config(args[1:], stdout, stderr)
	case "monitoring":
		return monitor(args[1:], stdout, stderr)
	case "apply":
		return apply(args[1:], stdout, stderr)
	case "wake":
		return wake(args[1:], stdout, stderr)
	case "version", "--version", "-v":
		fmt.Fprintf(stdout, "wispwright-agent %s\n", build)
		return 0
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "unknown command %q\n\n%s", args[0], usage)
	return agent.ExitInvalidOption
}

// config runs the agent until it is told to stop.
func config(args []string, stdout, stderr io.Writer) int {
	inv, err := agent.ParseArgs(args)
	switch {
	case err != nil:
		fmt.Fprintln(stdout, err)
		return agent.ExitInvalidOption
	case inv.Help:
		fmt.Fprint(stdout, agent.Usage())
		return 0
	case inv.Version:
		// controllers take what follows the last space
		fmt.Fprintf(stdout, "openwisp-config %s\n", agent.Version)
		return 0
	}
	if inv.ForceUpdate {
		return signalAgent(inv.Root, syscall.SIGUSR2, stderr)
	}
	// before anything that takes time: either signal would end the program
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	asked := make(chan os.Signal, 16)
	signal.Notify(asked, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(asked)
	tree, err := agent.NewTree(inv.Root)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return agent.ExitInvalidOption
	}
	tree.FitMemory()
	options, warnings, err := inv.Options(tree, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return agent.ExitInvalidOption
	}
	log := agent.NewLog(agent.RealClock{}, sink(inv.Foreground || !tree.Real(), stderr))
	for _, w := range warnings {
		log.Warning("%v, the default is used", w)
	}
	a, err := agent.New(options, agent.Deps{Tree: tree, Log: log, UserAgent: "wispwright-agent/" + build})
	if err != nil {
		fmt.Fprintln(stderr, err)
		return agent.ExitCode(err)
	}
	go func() {
		for s := range asked {
			if s == syscall.SIGUSR2 {
				a.Force()
			} else {
				a.Wake()
			}
		}
	}()
	return agent.ExitCode(a.Run(ctx))
}

// wake tells the agent at work to start its next cycle.
func wake(args []string, stdout, stderr io.Writer) int {
	inv, err := agent.ParseArgs(args)
	if err != nil || inv.Help || inv.Version {
		fmt.Fprintln(stdout, "usage: wispwright-agent wake [--root DIR]")
		return agent.ExitInvalidOption
	}
	return signalAgent(inv.Root, syscall.SIGUSR1, stderr)
}

func signalAgent(root string, s syscall.Signal, stderr io.Writer) int {
	tree, err := agent.NewTree(root)
	if err == nil {
		err = tree.Signal(s)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return agent.ExitInvalidOption
	}
	return 0
}

// sink is the system's log on a device, standard error elsewhere.
func sink(foreground bool, stderr io.Writer) agent.LogSink {
	if !foreground {
		if s, err := agent.SyslogSink(); err == nil {
			return s
		}
	}
	return agent.WriterSink(stderr)
}

const applyUsage = `usage: wispwright-agent apply --conf=ARCHIVE [--merge=0|1] [--root=DIR] [--dry-run]

Puts a configuration archive in place once, without tests, reports and reloads.
Ends with code 2, and changes nothing, when the archive holds invalid UCI.
`

// apply is the original's updater.
func apply(args []string, stdout, stderr io.Writer) int {
	root, conf, overwrite, dry := "/", "/tmp/openwisp/configuration.tar.gz", false, false
	for _, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case name == "--conf" && given:
			conf = value
		case name == "--merge" && given:
			overwrite = value == "0"
		case name == "--root" && given:
			root = value
		case arg == "--dry-run":
			dry = true
		case arg == "--help" || arg == "-h":
			fmt.Fprint(stdout, applyUsage)
			return 0
		default:
			fmt.Fprintf(stderr, "Invalid option: %s\n\n%s", arg, applyUsage)
			return agent.ExitInvalidOption
		}
	}
	if err := applyArchive(root, conf, overwrite, dry, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, err)
		if cause := errors.Unwrap(err); cause != nil {
			fmt.Fprintln(stderr, cause)
		}
		return agent.UpdaterExit(err)
	}
	return 0
}

func applyArchive(root, conf string, overwrite, dry bool, stdout, stderr io.Writer) error {
	tree, err := agent.NewTree(root)
	if err != nil {
		return err
	}
	tree.FitMemory()
	archive, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	u := &agent.Updater{Tree: tree, Overwrite: overwrite, Warn: func(format string, args ...any) {
		fmt.Fprintf(stderr, format+"\n", args...)
	}}
	if dry {
		lines, err := u.Plan(archive)
		for _, l := range lines {
			fmt.Fprintln(stdout, l)
		}
		return err
	}
	unlock, err := tree.Lock()
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // it ends with the process
	if _, err := u.Recover(); err != nil {
		return err
	}
	applied, err := u.Apply(archive)
	if err != nil {
		return err
	}
	return applied.Commit()
}
