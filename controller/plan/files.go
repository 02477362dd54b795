package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// SharedFolder is the folder of what all organizations share.
const SharedFolder = "shared"

// Owner is an organization, or all, with the name of its folder.
type Owner struct {
	// ID is the organization; zero for SharedFolder.
	ID wispwright.ID
	// Folder is its slug.
	Folder string
}

// Files are the files of a folder, by path: what Export makes, and what
// ReadFiles reads.
type Files map[string][]byte

// templateFile is a template as a file. Keys of documents stay in their order.
type templateFile struct {
	ID            string                    `yaml:"id,omitempty"`
	Name          string                    `yaml:"name"`
	Backend       string                    `yaml:"backend,omitempty"`
	Default       bool                      `yaml:"default,omitempty"`
	Required      bool                      `yaml:"required,omitempty"`
	Tags          []string                  `yaml:"tags,omitempty"`
	Notes         string                    `yaml:"notes,omitempty"`
	DefaultValues yaml.Node                 `yaml:"default_values,omitempty"`
	Declared      *map[string]describedFile `yaml:"declared,omitempty"`
	Config        yaml.Node                 `yaml:"config,omitempty"`
}

// groupFile is a group of devices as a file.
type groupFile struct {
	ID        string                    `yaml:"id"`
	Name      string                    `yaml:"name"`
	Templates []string                  `yaml:"templates,omitempty"`
	Context   yaml.Node                 `yaml:"context,omitempty"`
	Declared  *map[string]describedFile `yaml:"declared,omitempty"`
}

// variablesFile are the variables of an organization as a file.
type variablesFile struct {
	Context  yaml.Node                 `yaml:"context,omitempty"`
	Declared *map[string]describedFile `yaml:"declared,omitempty"`
}

// Export writes templates, groups and variables of organizations as files: a folder
// for each, with templates/NAME.yaml, groups/NAME.yaml and variables.yaml. What is declared of
// variables is in them, values of secret ones are not. The same
// system always gives the same bytes. Templates of VPN servers are left out.
func (s *Plans) Export(ctx context.Context, owners ...Owner) (Files, error) {
	out := Files{}
	for _, o := range owners {
		if err := s.exportOwner(ctx, out, o); err != nil {
			return nil, fmt.Errorf("export %s: %w", o.Folder, err)
		}
	}
	return out, nil
}

func (s *Plans) exportOwner(ctx context.Context, out Files, o Owner) error {
	templates, err := s.templatesOf(ctx, o)
	if err != nil {
		return err
	}
	for _, t := range templates {
		values, err := node(t.DefaultValues)
		if err != nil {
			return fmt.Errorf("template %s: %w", t.Name, err)
		}
		config, err := node(t.Config)
		if err != nil {
			return fmt.Errorf("template %s: %w", t.Name, err)
		}
		declared, err := fileOf(t.Declared)
		if err != nil {
			return fmt.Errorf("template %s: %w", t.Name, err)
		}
		file := templateFile{t.ID.String(), t.Name, t.Backend, t.Default, t.Required, t.Tags, t.Notes, values, declared, config}
		if err := out.add(path.Join(o.Folder, "templates"), t.Name, file); err != nil {
			return err
		}
	}
	if o.ID.IsZero() {
		return nil
	}
	groups, err := s.c.Groups.List(ctx, wispwright.ScopeAll(), controller.GroupFilter{OrganizationID: o.ID}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return err
	}
	for _, g := range groups.Rows {
		vars, err := node(g.Context)
		if err != nil {
			return fmt.Errorf("group %s: %w", g.Name, err)
		}
		declared, err := fileOf(g.Declared)
		if err != nil {
			return fmt.Errorf("group %s: %w", g.Name, err)
		}
		file := groupFile{ID: g.ID.String(), Name: g.Name, Context: vars, Declared: declared}
		for _, id := range g.Templates {
			file.Templates = append(file.Templates, id.String())
		}
		if err := out.add(path.Join(o.Folder, "groups"), g.Name, file); err != nil {
			return err
		}
	}
	settings, err := s.c.Settings.Get(ctx, wispwright.ScopeAll(), o.ID)
	if err != nil {
		return err
	}
	vars, err := node(settings.Context)
	if err != nil {
		return err
	}
	declared, err := fileOf(settings.Declared)
	if err != nil || vars.IsZero() && declared == nil {
		return err
	}
	return out.add(o.Folder, "variables", variablesFile{vars, declared})
}

