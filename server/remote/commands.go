package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/server"
)

// Commands are those of 'wispwright remote', for kong.
type Commands struct {
	Access

	// Login keeps address and token.
	Login loginCommand `cmd:"" help:"Keep address and token in a file that only its owner may read. The token is read from standard input."`
	// List lists.
	List listCommand `cmd:"" help:"List objects."`
	// Show shows one.
	Show showCommand `cmd:"" help:"Show an object."`
	// Create makes one.
	Create createCommand `cmd:"" help:"Make an object: name=text, name:=JSON; @FILE reads a file, @- standard input."`
	// Change changes one.
	Change changeCommand `cmd:"" help:"Change fields of an object."`
	// Delete deletes.
	Delete deleteCommand `cmd:"" help:"Delete objects."`
}

// AfterApply gives the commands where the installation is.
func (c *Commands) AfterApply(k *kong.Context) error {
	k.Bind(&c.Access)
	return nil
}

type which struct {
	Kind string `arg:"" enum:"organization,template,group,device,user,vpn" help:"organization, template, group (of devices), device, user or vpn."`
}

type loginCommand struct {
	URL string `arg:"" help:"Address of the installation."`
}

// Run tries the token and keeps it.
func (l loginCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	line, err := bufio.NewReader(io.LimitReader(std.In, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("standard input: %w", err)
	}
	token := strings.TrimSpace(line)
	if token == "" {
		return fmt.Errorf("%w: the token is read from standard input, which is empty", errUsage)
	}
	c, err := dial(l.URL, token, s)
	if err != nil {
		return err
	}
	if err := c.Do(ctx, http.MethodGet, kinds()["organization"].path+"?page_size=1", nil, nil); err != nil {
		return err
	}
	path, err := a.keep(s, settings{strings.TrimRight(l.URL, "/"), token})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "%s answers to this token; kept in %s\n", l.URL, path)
	return err
}

type listCommand struct {
	which
	Filter []string `help:"A filter of the API, such as organization_slug=acme; may be repeated." placeholder:"NAME=VALUE" short:"f"`
	Search string   `help:"What the objects have to do with." placeholder:"TEXT"`
	Limit  int      `help:"At most so many; 0: all." default:"0"`
	Output string   `help:"table or json." enum:"table,json" default:"table" short:"o"`
}

// Run lists.
func (l listCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	query := url.Values{"page_size": {"100"}}
	for _, f := range l.Filter {
		name, value, ok := strings.Cut(f, "=")
		if !ok || name == "" || name == "page" {
			return fmt.Errorf("%w: %q is no filter NAME=VALUE", errUsage, f)
		}
		query.Add(name, value)
	}
	if l.Search != "" {
		query.Set("search", l.Search)
	}
	if l.Limit < 0 {
		return fmt.Errorf("%w: --limit is not negative", errUsage)
	}
	c, err := a.open(s)
	if err != nil {
		return err
	}
	k := kinds()[l.Kind]
	objects := []wispwright.JSON{}
	for o, err := range client.Lister[wispwright.JSON](c.Within(k.path)).Each(ctx, query) {
		if err != nil {
			return err
		}
		if objects = append(objects, *o); len(objects) == l.Limit {
			break
		}
	}
	if l.Output == "json" {
		return writeJSON(std.Out, objects)
	}
	return writeTable(std.Out, k.columns, objects)
}

type showCommand struct {
	which
	Called string `arg:"" name:"id" help:"Id or name."`
	Output string `help:"table or json." enum:"table,json" default:"table" short:"o"`
}

// Run shows an object.
func (w showCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	c, err := a.open(s)
	if err != nil {
		return err
	}
	k := kinds()[w.Kind]
	id, err := k.find(ctx, c, w.Called)
	if err != nil {
		return err
	}
	o, err := client.Getter[wispwright.JSON](c.Within(k.path)).Get(ctx, id)
	if err != nil {
		return err
	}
	return write(std.Out, w.Output, *o)
}

type fieldsOf struct {
	File   string   `help:"JSON file with fields; - is standard input." placeholder:"FILE"`
	Output string   `help:"table or json." enum:"table,json" default:"table" short:"o"`
	Fields []string `arg:"" optional:"" help:"name=text or name:=JSON; config.templates reaches into objects." placeholder:"NAME=VALUE"`
}

type createCommand struct {
	which
	fieldsOf
}

// Run makes an object.
func (w createCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	k := kinds()[w.Kind]
	fields, err := collect(w.File, w.Fields, std.In)
	if err != nil {
		return err
	}
	body, err := checked(fields, k.in())
	if err != nil {
		return err
	}
	c, err := a.open(s)
	if err != nil {
		return err
	}
	o, err := client.Creator[wispwright.JSON, wispwright.JSON](c.Within(k.path)).Create(ctx, body)
	if err != nil {
		return err
	}
	return write(std.Out, w.Output, *o)
}

type changeCommand struct {
	which
	Called string `arg:"" name:"id" help:"Id or name."`
	fieldsOf
}

// Run changes an object.
func (w changeCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	k := kinds()[w.Kind]
	fields, err := collect(w.File, w.Fields, std.In)
	if err != nil {
		return err
	}
	body, err := checked(fields, k.change())
	if err != nil {
		return err
	}
	c, err := a.open(s)
	if err != nil {
		return err
	}
	id, err := k.find(ctx, c, w.Called)
	if err != nil {
		return err
	}
	o, err := client.Changer[wispwright.JSON, wispwright.JSON](c.Within(k.path)).Change(ctx, id, body)
	if err != nil {
		return err
	}
	return write(std.Out, w.Output, *o)
}

type deleteCommand struct {
	which
	Called []string `arg:"" name:"id" help:"Ids or names."`
	Force  bool     `help:"Devices: also those that are not deactivated."`
}

// Run deletes objects; the first that fails ends it.
func (w deleteCommand) Run(ctx context.Context, a *Access, s *Session, std *server.Session) error {
	c, err := a.open(s)
	if err != nil {
		return err
	}
	k := kinds()[w.Kind]
	query := ""
	if w.Force {
		if w.Kind != "device" {
			return fmt.Errorf("%w: --force is for devices", errUsage)
		}
		query = "?force=true"
	}
	for _, called := range w.Called {
		id, err := k.find(ctx, c, called)
		if err != nil {
			return err
		}
		if err := c.Do(ctx, http.MethodDelete, c.Within(k.path+"{id}/", id).Path+query, nil, nil); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(std.Out, "deleted %s %s\n", w.Kind, id); err != nil {
			return err
		}
	}
	return nil
}
