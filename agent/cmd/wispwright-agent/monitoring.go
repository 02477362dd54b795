package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/agent/monitoring"
)

// originalMonitoring is the original's command, which must be told its half.
func originalMonitoring(args []string, stdout, stderr io.Writer) int {
	inv, err := monitoring.ParseArgs(args)
	if err == nil && !inv.Help && !inv.Version && !inv.Dump && inv.Mode == monitoring.ModeBoth {
		err = errors.New("missing required --mode option")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return monitoring.ExitUsage
	}
	return monitor(args, stdout, stderr)
}

// dump is the original's collector: one document on standard output.
func dump(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || !slices.Contains([]string{"--dump", "--root"}, strings.SplitN(args[0], "=", 2)[0]) {
		fmt.Fprint(stdout, "usage: netjson-monitoring --dump \"INTERFACES\"\n\nPrints one NetJSON DeviceMonitoring object; * for the traffic of all interfaces.\n")
		return 0
	}
	return monitor(args, stdout, stderr)
}

// monitor collects and sends until it is told to stop.
func monitor(args []string, stdout, stderr io.Writer) int {
	inv, err := monitoring.ParseArgs(args)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, err)
		return monitoring.ExitUsage
	case inv.Help:
		fmt.Fprint(stdout, monitoring.Usage())
		return monitoring.ExitOK
	case inv.Version:
		fmt.Fprintf(stdout, "openwisp-monitoring %s\n", monitoring.Version)
		return monitoring.ExitOK
	}
	// before anything that takes time: the signal would end the program
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	defer signal.Stop(asked)
	tree, err := agent.NewTree(inv.Root)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return monitoring.ExitUsage
	}
	tree.FitMemory()
	if inv.Dump {
		text, err := monitoring.Once(ctx, monitoring.NewCollector(monitoring.OnThisMachine(tree)), monitoring.ParseMonitored(inv.DumpInterfaces))
		if err != nil {
			fmt.Fprintln(stderr, err)
			return monitoring.ExitUsage
		}
		_, err = stdout.Write(text)
		if err != nil {
			return monitoring.ExitUsage
		}
		return monitoring.ExitOK
	}
	options, warnings, err := inv.Options(tree, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return monitoring.ExitUsage
	}
	log := agent.NewLog(agent.RealClock{}, sink(inv.Foreground || !tree.Real(), stderr))
	log.Tag = "openwisp-monitoring"
	for _, w := range warnings {
		log.Warning("%v, the default is used", w)
	}
	a, err := monitoring.New(options, monitoring.Deps{Tree: tree, Log: log, UserAgent: "wispwright-agent/" + build})
	if errors.Is(err, monitoring.ErrNoURL) && tree.Real() {
		log.Err("url is not set, please add it to /etc/config/openwisp")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return monitoring.ExitCode(err)
	}
	go func() {
		for range asked {
			a.Wake()
		}
	}()
	err = a.Run(ctx)
	code := monitoring.ExitCode(err)
	if code == monitoring.ExitUsage {
		log.Err("%v", err)
	}
	return code
}