// templatesOf are the generic templates of an owner, by name.
func (s *Plans) templatesOf(ctx context.Context, o Owner) ([]*controller.Template, error) {
	list, err := s.c.Templates.List(ctx, wispwright.ScopeAll(), controller.TemplateFilter{OrganizationID: o.ID, Type: controller.TemplateGeneric}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	return slices.DeleteFunc(list.Rows, func(t *controller.Template) bool { return t.OrganizationID != o.ID }), err
}

// add writes a file whose name follows from an object's; names that would be the
// same get numbers.
func (f Files) add(folder, name string, content any) error {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	clean := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || r < ' ' {
			return '_'
		}
		return r
	}, strings.TrimLeft(name, ". "))
	for n := 1; ; n++ {
		file := path.Join(folder, clean+".yaml")
		if n > 1 || clean == "" {
			file = path.Join(folder, fmt.Sprintf("%s-%d.yaml", clean, n))
		}
		if f[file] == nil {
			f[file] = b.Bytes()
			return nil
		}
	}
}

// node is a JSON document in YAML, zero for an empty one.
func node(j wispwright.JSON) (yaml.Node, error) {
	if j.IsEmpty() {
		return yaml.Node{}, nil
	}
	v, err := ordered.Decode([]byte(j))
	if err != nil {
		return yaml.Node{}, err
	}
	return *nodeOf(v), nil
}

func nodeOf(v any) *yaml.Node {
	scalar := func(tag, value string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	}
	switch v := v.(type) {
	case nil:
		return scalar("!!null", "null")
	case bool:
		return scalar("!!bool", fmt.Sprint(v))
	case ordered.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return scalar("!!float", string(v))
		}
		return scalar("!!int", string(v))
	case string:
		return wordOf(v)
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, w := range v {
			n.Content = append(n.Content, nodeOf(w))
		}
		return n
	case *ordered.Object:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for i := range v.Len() {
			key, w := v.At(i)
			n.Content = append(n.Content, wordOf(key), nodeOf(w))
		}
		return n
	}
	return scalar("!!str", fmt.Sprint(v)) // not reached: JSON has nothing else
}

// wordOf is a text in YAML. What older readers take for yes or no is quoted.
func wordOf(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch strings.ToLower(text) {
	case "y", "n", "yes", "no", "on", "off":
		n.Style = yaml.DoubleQuotedStyle
	}
	if strings.Contains(text, "\n") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

// jsonOf is a YAML document as JSON, with its keys in their order; "{}" for none.
func jsonOf(n *yaml.Node) (wispwright.JSON, error) {
	if n.IsZero() {
		return "{}", nil
	}
	v, err := valueOf(n, 0)
	if err != nil {
		return "", err
	}
	return wispwright.JSON(ordered.Append(nil, v)), nil
}

func valueOf(n *yaml.Node, depth int) (any, error) {
	if depth > ordered.MaxDepth {
		return nil, fmt.Errorf("line %d: it is nested too deeply", n.Line)
	}
	switch n.Kind {
	case yaml.MappingNode:
		o := ordered.NewObject()
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := valueOf(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			o.Set(n.Content[i].Value, v)
		}
		return o, nil
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := valueOf(c, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		return scalarOf(n)
	}
	return nil, fmt.Errorf("line %d: anchors and aliases are not possible here", n.Line)
}

func scalarOf(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int", "!!float":
		if v, err := ordered.Decode([]byte(n.Value)); err == nil { // as it is written, where JSON writes so too
			if number, ok := v.(ordered.Number); ok {
				return number, nil
			}
		}
		var f any
		if err := n.Decode(&f); err != nil {
			return nil, err
		}
		v, err := ordered.Decode(fmt.Append(nil, f))
		if err != nil {
			return nil, fmt.Errorf("line %d: %s is no number of JSON", n.Line, n.Value)
		}
		return v, nil
	}
	return n.Value, nil
}

// ReadFiles reads the YAML and JSON files of a folder.
func ReadFiles(folder fs.FS) (Files, error) {
	out := Files{}
	total := 0
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
			return nil
		}
		b, err := fs.ReadFile(folder, name)
		if total += len(b); total > mostBytes {
			return errors.New("the files are larger than 64 MiB together")
		}
		out[name] = b
		return err
	})
	return out, err
}

// mostBytes bounds what is read of a folder.
const mostBytes = 64 << 20
